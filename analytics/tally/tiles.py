"""Squares of the map with their numbers, as rows and as vector tiles."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from analytics.tally.asking import Question, conditions_on_counted, counted_squares, stored_zoom
from analytics.tally.keeping import SQUARE_ZOOMS
from analytics.tally.spots import SPOT_ZOOM, Square

# A tile shows 4 x 4 squares of 64 pixels: a finger's breadth, and room for a number.
SPLIT = 2


@dataclass(frozen=True)
class SquareTile:
    """A vector tile with the layer `cells`, and how many complaints it counts."""

    n: int
    mvt: bytes


def total_in(city_id: int, tile: Square, *, at_most: int) -> int:
    """How many complaints of a city stand in a tile, whatever the filter; counted up to `at_most` where it is small."""
    with connection.cursor() as cursor:
        if tile.zoom <= SQUARE_ZOOMS[-1]:
            zoom = stored_zoom(tile.zoom)
            low, high = tile.range_at(zoom)
            cursor.execute(_TOTAL, {"city": city_id, "zoom": zoom, "low": low, "high": high})
        else:
            low, high = tile.range_at(SPOT_ZOOM)
            cursor.execute(_TOTAL_OF_SPOTS, {"city": city_id, "low": low, "high": high, "most": at_most})
        total: int = cursor.fetchone()[0]
    return total


_TOTAL = """
SELECT coalesce(sum(n), 0) FROM analytics_squarecount
WHERE jurisdiction_id = %(city)s AND zoom = %(zoom)s AND month = 0 AND detailed AND square >= %(low)s AND square < %(high)s
"""
_TOTAL_OF_SPOTS = """
SELECT count(*) FROM (SELECT FROM analytics_counted WHERE jurisdiction_id = %(city)s AND spot >= %(low)s AND spot < %(high)s
LIMIT %(most)s) some
"""


def shown_zoom(zoom: int) -> int:
    """The zoom of the squares that a tile shows: larger ones on the last tile that the pyramid can answer."""
    return min(zoom + SPLIT, SQUARE_ZOOMS[-1] if zoom < SQUARE_ZOOMS[-1] else SPOT_ZOOM)


def square_tile(question: Question, tile: Square) -> SquareTile:
    """The tile's squares under a bounded question. One statement."""
    zoom = shown_zoom(tile.zoom)
    rows, values = counted_squares(question, tile, zoom)
    values |= {"z": tile.zoom, "tx": tile.x, "ty": tile.y, "fine": zoom}
    with connection.cursor() as cursor:
        cursor.execute(_TILE.format(rows=rows), values)
        n, mvt = cursor.fetchone()
    return SquareTile(int(n), bytes(mvt or b""))


# The middle of a square's places; where its places are few, theirs.
_TILE = """
WITH counted AS ({rows}),
cell AS (
    SELECT sum(n)::int AS n, sum(open)::int AS open, sum(late)::int AS late,
        CASE WHEN min(service_id) = max(service_id) THEN min(service_id) END AS service_id,
        round(sum(sum_x) / sum(places) / 1e7, 6)::float8 AS lon, round(sum(sum_y) / sum(places) / 1e7, 6)::float8 AS lat
    FROM counted WHERE n > 0 GROUP BY square
)
SELECT (SELECT coalesce(sum(n), 0) FROM cell), (
    SELECT ST_AsMVT(shown, 'cells', 4096, 'geom') FROM (
        SELECT ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 3857),
            ST_TileEnvelope(%(z)s, %(tx)s, %(ty)s), 4096, 0, false) AS geom, n, open, late, lon, lat, s.code AS service,
            %(fine)s AS zoom
        FROM cell LEFT JOIN catalogue_service s ON s.id = cell.service_id
    ) shown)
"""


def ids_in(question: Question, tile: Square) -> Sequence[int]:
    """Ids of the complaints in a tile that a bounded question asks for. For few: all of the tile's are looked through."""
    where, values = conditions_on_counted(question)
    low, high = tile.range_at(SPOT_ZOOM)
    values |= {"low": low, "high": high, "first": question.first, "last": question.last}
    with connection.cursor() as cursor:
        cursor.execute(_IDS.format(where=where), values)
        return [row[0] for row in cursor.fetchall()]


_IDS = """
SELECT complaint_id FROM analytics_counted c WHERE c.spot >= %(low)s AND c.spot < %(high)s AND {where}
  AND (%(first)s::date IS NULL OR c.day BETWEEN %(first)s AND %(last)s)
"""
