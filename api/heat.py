"""Heat: complaints counted in squares, per resident, by lateness or by days to resolve, with too small numbers left out.

Rules, so that every figure can be computed again from the open data:
- A place known only by its district stands on no square: such complaints are counted in `unplaced`.
- In a square where fewer than k complaints of sensitive categories (place shown as a 200 m cell) lie, those are left
  out; where nothing else lies there, the square is `suppressed`: its `n` is 0 and its value null.
- Residents of a square are its districts' residents by share of area; under 20 of them a rate says nothing: null.
- Late share: of the complaints with a deadline, those that passed it open or were closed after it.
- Days to resolve: the median over those resolved, from filing to closing.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, Min
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from api import documents, grid, rows
from api.base import PublicView, json_response
from api.maps import zoom_of
from api.problems import Refused
from complaints.filters import Filters, parse_filters
from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet

UNITS: dict[str, str | Promise] = {
    "count": _("complaints"),
    "per_1000": _("complaints per 1,000 residents"),
    "late_share": _("share of complaints past their deadline"),
    "median_days_to_resolve": _("days to resolve (median)"),
}
# A square is 32 pixels wide on the map that asked; never finer than about 250 m, the grid of sensitive places.
SPLIT, FINEST, COARSEST = 3, 17, 8
MAX_CLASSES = 6
FEWEST_RESIDENTS = 20


@dataclass(frozen=True)
class HeatCell:
    """A square: number at its zoom, middle, how many complaints count, and the measure's value."""

    x: int
    y: int
    lon: float
    lat: float
    n: int
    value: float | None
    suppressed: bool


class Heat(PublicView):
    """A measure over the city in squares."""

    @extend_schema(
        operation_id="get_heat",
        summary="A measure in squares",
        description=str(__doc__),
        parameters=[
            OpenApiParameter("measure", enum=list(UNITS), default="count"),
            documents.zoom("Zoom of the map; squares are three zooms finer."),
            *documents.FILTERS,
        ],
        responses={200: documents.HeatDocument} | documents.problems(400),
        tags=["maps"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        http = request._request
        measure = http.GET.get("measure", "").strip() or "count"
        if measure not in UNITS:
            raise Refused.parameter("measure", _("There is no such value here."))
        zoom = max(COARSEST, min(FINEST, zoom_of(http.GET.get("zoom", "")) + SPLIT))
        filters = parse_filters(http.GET, now=timezone.now())
        return json_response(heat(filters, measure, zoom))


def heat(filters: Filters, measure: str, zoom: int) -> dict[str, Any]:
    """The answer of heat.json for a filter. At most three statements."""
    found = rows.located(filters.apply(Complaint.objects.public()))
    placed = found.exclude(place_precision="district")
    cells = heat_cells(placed, filters, measure, zoom)
    return {
        "measure": measure,
        "unit_of_measure": str(UNITS[measure]),
        "cell_zoom": zoom,
        "n": sum(cell.n for cell in cells),
        "unplaced": found.filter(place_precision="district").count(),
        "period": _period(found, filters),
        "cells": cells,
        "classes": class_limits([cell.value for cell in cells if cell.value is not None], whole=measure == "count"),
    }


def heat_cells(placed: ComplaintQuerySet, filters: Filters, measure: str, zoom: int) -> list[HeatCell]:
    """The squares that hold complaints of a queryset. One statement."""
    head, params = rows.with_picked(placed, now=filters.now)
    x, y = grid.column_sql("c.public_point", zoom), grid.row_sql("c.public_point", zoom)
    sql = f"""{head}, base AS (
      SELECT {x} AS x, {y} AS y, c.place_precision <> 'exact' AS sensitive, c.resolution_due_at IS NOT NULL AS promised,
             {rows.IS_LATE} OR coalesce(c.closed_at > c.resolution_due_at, false) AS late,
             CASE WHEN c.state IN ('resolved', 'confirmed') THEN extract(epoch FROM c.closed_at - c.submitted_at) / 86400 END
               AS days
      FROM clock CROSS JOIN picked JOIN complaints_complaint c ON c.id = picked.id
    ), judged AS (
      SELECT *, NOT sensitive OR count(*) FILTER (WHERE sensitive) OVER (PARTITION BY x, y) >= %s AS shown FROM base
    ), squares AS (
      SELECT x, y, count(*) FILTER (WHERE shown) AS n, count(*) FILTER (WHERE shown AND promised) AS promised,
             count(*) FILTER (WHERE shown AND promised AND late) AS late,
             percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE shown) AS days
      FROM judged GROUP BY x, y
    ) SELECT x, y, n, {_VALUES[measure].format(zoom=zoom)} FROM squares ORDER BY x, y"""
    more: list[Any] = [filters.jurisdiction.small_sample_k]
    if measure == "per_1000":
        more.append(filters.jurisdiction.pk)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, *more])
        return [_cell(zoom, *row) for row in cursor.fetchall()]


# Residents of a square: those of the innermost districts that it meets, by share of their area.
_RESIDENTS = """(
  SELECT sum(d.population * ST_Area(ST_Intersection(d.geometry, square)) / ST_Area(d.geometry))
  FROM (SELECT ST_Transform(ST_TileEnvelope({zoom}, x, y), 4326) AS square) s, districts_district d
  JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
  WHERE d.jurisdiction_id = %s AND d.geometry && square AND NOT EXISTS (
    SELECT 1 FROM districts_district inner_one WHERE inner_one.edition_id = d.edition_id AND inner_one.parent_code = d.code)
)"""
_VALUES = {
    "count": "n::float8",
    "per_1000": f"(SELECT CASE WHEN r.residents >= {FEWEST_RESIDENTS} THEN n * 1000.0 / r.residents END"
    f" FROM (SELECT {_RESIDENTS} AS residents) r)::float8",
    "late_share": "late::float8 / nullif(promised, 0)",
    "median_days_to_resolve": "days::float8",
}


def _cell(zoom: int, x: int, y: int, n: int, value: float | None) -> HeatCell:
    west, south, east, north = grid.bounds(zoom, x, y)
    suppressed = n == 0
    shown = None if suppressed or value is None else round(value, 4)
    return HeatCell(x, y, round((west + east) / 2, 6), round((south + north) / 2, 6), n, shown, suppressed)


def class_limits(values: list[float], *, whole: bool) -> list[float]:
    """Ascending lower limits of the second to the last class: equal shares of the squares, rounded to read well."""
    ordered = sorted(values)
    limits: list[float] = []
    for part in range(1, MAX_CLASSES):
        if not ordered:
            break
        limit = _readable(ordered[len(ordered) * part // MAX_CLASSES], whole=whole)
        if limit > max([ordered[0], *limits[-1:]]):
            limits.append(limit)
    return limits


def _readable(value: float, *, whole: bool) -> float:
    rounded = float(f"{value:.2g}")
    return max(1.0, round(rounded)) if whole else rounded


def _period(found: ComplaintQuerySet, filters: Filters) -> dict[str, str]:
    """First and last day in the city's zone: as asked, else those of the complaints found, else today."""
    zone = ZoneInfo(filters.jurisdiction.time_zone)
    span: dict[str, datetime | None] = {"first": None, "last": None}
    if filters.since is None or filters.until is None:
        span = found.aggregate(first=Min("submitted_at"), last=Max("submitted_at"))
    last = filters.until - timedelta(microseconds=1) if filters.until else span["last"]
    return {"from": _day(filters.since or span["first"] or filters.now, zone), "to": _day(last or filters.now, zone)}


def _day(instant: datetime, zone: ZoneInfo) -> str:
    day: date = instant.astimezone(zone).date()
    return day.isoformat()
