"""Honest heat: one measure over square cells, with what is needed to judge it (contract.md §4, heat.json).

Cells are Web Mercator tiles of `cell_zoom`. Every row comes through the public allow-list, merged complaints count once,
flagged default points and places that are known by district only stay out: their point is nobody's address.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import atan, ceil, degrees, pi, sinh
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.gis.db.models.functions import GeoFunc
from django.db import connection
from django.db.models import BooleanField, Case, F, FloatField, Min, Q, TextChoices, When
from django.db.models.functions import Extract
from django.utils.translation import gettext_lazy as _

from complaints.filters import Filters
from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet, late_condition
from complaints.workflow import State

# A cell is this many zoom steps finer than the map that asks: 16 pixels a side on its screen.
CELLS_FINER = 4
COARSEST, FINEST = 6, 17
# Fewer residents than this make no rate: the cell lies on the city's edge or in a field.
FEWEST_RESIDENTS = 50


class Measure(TextChoices):
    COUNT = "count", _("Complaints")
    PER_1000 = "per_1000", _("Complaints per 1,000 residents")
    LATE_SHARE = "late_share", _("Share of complaints that are late")
    MEDIAN_DAYS_TO_RESOLVE = "median_days_to_resolve", _("Median days to resolve")


UNITS_OF_MEASURE = {
    Measure.COUNT: _("complaints per cell"),
    Measure.PER_1000: _("complaints per 1,000 residents of the cell; residents spread evenly over their district"),
    Measure.LATE_SHARE: _("share of the cell's complaints that are open past a deadline"),
    Measure.MEDIAN_DAYS_TO_RESOLVE: _("days from filing to resolution, median of the cell's resolved complaints"),
}

# Lower limits of classes 2 to 6. Fixed, so that two periods or services compare; counts are for cells of zoom 16.
_CLASSES: dict[Measure, tuple[float, ...]] = {
    Measure.COUNT: (2, 5, 10, 20, 50),
    Measure.PER_1000: (2, 5, 10, 20, 40),
    Measure.LATE_SHARE: (0.05, 0.1, 0.2, 0.35, 0.5),
    Measure.MEDIAN_DAYS_TO_RESOLVE: (1, 3, 7, 14, 30),
}


@dataclass(frozen=True)
class Cell:
    """One cell; `lon`, `lat` are its middle. `n` is None where suppressed, `value` where there is too little to say."""

    x: int
    y: int
    lon: float
    lat: float
    n: int | None
    value: float | None
    suppressed: bool


@dataclass(frozen=True)
class Heat:
    """The answer of heat.json. `n` is the sum over the cells shown; `not_on_map` passed the filter but have no place to show."""

    measure: str
    unit_of_measure: str
    cell_zoom: int
    n: int
    not_on_map: int
    # First day and the day after the last one, in the city's zone.
    period: dict[str, str]
    too_few_below: int
    cells: list[Cell]
    classes: list[float]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def cell_zoom_for(zoom: int) -> int:
    """The zoom of cells that suit a map at `zoom`."""
    return max(COARSEST, min(FINEST, zoom + CELLS_FINER))


def class_limits(measure: Measure, cell_zoom: int) -> list[float]:
    """Lower limits of the classes; those of counts grow with the side of a cell."""
    limits, factor = _CLASSES[measure], 2.0 ** (16 - cell_zoom)
    return sorted({float(max(2, ceil(limit * factor))) if measure == Measure.COUNT else limit for limit in limits})


def heat(filters: Filters, measure: Measure, zoom: int, *, now: datetime) -> Heat:
    """`measure` over what the filter lets through, for a map at `zoom`. Four SQL statements at most."""
    cell_zoom = cell_zoom_for(zoom)
    k = filters.jurisdiction.small_sample_k
    found = filters.apply(Complaint.objects.public())
    rows = _cells(found, cell_zoom, k, now)
    residents = _residents(filters, cell_zoom, rows) if measure == Measure.PER_1000 else {}
    cells = [_cell(row, measure, cell_zoom, k, residents) for row in rows]
    on_map = sum(row.n for row in rows)
    return Heat(
        measure=measure.value,
        unit_of_measure=str(UNITS_OF_MEASURE[measure]),
        cell_zoom=cell_zoom,
        n=on_map,
        not_on_map=found.exclude(PLACED).count(),
        period=_period(filters, found, now),
        too_few_below=k,
        cells=cells,
        classes=class_limits(measure, cell_zoom),
    )


# A place finer than a district that somebody really pointed at.
PLACED = Q(place_precision__in=("exact", "grid"), default_point_suspect=False, public_point__isnull=False)


class _X(GeoFunc):
    function = "ST_X"
    output_field = FloatField()


class _Y(GeoFunc):
    function = "ST_Y"
    output_field = FloatField()


# `few`: cases of one sensitive category in one cell, too few to publish. What else lies in the cell is still shown.
_CELLS = """
WITH placed AS ({rows}),
cut AS (
    SELECT *, floor((lon + 180) / 360 * %s)::int AS x,
        floor((1 - ln(tan(radians(lat)) + 1 / cos(radians(lat))) / pi()) / 2 * %s)::int AS y
    FROM placed
),
judged AS (
    SELECT *, sensitive AND count(*) OVER (PARTITION BY x, y, sensitive, category_id) < %s AS few FROM cut
)
SELECT x, y, count(*) FILTER (WHERE NOT few), count(*) FILTER (WHERE is_late AND NOT few),
    count(days) FILTER (WHERE NOT few),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE NOT few)
FROM judged GROUP BY x, y ORDER BY x, y
"""


@dataclass(frozen=True)
class _Row:
    """A cell as counted: without what is suppressed in it."""

    x: int
    y: int
    n: int
    late: int
    resolved: int
    median_days: float | None


def _cells(found: ComplaintQuerySet, cell_zoom: int, k: int, now: datetime) -> list[_Row]:
    resolved = Q(state__in=(State.RESOLVED, State.CONFIRMED), closed_at__isnull=False)
    rows = found.filter(PLACED).values(
        "category_id",
        lon=_X("public_point"),
        lat=_Y("public_point"),
        sensitive=_flag(~Q(place_precision="exact")),
        is_late=_flag(late_condition(now)),
        days=Case(
            When(resolved, then=Extract(F("closed_at") - F("submitted_at"), "epoch") / 86400.0),
            output_field=FloatField(),
        ),
    )
    sql, values = rows.query.sql_with_params()
    side = 2**cell_zoom
    with connection.cursor() as cursor:
        cursor.execute(_CELLS.format(rows=sql), [*values, side, side, k])
        return [_Row(*row) for row in cursor.fetchall()]


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=True), default=False, output_field=BooleanField())


# Residents of a cell: each smallest district's population, spread evenly over its area. Planar areas in degrees do for
# a ratio of two areas of the same latitude.
_RESIDENTS = """
WITH cells AS (
    SELECT x, y, ST_Transform(ST_TileEnvelope(%(zoom)s, x, y), 4326) AS square
    FROM unnest(%(xs)s::int[], %(ys)s::int[]) AS cell(x, y)
),
smallest AS (
    SELECT d.geometry, d.population / nullif(ST_Area(d.geometry), 0) AS density
    FROM districts_district d JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
    WHERE d.jurisdiction_id = %(city)s AND d.population IS NOT NULL AND (%(codes)s::text[] IS NULL OR d.code = ANY(%(codes)s))
      AND NOT EXISTS (SELECT 1 FROM districts_district c WHERE c.edition_id = d.edition_id AND c.parent_code = d.code)
)
SELECT x, y, sum(ST_Area(ST_Intersection(geometry, square)) * density)
FROM cells JOIN smallest ON ST_Intersects(geometry, square) GROUP BY x, y
"""


def _residents(filters: Filters, cell_zoom: int, rows: list[_Row]) -> dict[tuple[int, int], float]:
    values: dict[str, int | list[int] | list[str] | None] = {
        "zoom": cell_zoom,
        "xs": [row.x for row in rows],
        "ys": [row.y for row in rows],
        "city": filters.jurisdiction.pk,
        "codes": list(filters.district_codes) or None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RESIDENTS, values)
        return {(x, y): residents or 0.0 for x, y, residents in cursor.fetchall()}


def _cell(row: _Row, measure: Measure, cell_zoom: int, k: int, residents: dict[tuple[int, int], float]) -> Cell:
    # Nothing left once the small sensitive counts are taken out: the cell itself is the secret.
    suppressed = row.n == 0
    value: float | None = None
    if measure == Measure.COUNT:
        value = float(row.n)
    elif measure == Measure.PER_1000:
        living = residents.get((row.x, row.y), 0.0)
        value = 1000 * row.n / living if living >= FEWEST_RESIDENTS and row.n >= k else None
    elif measure == Measure.LATE_SHARE:
        value = row.late / row.n if row.n >= k else None
    elif row.resolved >= k:
        value = row.median_days
    longitude, latitude = _middle(row.x, row.y, cell_zoom)
    return Cell(
        x=row.x,
        y=row.y,
        lon=longitude,
        lat=latitude,
        n=None if suppressed else row.n,
        value=None if suppressed or value is None else round(value, 4),
        suppressed=suppressed,
    )


def _middle(x: int, y: int, zoom: int) -> tuple[float, float]:
    side = 2**zoom
    latitude = degrees(atan(sinh(pi * (1 - 2 * (y + 0.5) / side))))
    return round((x + 0.5) / side * 360 - 180, 6), round(latitude, 6)


def _period(filters: Filters, found: ComplaintQuerySet, now: datetime) -> dict[str, str]:
    zone = ZoneInfo(filters.jurisdiction.time_zone)
    since = filters.since or found.aggregate(first=Min("submitted_at"))["first"] or now
    until = filters.until or now + timedelta(days=1)
    return {"from": since.astimezone(zone).date().isoformat(), "to": until.astimezone(zone).date().isoformat()}
