"""Honest heat: one measure over square cells, with what is needed to judge it (contract.md §4, heat.json).

Rules, so that every figure can be computed again from the open data:
- Cells are Web Mercator tiles of `cell_zoom`; rows are those of the public allow-list, a merged complaint counts once.
- Flagged default points stay out. A place that is not published, or only by its district, stands in no cell: it is
  counted in `unplaced`. So are sensitive cases too few to show (complaints/small_numbers.py): no cell tells of them, and
  `suppressed` is always false.
- Residents of a cell are its districts' residents by share of area; under 20 of them a rate says nothing: null.
- Kilometres of street and assets of a cell are those of the layers that the city loaded (analytics/layers).
- Late share: of the complaints with a deadline, those that are open past it or were closed after it.
- Days: medians and the time within which 9 of 10 were done, over those answered, or resolved, so far.
- In time: of the promises that are decided, those kept; the clock stands still while the reporter must act.
- Confirmed: of those resolved, those that the reporter confirmed. Contested: of those closed as done or reopened, those reopened.
- Recurrence: see analytics/recurrence.py.
- `few`: the value stands on fewer than k `cases`; a map says "too few to say" instead of a colour.
- Counts and late shares come from the counts that the feed keeps (analytics/tally), put right for what has changed since; the
  other measures, which no sums of sums give exactly, from the complaints filed in the period.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, F, Q, Subquery, Value
from django.db.models.functions import Coalesce

from analytics.figures import decided, flag, seconds_until
from analytics.layers.amounts import by_square
from analytics.measures import UNITS, Measure, class_limits
from analytics.mercator import latitude_of, longitude_of
from analytics.models import LAYER_ZOOM
from analytics.recurrence import FIXED, Recurrence, X, Y, recurrences
from analytics.tally.asking import Question
from analytics.tally.cells import counted_cells
from analytics.tally.scale import scale_of_squares
from analytics.tally.versions import version_of
from catalogue.models import Jurisdiction
from complaints.filters import Filters
from complaints.models import Complaint
from complaints.places import SENSITIVE
from complaints.querysets import PLACED, ComplaintQuerySet, late_condition
from complaints.workflow import State

# A cell is 32 pixels a side on the map that asks; never finer than about 250 m, the grid of sensitive places.
CELLS_FINER = 3
COARSEST, FINEST = 8, LAYER_ZOOM
# Fewer residents than this make no rate: the cell lies on the city's edge or in a field.
FEWEST_RESIDENTS = 20
# The same of streets (kilometres) and assets.
FEWEST_OF = {Measure.PER_KM: 0.05, Measure.PER_ASSET: 1.0}


@dataclass(frozen=True)
class Cell:
    """One cell; `lon`, `lat` are its middle. `value` is None where nothing can be said; it stands on `cases` complaints."""

    x: int
    y: int
    lon: float
    lat: float
    n: int
    value: float | None
    suppressed: bool
    few: bool
    cases: int


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


def _classes(city: Jurisdiction, measure: Measure, cell_zoom: int) -> list[float]:
    """Lower limits of a map's classes: those of a city, whatever the period. One statement, for counts only."""
    return class_limits(measure, cell_zoom, scale=scale_of_squares(city.pk) if measure == Measure.COUNT else 1)


def heat(filters: Filters, measure: Measure, zoom: int, *, now: datetime) -> Heat:
    """`measure` over what the filter lets through, for a map at `zoom`. Six SQL statements at most."""
    cell_zoom = cell_zoom_for(zoom)
    k = filters.jurisdiction.small_sample_k
    found = filters.apply(Complaint.objects.public())
    version, rows = _counted(filters, found, measure, cell_zoom) or (None, [])
    if version is None:
        version = version_of(filters.jurisdiction.pk, now=now).number
        rows = _cells(found, cell_zoom, now, _figure(measure, now))
        if measure == Measure.RECURRENCE_SHARE:
            rows = _with_recurrence(rows, found, filters, cell_zoom)
    per = {}
    if measure == Measure.PER_1000:
        per = _residents(filters, cell_zoom, rows)
    elif measure.layer is not None:
        per = by_square(filters.jurisdiction, measure.layer, cell_zoom, filters.district_codes)
    cells = [_cell(row, measure, cell_zoom, k, per) for row in rows]
    on_map = sum(row.n for row in rows)
    unplaced, first, last = _around(found)
    return Heat(
        measure=measure.value,
        unit_of_measure=str(UNITS[measure]),
        cell_zoom=cell_zoom,
        n=on_map,
        unplaced=unplaced,
        period=_period(filters, first or now, last or now),
        few_below=k,
        cells=cells,
        classes=_classes(filters.jurisdiction, measure, cell_zoom),
        version=version,
    )


# Only sensitive categories have such; naming them lets the index on them answer.
UNPLACED = Q(
    place_precision__in=SENSITIVE, place_shown__in=("district", "city", "withheld"), default_point_suspect=False
)


def _counted(
    filters: Filters, found: ComplaintQuerySet, measure: Measure, cell_zoom: int
) -> "tuple[int, list[_Row]] | None":
    """The cells from what the feed has counted, and their version; None where the complaints themselves must be asked."""
    question = Question.of(filters)
    if question is None or not question.in_pyramid or measure not in _COUNTED:
        return None
    if measure == Measure.LATE_SHARE and (question.states or question.late):
        return None  # deadlines are counted over all states together
    question = replace(question.bounded(filters.now), pointed_at=True)
    counted = counted_cells(question, cell_zoom, now=filters.now)
    if counted is None:
        return None
    cells = {(x, y): _Row(x, y, n, promised, late) for (x, y), (n, promised, late) in counted.cells.items()}
    if counted.waiting:
        for row in _cells(found.filter(pk__in=counted.waiting), cell_zoom, filters.now, None):
            cells[row.x, row.y] = row.added_to(cells.get((row.x, row.y)))
    return counted.version, sorted(cells.values(), key=lambda row: (row.x, row.y))


_CELLS = """
WITH placed AS ({rows}),
cut AS (
    SELECT *, floor((lon + 180) / 360 * %s)::int AS x,
        floor((1 - ln(tan(radians(lat)) + 1 / cos(radians(lat))) / pi()) / 2 * %s)::int AS y
    FROM placed
)
SELECT x, y, count(*), count(*) FILTER (WHERE promised), count(*) FILTER (WHERE promised AND was_late), {figure}
FROM cut GROUP BY x, y ORDER BY x, y
"""


@dataclass(frozen=True)
class _Row:
    """A cell as counted. `value` stands on `cases`; both only where the complaints were asked for a measure."""

    x: int
    y: int
    n: int
    promised: int
    late: int
    cases: int = 0
    value: float | None = None

    def added_to(self, other: "_Row | None") -> "_Row":
        """The numbers of both together."""
        if other is None:
            return self
        return _Row(self.x, self.y, self.n + other.n, self.promised + other.promised, self.late + other.late)


@dataclass(frozen=True)
class _Figure:
    """A measure in SQL: what it takes from a complaint, and its cases and its value of a cell's complaints."""

    facts: dict[str, Any]
    cases: str
    value: str


# What is summed from counts.
_COUNTED = (Measure.COUNT, Measure.PER_1000, Measure.PER_KM, Measure.PER_ASSET, Measure.LATE_SHARE)
_QUANTILES = {
    Measure.MEDIAN_DAYS_TO_ANSWER: (0.5, "answered_at"),
    Measure.P90_DAYS_TO_ANSWER: (0.9, "answered_at"),
    Measure.MEDIAN_DAYS_TO_RESOLVE: (0.5, "closed_at"),
    Measure.P90_DAYS_TO_RESOLVE: (0.9, "closed_at"),
}


def _figure(measure: Measure, now: datetime) -> _Figure | None:
    """None for what is not made of a cell's own complaints alone."""
    if measure in _QUANTILES:
        share, done_at = _QUANTILES[measure]
        seconds = seconds_until(done_at, Q(state__in=FIXED) if done_at == "closed_at" else Q())
        quantile = f"percentile_cont({share}) WITHIN GROUP (ORDER BY seconds) / 86400.0"
        return _Figure({"seconds": seconds}, "count(seconds)", quantile)
    parts = _parts(measure, now)
    if parts is None:
        return None
    part, whole = parts
    cases = "count(*) FILTER (WHERE is_part OR is_rest)"
    facts = {"is_part": flag(part), "is_rest": flag(whole)}
    return _Figure(facts, cases, f"count(*) FILTER (WHERE is_part)::float8 / nullif({cases}, 0)")


def _parts(measure: Measure, now: datetime) -> tuple[Q, Q] | None:
    """Of a share: what is part of it, and the whole or the rest of it."""
    fixed, reopened = Q(state__in=FIXED), Q(reopened_count__gt=0)
    clock = Coalesce(F("paused_at"), Value(now))
    if measure == Measure.ANSWERED_IN_TIME_SHARE:
        return decided("answer", "answered_at", F("answer_due_at"), clock)
    if measure == Measure.RESOLVED_IN_TIME_SHARE:
        return decided("resolution", "closed_at", F("resolution_due_at"), clock)
    if measure == Measure.CONFIRMED_SHARE:
        return Q(state=State.CONFIRMED), fixed
    if measure == Measure.CONTESTED_SHARE:
        return reopened, fixed
    return None


def _cells(found: ComplaintQuerySet, cell_zoom: int, now: datetime, figure: _Figure | None) -> list[_Row]:
    rows = found.filter(PLACED).values(
        lon=X("public_point"),
        lat=Y("public_point"),
        promised=flag(Q(resolution_due_at__isnull=False)),
        was_late=flag(late_condition(now) | Q(closed_at__gt=F("resolution_due_at"))),
        **(figure.facts if figure else {}),
    )
    sql, values = rows.query.sql_with_params()
    side = 2**cell_zoom
    asked = f"{figure.cases}, {figure.value}" if figure else "0, NULL"
    with connection.cursor() as cursor:
        cursor.execute(_CELLS.format(rows=sql, figure=asked), [*values, side, side])
        return [_Row(*row) for row in cursor.fetchall()]


def _with_recurrence(rows: list[_Row], found: ComplaintQuerySet, filters: Filters, cell_zoom: int) -> list[_Row]:
    side = 2**cell_zoom
    columns = (
        f"floor((lon + 180) / 360 * {side})::int AS x,"
        f" floor((1 - ln(tan(radians(lat)) + 1 / cos(radians(lat))) / pi()) / 2 * {side})::int AS y"
    )
    others = Complaint.objects.public().filter(jurisdiction=filters.jurisdiction)
    told = {
        (x, y): Recurrence(watched, recurred)
        for x, y, watched, recurred in recurrences(found, others, {}, columns=columns, groups="1, 2", now=filters.now)
    }
    known = [(row, told.get((row.x, row.y), Recurrence())) for row in rows]
    return [replace(row, cases=recurrence.watched, value=recurrence.share) for row, recurrence in known]


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


def _cell(row: _Row, measure: Measure, cell_zoom: int, k: int, per: dict[tuple[int, int], float]) -> Cell:
    """`per`: what the cell's complaints are divided by, where the measure divides."""
    value, cases, known = float(row.n), row.n, True
    if measure == Measure.PER_1000:
        living = per.get((row.x, row.y), 0.0)
        known = living >= FEWEST_RESIDENTS
        value = 1000 * row.n / living if known else 0.0
    elif measure in FEWEST_OF:
        there = per.get((row.x, row.y), 0.0)
        known = there >= FEWEST_OF[measure]
        value = row.n / there if known else 0.0
    elif measure == Measure.LATE_SHARE:
        known, cases = row.promised > 0, row.promised
        value = row.late / row.promised if known else 0.0
    elif measure not in _COUNTED:
        known, cases, value = row.value is not None, row.cases, row.value or 0.0
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
        cases=cases,
    )


def middle(x: int, y: int, zoom: int) -> tuple[float, float]:
    """Longitude and latitude of the middle of a square."""
    return round(longitude_of(x + 0.5, zoom), 6), round(latitude_of(y + 0.5, zoom), 6)


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
