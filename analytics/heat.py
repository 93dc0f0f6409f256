"""Honest heat: one measure over square cells, with what is needed to judge it (contract.md §4, heat.json).

Rules, so that every figure can be computed again from the open data:
- Cells are Web Mercator tiles of `cell_zoom`; rows are those of the public allow-list, a merged complaint counts once.
- Flagged default points stay out. A place that is not published, or only by its district, stands in no cell: it is
  counted in `unplaced`. So are sensitive cases too few to show (complaints/small_numbers.py): no cell tells of them, and
  `suppressed` is always false.
- Residents of a cell are its districts' residents by share of area; under 20 of them a rate says nothing: null.
- Late share: of the complaints with a deadline, those that are open past it or were closed after it.
- Days to resolve: the median over those resolved, from filing to closing.
- `few`: the value stands on fewer than k cases; a map says "too few to say" instead of a colour.
- Counts and shares come from the counts that the feed keeps (analytics/tally), put right for what has changed since.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from math import atan, ceil, degrees, pi, sinh
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.gis.db.models.functions import GeoFunc
from django.db import connection
from django.db.models import BooleanField, Case, Count, F, FloatField, Q, Subquery, TextChoices, When
from django.db.models.functions import Coalesce, Extract
from django.utils.translation import gettext_lazy as _

from analytics.tally.asking import Question
from analytics.tally.cells import counted_cells
from analytics.tally.versions import version_of
from catalogue.models import Jurisdiction
from complaints.filters import Filters
from complaints.models import Complaint
from complaints.places import SENSITIVE
from complaints.querysets import ComplaintQuerySet, late_condition
from complaints.workflow import State

# A cell is 32 pixels a side on the map that asks; never finer than about 250 m, the grid of sensitive places.
CELLS_FINER = 3
COARSEST, FINEST = 8, 17
# Fewer residents than this make no rate: the cell lies on the city's edge or in a field.
FEWEST_RESIDENTS = 20


class Measure(TextChoices):
    COUNT = "count", _("Complaints")
    PER_1000 = "per_1000", _("Complaints per 1,000 residents")
    LATE_SHARE = "late_share", _("Share of late complaints")
    MEDIAN_DAYS_TO_RESOLVE = "median_days_to_resolve", _("Median days to resolve")


UNITS_OF_MEASURE = {
    Measure.COUNT: _("complaints per square"),
    Measure.PER_1000: _("complaints per 1,000 residents of the square; residents spread evenly over their district"),
    Measure.LATE_SHARE: _("share of complaints that are open past a deadline or were closed after it"),
    Measure.MEDIAN_DAYS_TO_RESOLVE: _("days from filing to resolution, median of the square's resolved complaints"),
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
    """One cell; `lon`, `lat` are its middle. `value` is None where nothing can be said."""

    x: int
    y: int
    lon: float
    lat: float
    n: int
    value: float | None
    suppressed: bool
    few: bool


@dataclass(frozen=True)
class Heat:
    """The answer of heat.json. `n` is the sum over the cells; `period` are its first and last day in the city's zone.

    `version` is that of the counts when it was made, for who keeps a copy.
    """

    measure: str
    unit_of_measure: str
    cell_zoom: int
    n: int
    unplaced: int
    period: dict[str, str]
    few_below: int
    cells: list[Cell]
    classes: list[float]
    version: int

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        del told["version"]
        return told


def cell_zoom_for(zoom: int) -> int:
    """The zoom of cells that suit a map at `zoom`."""
    return max(COARSEST, min(FINEST, zoom + CELLS_FINER))


def class_limits(measure: Measure, cell_zoom: int) -> list[float]:
    """Lower limits of the classes; those of counts grow with the side of a cell."""
    limits, factor = _CLASSES[measure], 2.0 ** (16 - cell_zoom)
    return sorted({float(max(2, ceil(limit * factor))) if measure == Measure.COUNT else limit for limit in limits})


def heat(filters: Filters, measure: Measure, zoom: int, *, now: datetime) -> Heat:
    """`measure` over what the filter lets through, for a map at `zoom`. Six SQL statements at most."""
    cell_zoom = cell_zoom_for(zoom)
    k = filters.jurisdiction.small_sample_k
    found = filters.apply(Complaint.objects.public())
    version, rows = _counted(filters, found, measure, cell_zoom) or (None, [])
    if version is None:
        version, rows = version_of(filters.jurisdiction.pk, now=now).number, _cells(found, cell_zoom, now)
    residents = _residents(filters, cell_zoom, rows) if measure == Measure.PER_1000 else {}
    cells = [_cell(row, measure, cell_zoom, k, residents) for row in rows]
    on_map = sum(row.n for row in rows)
    unplaced, first, last = _around(found)
    return Heat(
        measure=measure.value,
        unit_of_measure=str(UNITS_OF_MEASURE[measure]),
        cell_zoom=cell_zoom,
        n=on_map,
        unplaced=unplaced,
        period=_period(filters, first or now, last or now),
        few_below=k,
        cells=cells,
        classes=class_limits(measure, cell_zoom),
        version=version,
    )


# Only sensitive categories have such; naming them lets the index on them answer.
UNPLACED = Q(
    place_precision__in=SENSITIVE, place_shown__in=("district", "city", "withheld"), default_point_suspect=False
)
# A place finer than a district that somebody really pointed at.
PLACED = Q(place_shown__in=("exact", "grid"), default_point_suspect=False, public_point__isnull=False)


class _X(GeoFunc):
    function = "ST_X"
    output_field = FloatField()


class _Y(GeoFunc):
    function = "ST_Y"
    output_field = FloatField()


def _counted(
    filters: Filters, found: ComplaintQuerySet, measure: Measure, cell_zoom: int
) -> "tuple[int, list[_Row]] | None":
    """The cells from what the feed has counted, and their version; None where the complaints themselves must be asked."""
    question = Question.of(filters)
    if question is None or not question.in_pyramid or measure == Measure.MEDIAN_DAYS_TO_RESOLVE:
        return None
    if measure == Measure.LATE_SHARE and (question.states or question.late):
        return None  # deadlines are counted over all states together
    question = replace(question.bounded(filters.now), pointed_at=True)
    counted = counted_cells(question, cell_zoom, now=filters.now)
    if counted is None:
        return None
    cells = {(x, y): _Row(x, y, n, promised, late) for (x, y), (n, promised, late) in counted.cells.items()}
    if counted.waiting:
        for row in _cells(found.filter(pk__in=counted.waiting), cell_zoom, filters.now):
            cells[row.x, row.y] = row.added_to(cells.get((row.x, row.y)))
    return counted.version, sorted(cells.values(), key=lambda row: (row.x, row.y))


_CELLS = """
WITH placed AS ({rows}),
cut AS (
    SELECT *, floor((lon + 180) / 360 * %s)::int AS x,
        floor((1 - ln(tan(radians(lat)) + 1 / cos(radians(lat))) / pi()) / 2 * %s)::int AS y
    FROM placed
)
SELECT x, y, count(*), count(*) FILTER (WHERE promised), count(*) FILTER (WHERE promised AND was_late), count(days),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY days)
FROM cut GROUP BY x, y ORDER BY x, y
"""


@dataclass(frozen=True)
class _Row:
    """A cell as counted; medians only where the complaints were asked."""

    x: int
    y: int
    n: int
    promised: int
    late: int
    resolved: int = 0
    median_days: float | None = None

    def added_to(self, other: "_Row | None") -> "_Row":
        """The numbers of both together."""
        if other is None:
            return self
        return _Row(self.x, self.y, self.n + other.n, self.promised + other.promised, self.late + other.late)


def _cells(found: ComplaintQuerySet, cell_zoom: int, now: datetime) -> list[_Row]:
    resolved = Q(state__in=(State.RESOLVED, State.CONFIRMED), closed_at__isnull=False)
    rows = found.filter(PLACED).values(
        lon=_X("public_point"),
        lat=_Y("public_point"),
        promised=_flag(Q(resolution_due_at__isnull=False)),
        was_late=_flag(late_condition(now) | Q(closed_at__gt=F("resolution_due_at"))),
        days=Case(
            When(resolved, then=Extract(F("closed_at") - F("submitted_at"), "epoch") / 86400.0),
            output_field=FloatField(),
        ),
    )
    sql, values = rows.query.sql_with_params()
    side = 2**cell_zoom
    with connection.cursor() as cursor:
        cursor.execute(_CELLS.format(rows=sql), [*values, side, side])
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
    value, cases, known = float(row.n), row.n, True
    if measure == Measure.PER_1000:
        living = residents.get((row.x, row.y), 0.0)
        known = living >= FEWEST_RESIDENTS
        value = 1000 * row.n / living if known else 0.0
    elif measure == Measure.LATE_SHARE:
        known, cases = row.promised > 0, row.promised
        value = row.late / row.promised if known else 0.0
    elif measure == Measure.MEDIAN_DAYS_TO_RESOLVE:
        known, cases = row.median_days is not None, row.resolved
        value = row.median_days or 0.0
    longitude, latitude = middle(row.x, row.y, cell_zoom)
    return Cell(
        x=row.x,
        y=row.y,
        lon=longitude,
        lat=latitude,
        n=row.n,
        value=round(value, 4) if known else None,
        suppressed=False,
        few=measure != Measure.COUNT and cases < k,
    )


def middle(x: int, y: int, zoom: int) -> tuple[float, float]:
    """Longitude and latitude of the middle of a square."""
    side = 2**zoom
    latitude = degrees(atan(sinh(pi * (1 - 2 * (y + 0.5) / side))))
    return round((x + 0.5) / side * 360 - 180, 6), round(latitude, 6)


def _around(found: ComplaintQuerySet) -> tuple[int, datetime | None, datetime | None]:
    """How many stand in no square, and when the first and the last were filed, each by its own index. One statement."""
    unplaced = found.filter(UNPLACED).order_by().values("jurisdiction").annotate(n=Count("pk")).values("n")
    by_time = found.values("submitted_at")
    told = Jurisdiction.objects.values_list(
        Coalesce(Subquery(unplaced), 0),
        Subquery(by_time.order_by("submitted_at")[:1]),
        Subquery(by_time.order_by("-submitted_at")[:1]),
    )
    in_no_square, first, last = told[0]
    return in_no_square, first, last


def _period(filters: Filters, first: datetime, last: datetime) -> dict[str, str]:
    """As asked, else the days of the complaints found."""
    zone = ZoneInfo(filters.jurisdiction.time_zone)
    since = filters.since or first
    until = filters.until - timedelta(microseconds=1) if filters.until else last
    return {"from": since.astimezone(zone).date().isoformat(), "to": until.astimezone(zone).date().isoformat()}
