"""What a screen of a large city shows: squares with their numbers from the counts, however many complaints lie behind it."""

from dataclasses import dataclass
from math import floor

from django.db import connection

from analytics.mercator import column_row, latitude_of, longitude_of
from analytics.tally.asking import Question, counted_squares
from analytics.tally.boxes import Box
from analytics.tally.spots import Square
from analytics.tally.tiles import shown_zoom

_WHOLE = [Square(0, 0, 0)]


@dataclass(frozen=True)
class ScreenCell:
    """A square's complaints: `lon`, `lat` are the middle of their places, `bbox` is the square."""

    n: int
    open: int
    late: int
    service: str | None
    lon: float
    lat: float
    bbox: tuple[float, float, float, float]


_CELLS = """
WITH counted AS ({rows}),
cell AS (
    SELECT square, sum(n)::int AS n, sum(open)::int AS open, sum(late)::int AS late,
        CASE WHEN min(service_id) = max(service_id) THEN min(service_id) END AS service_id,
        round(sum(sum_x) / sum(places) / 1e7, 6)::float8 AS lon, round(sum(sum_y) / sum(places) / 1e7, 6)::float8 AS lat
    FROM counted WHERE n > 0 GROUP BY square
)
SELECT square, n, open, late, s.code, lon, lat FROM cell LEFT JOIN catalogue_service s ON s.id = cell.service_id ORDER BY square
"""


def screen_cells(question: Question, box: Box | None, map_zoom: int) -> list[ScreenCell]:
    """The squares that a map at `map_zoom` shows of a bounded question, those on the edge of the box whole. At most four
    statements."""
    zoom = shown_zoom(map_zoom)
    found: list[ScreenCell] = []
    for within in _around(box, zoom) if box else _WHOLE:
        rows, values = counted_squares(question, within, zoom)
        with connection.cursor() as cursor:
            cursor.execute(_CELLS.format(rows=rows), values)
            for number, n, open_, late, service, lon, lat in cursor.fetchall():
                edges = _edges(Square.of_number(zoom, number))
                if box is None or _touches(edges, box):
                    found.append(ScreenCell(n, open_, late, service, lon, lat, edges))
    return found


def _around(box: Box, finest: int) -> list[Square]:
    """At most four squares that hold a box together."""
    west, south, east, north = box
    for zoom in range(finest, 0, -1):
        (left, top), (right, bottom) = _place(west, north, zoom), _place(east, south, zoom)
        if right - left <= 1 and bottom - top <= 1:
            return [Square(zoom, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
    return _WHOLE


def _place(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """Column and row of a place; what lies beyond the map is on its edge."""
    last = 2**zoom - 1
    column, row = column_row(longitude, latitude, zoom)
    return max(0, min(last, floor(column))), max(0, min(last, floor(row)))


def _edges(square: Square) -> Box:
    south, north = (latitude_of(row, square.zoom) for row in (square.y + 1, square.y))
    west, east = (longitude_of(column, square.zoom) for column in (square.x, square.x + 1))
    return round(west, 6), round(south, 6), round(east, 6), round(north, 6)


def _touches(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
