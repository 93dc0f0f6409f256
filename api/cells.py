"""Complaints on maps: points while there are few, counted cells when there are many. Decided in SQL, never truncated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import Polygon
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from analytics.tally.tiles import SPLIT
from api import grid, rows
from complaints.querysets import ComplaintQuerySet

# Zoom, column, row of a tile.
Address = tuple[int, int, int]

# So many pins can be told apart in a tile of 256 pixels.
FEW = 50


def _counts(point: str) -> str:
    """SQL of what a cell tells of its complaints, which lie at `point`."""
    return (
        f"count(*) AS n, count(*) FILTER (WHERE {rows.IS_OPEN}) AS open, count(*) FILTER (WHERE {rows.IS_LATE}) AS late,"
        " CASE WHEN min(c.service_id) = max(c.service_id)"
        " THEN (SELECT code FROM catalogue_service WHERE id = min(c.service_id)) END AS service,"
        f" round(avg(ST_X({point}))::numeric, 6)::float8 AS lon, round(avg(ST_Y({point}))::numeric, 6)::float8 AS lat"
    )


_FROM = "FROM clock CROSS JOIN picked JOIN complaints_complaint c ON c.id = picked.id"


@dataclass(frozen=True)
class Cell:
    """Complaints counted together. `lon`, `lat`: their middle; `bbox`: west, south, east, north of their places."""

    n: int
    open: int
    late: int
    service: str | None
    lon: float
    lat: float
    bbox: tuple[float, float, float, float]

    @classmethod
    def of(cls, row: Sequence[Any]) -> "Cell":
        """A fetched row: the six counts, then the four sides."""
        return cls(row[0], row[1], row[2], row[3], row[4], row[5], (row[6], row[7], row[8], row[9]))


def cells(found: ComplaintQuerySet, *, zoom: int, now: datetime) -> list[Cell]:
    """The rows of a located queryset, counted by cells of `zoom`. One statement."""
    head, params = rows.with_picked(found, now=now)
    sql = (
        f"{head} SELECT {_counts('c.public_point')}, min(ST_X(c.public_point)), min(ST_Y(c.public_point)),"
        f" max(ST_X(c.public_point)), max(ST_Y(c.public_point)) {_FROM}"
        f" GROUP BY {grid.column_sql('c.public_point', zoom)}, {grid.row_sql('c.public_point', zoom)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [Cell.of(row) for row in cursor.fetchall()]


def vector_tile(found: ComplaintQuerySet, tile: Address, *, now: datetime, few: int, split: int) -> bytes:
    """A vector tile of a located queryset, read row by row. One statement.

    Layer `complaints` with a point each while there are at most `few`, else layer `cells`, 2^split cells a side. A
    complaint belongs to exactly one tile: no margin, so nothing is counted twice by whoever adds tiles up.
    """
    head = rows.with_picked(found.filter(public_point__coveredby=grid.around(*tile)), now=now)
    return _tile(head, "c.public_point", tile, few=few, split=split)


def staff_tile(within: Callable[[Polygon], QuerySet[Any]], tile: Address, *, now: datetime) -> bytes | None:
    """The same of the ids and places that `within` finds in a box. One statement.

    None where there is no such tile.
    """
    if not grid.is_tile(*tile):
        return None
    try:
        picked, values = within(grid.around(*tile)).order_by().query.sql_with_params()
    except EmptyResultSet:
        return b""
    head = f"WITH clock AS (SELECT %s::timestamptz AS now), picked (id, place) AS ({picked})", [now, *values]
    return _tile(head, "picked.place", tile, few=FEW, split=SPLIT)


def _tile(head: rows.Statement, point: str, tile: Address, *, few: int, split: int) -> bytes:
    """`head` picks rows of which some may lie beside the tile; `point` is SQL for where each of them lies."""
    zoom, x, y = tile
    inside = f"{grid.column_sql(point, zoom)} = {x} AND {grid.row_sql(point, zoom)} = {y}"
    fine = zoom + split
    sql = f"""{head[0]}, here (id, place) AS MATERIALIZED (SELECT c.id, {point} {_FROM} WHERE {inside}),
    total AS (SELECT count(*) AS n FROM here)
    SELECT CASE WHEN total.n <= %s THEN ({_points(tile, "here.place")})
    ELSE (
      SELECT ST_AsMVT(f, 'cells', 4096, 'geom') FROM (
        SELECT ST_AsMVTGeom(ST_Transform(ST_SetSRID(ST_MakePoint(t.lon, t.lat), 4326), 3857), {_envelope(tile)}, 4096, 0,
               false) AS geom, t.n, t.open, t.late, t.lon, t.lat, t.service, {fine} AS zoom
        FROM (SELECT {_counts("here.place")} FROM clock CROSS JOIN here JOIN complaints_complaint c ON c.id = here.id
              GROUP BY {grid.column_sql("here.place", fine)}, {grid.row_sql("here.place", fine)}) t) f)
    END FROM total"""
    return _mvt(sql, [*head[1], few])


def points_tile(found: ComplaintQuerySet, tile: Address, *, now: datetime) -> bytes:
    """A vector tile with a point for each row of a located queryset, all of which lie in it. One statement."""
    head, params = rows.with_picked(found, now=now)
    return _mvt(f"{head}, here (id) AS (SELECT id FROM picked) {_points(tile, 'c.public_point')}", params)


def _points(tile: Address, point: str) -> str:
    """SQL of the layer `complaints` for the ids in `here`; `point` is SQL for where each of them lies."""
    return f"""
      SELECT ST_AsMVT(f, 'complaints', 4096, 'geom') FROM (
        SELECT ST_AsMVTGeom(ST_Transform({point}, 3857), {_envelope(tile)}, 4096, 0, false) AS geom,
               c.tracking_number, c.state, s.code AS service, k.code AS category, {rows.IS_LATE} AS late,
               1 + c.merged_count + c.joined_count AS reports
        FROM clock CROSS JOIN here JOIN complaints_complaint c ON c.id = here.id
        JOIN catalogue_service s ON s.id = c.service_id JOIN catalogue_category k ON k.id = c.category_id
        ORDER BY c.submitted_at, c.id) f"""


def _envelope(tile: Address) -> str:
    return f"ST_TileEnvelope({tile[0]}, {tile[1]}, {tile[2]})"


def _mvt(sql: str, params: list[Any]) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        row = cursor.fetchone()
    return bytes(row[0] or b"") if row else b""


def located_points(found: ComplaintQuerySet, *, at_most: int) -> list[Any] | None:
    """The rows of a located queryset with what a pin needs; None if there are more than `at_most`. One statement."""
    wanted = found.select_related("service").only(
        "tracking_number", "state", "public_point", "category_id", "service__code", "answered_at", "answer_due_at",
        "resolution_due_at", "paused_at", "merged_into_id", "merged_count", "joined_count",
    )  # fmt: skip
    some = list(wanted.order_by("-submitted_at", "-id")[: at_most + 1])
    return some if len(some) <= at_most else None
