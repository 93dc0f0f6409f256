# ruff: noqa: S608 - the SQL is made of the constants of this file
"""Asking the counts: how a filter is answered from squares, days and counted complaints, as fast as its dimensions allow.

A Question is a filter without words and boxes, its period cut into whole months and left-over days. `counted_squares`
gives SQL for one row a square and service:

- From the pyramid (SquareCount), where the filter is about service, state, district and whole months only; in large squares
  single days are there, too.
- Other left-over days, categories and units come from the complaints as counted (Counted), by index alone.
- Of a month that is asked for almost whole, the few days that are not are taken away again.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Min

from analytics.models import Counted, DayCount
from analytics.tally.keeping import DAY_ZOOM, DETAIL_ZOOM, DISTRICT_ZOOM, SQUARE_ZOOMS
from analytics.tally.spots import SPOT_ZOOM, Square
from analytics.tally.states import OPEN, STATES, state_numbers
from complaints.filters import Filters

Sql = tuple[str, dict[str, Any]]
# First and last day.
Stretch = tuple[date, date]
_AUDIENCE = Counted.Audience
_DAY = timedelta(days=1)
_SUMS = ("n", "open", "late", "promised", "missed", "places", "sum_x", "sum_y")
# Of a question's districts: a complaint keeps the district of the edition that it was routed with.
ANY_DISTRICT = (
    "ANY(ARRAY(SELECT d.id FROM districts_district d WHERE d.jurisdiction_id = %(city)s"
    " AND d.code = ANY(%(districts)s)))"
)


@dataclass(frozen=True)
class Question:
    """What is asked of the counts. Empty tuples and None do not restrict."""

    city_id: int
    service_ids: tuple[int, ...] = ()
    category_ids: tuple[int, ...] = ()
    # Codes, over all editions.
    districts: tuple[str, ...] = ()
    unit_ids: tuple[int, ...] = ()
    states: frozenset[str] = frozenset()
    late: bool = False
    # Only places that somebody pointed at, not those that stand for a district.
    pointed_at: bool = False
    # The days asked for, the last one included.
    first: date | None = None
    last: date | None = None

    @classmethod
    def of(cls, filters: Filters, *, but_for_the_box: bool = False) -> "Question | None":
        """The question that a filter asks; None where only the complaints themselves can answer it."""
        if filters.q or (filters.bbox is not None and not but_for_the_box):
            return None
        zone = ZoneInfo(filters.jurisdiction.time_zone)
        since = filters.since.astimezone(zone) if filters.since else None
        until = filters.until.astimezone(zone) if filters.until else None
        if any(moment is not None and moment.time() != time.min for moment in (since, until)):
            return None
        return cls(
            city_id=filters.jurisdiction.pk,
            service_ids=filters.service_ids,
            category_ids=filters.category_ids,
            districts=filters.district_codes,
            unit_ids=filters.unit_ids,
            states=filters.states,
            late=filters.late,
            first=since.date() if since else None,
            last=until.date() - _DAY if until else None,
        )

    def bounded(self, now: datetime) -> "Question":
        """With both ends of its period, if it has one: the first complaint's month, and the one that tomorrow is in, whole."""
        if self.first is None and self.last is None:
            return self
        first = self.first or _first_day(self.city_id) or now.date()
        return replace(self, first=first, last=self.last or _next_month(max(first, now.date() + _DAY)) - _DAY)

    @property
    def in_pyramid(self) -> bool:
        """Whether squares can answer it, left-over days aside, if they are coarse enough for the details it asks for."""
        return self._late_is_counted

    @property
    def in_detail(self) -> bool:
        return bool(self.category_ids or self.unit_ids)

    @property
    def _late_is_counted(self) -> bool:
        """Late ones are counted together, whatever their open state."""
        asked = self.states & frozenset(OPEN)
        return not self.states or not asked or asked == frozenset(OPEN)


def _first_day(city_id: int) -> date | None:
    of_city = DayCount.objects.filter(jurisdiction_id=city_id, span=DayCount.Span.MONTH)
    first: date | None = of_city.aggregate(first=Min("day"))["first"]
    return first


@dataclass(frozen=True)
class Period:
    """Days as whole months and what is left over at both ends.

    `start` is the first day of the first whole month, `end` the first day after the last one; equal if there is none.
    """

    start: date
    end: date
    left_over: list[Stretch]


def cut(first: date, last: date) -> Period:
    """A period cut into whole months and left-over days; neither where it ends before it begins."""
    if last < first:
        return Period(first, first, [])
    start = first if first.day == 1 else _next_month(first)
    end = _next_month(last) if (last + _DAY).day == 1 else last.replace(day=1)
    if start >= end:
        return Period(first, first, [(first, last)])
    left_over = []
    if first < start:
        left_over.append((first, start - _DAY))
    if end <= last:
        left_over.append((end, last))
    return Period(start, end, left_over)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def stored_zoom(zoom: int) -> int:
    """The zoom at which the pyramid has squares at least as fine as `zoom`."""
    return next((known for known in SQUARE_ZOOMS if known >= zoom), SQUARE_ZOOMS[-1])


def months_and_days(first: date, last: date) -> tuple[list[int], list[Stretch], list[Stretch]]:
    """A period as months that count whole (each as 202611), days to add to them, and days of them to take away again.

    A month that is not asked for whole is answered by its fewer days.
    """
    months, added, taken = [], [], []
    month = first.replace(day=1)
    while month <= last:
        end = _next_month(month) - _DAY
        inside = max(first, month), min(last, end)
        outside = [(month, inside[0] - _DAY), (inside[1] + _DAY, end)]
        if sum(map(_days, outside)) < _days(inside):
            months.append(month.year * 100 + month.month)
            taken += [stretch for stretch in outside if _days(stretch)]
        else:
            added.append(inside)
        month = _next_month(month)
    return months, added, taken


def _days(stretch: Stretch) -> int:
    return (stretch[1] - stretch[0]).days + 1


def counted_squares(question: Question, within: Square, zoom: int) -> Sql:
    """SQL of rows (square, service_id, n, open, late, promised, missed, places, sum_x, sum_y) for squares of `zoom`.

    A square may come in several rows. `places` is how many places the sums are of: in the pyramid all of the square, not
    only those asked for. The question is bounded.
    """
    stretch = None if question.first is None or question.last is None else (question.first, question.last)
    finest = DETAIL_ZOOM if question.in_detail and stretch else SQUARE_ZOOMS[-1]
    if not question.in_pyramid or zoom > finest:
        return _from_complaints(question, within, zoom, _signed([stretch], []) if stretch else None)
    if stretch is None:
        return _from_pyramid(question, within, zoom, {0: 1})
    months, added, taken = months_and_days(*stretch)
    spans, days = dict.fromkeys(months, 1), _signed(added, taken)
    if days and zoom <= DAY_ZOOM and not question.in_detail and not question.districts:
        spans |= {day.year * 10_000 + day.month * 100 + day.day: sign for day, sign in days.items()}
        return _summed([_from_pyramid(question, within, zoom, spans, stored=DAY_ZOOM)])
    if not spans:
        return _from_complaints(question, within, zoom, days)
    whole = _from_pyramid(question, within, zoom, spans)
    return _summed([whole, _from_complaints(question, within, zoom, days)]) if days else whole


def _signed(added: list[Stretch], taken: list[Stretch]) -> dict[date, int]:
    """Each day with 1 or -1."""
    return {
        first + _DAY * number: sign
        for sign, stretches in ((1, added), (-1, taken))
        for first, last in stretches
        for number in range(_days((first, last)))
    }


def _summed(parts: list[Sql]) -> Sql:
    """Rows of which some take others away, as one row a square and service."""
    rows = " UNION ALL ".join(f"SELECT * FROM ({sql}) part WHERE n <> 0" for sql, _values in parts)
    sums = ", ".join(f"sum({name}) AS {name}" for name in _SUMS)
    values = {name: value for _sql, values in parts for name, value in values.items()}
    return f"SELECT square, service_id, {sums} FROM ({rows}) parts GROUP BY square, service_id", values


def _from_pyramid(question: Question, within: Square, zoom: int, spans: dict[int, int], *, stored: int = 0) -> Sql:
    """`spans` are numbers as in SquareCount.month, with the sign by which they count; `stored` the zoom to read, if given."""
    ever = 0 in spans
    if not stored:
        stored = stored_zoom(max(zoom, DISTRICT_ZOOM) if question.districts else zoom)
        if question.in_detail and not ever:
            stored = DETAIL_ZOOM
    detailed = question.in_detail or (ever and stored != DETAIL_ZOOM)
    asked = [state for state in STATES if not question.states or state in question.states]
    still_open = [state for state in asked if state in OPEN]
    late = "late" if still_open else "0"
    n, open_ = _sum(asked) if question.states else "s.n", _sum(still_open)
    if question.late:
        n = open_ = late
    low, high = within.range_at(stored) if stored >= within.zoom else (within.number >> 2 * (within.zoom - stored),) * 2
    values: dict[str, Any] = {
        "city": question.city_id, "zoom": stored, "detailed": detailed, "spans": list(spans), "signs": list(spans.values()),
        "low": low, "high": max(high, low + 1), "services": list(question.service_ids),
        "categories": list(question.category_ids), "units": list(question.unit_ids),
        "districts": list(question.districts),
    }  # fmt: skip
    asked_of = {
        "service_id = ANY(%(services)s)": question.service_ids,
        "category_id = ANY(%(categories)s)": question.category_ids,
        "unit_id = ANY(%(units)s)": question.unit_ids,
        f"district_id = {ANY_DISTRICT}": question.districts,
        "NOT anchored": question.pointed_at,
    }
    conditions = "".join(f" AND {condition}" for condition, is_asked in asked_of.items() if is_asked)
    counts = {"n": n, "open": open_, "late": late, "promised": "promised", "missed": "missed", "places": "s.n"}
    counts |= {"sum_x": "sum_x", "sum_y": "sum_y"}
    where = (
        "jurisdiction_id = %(city)s AND zoom = %(zoom)s AND detailed = %(detailed)s"
        f" AND square >= %(low)s AND square < %(high)s{conditions}"
    )
    # Without a period as plainly as can be: the busiest squares are a third quicker than by way of one span.
    sign, source = "1", f"analytics_squarecount s WHERE month = 0 AND {where}"
    if not ever:
        sign = "sign"
        source = (
            "unnest(%(spans)s::int[], %(signs)s::int[]) AS asked (span, sign) CROSS JOIN LATERAL"
            f" (SELECT * FROM analytics_squarecount WHERE month = asked.span AND {where} OFFSET 0) s"
        )
    sql = f"""
    SELECT square >> {2 * (stored - zoom)} AS square, service_id,
        {", ".join(f"{sign} * {count} AS {name}" for name, count in counts.items())}
    FROM {source}"""
    return sql, values


def _sum(states: list[str]) -> str:
    return f"({' + '.join(states)})" if states else "0"


def _from_complaints(question: Question, within: Square, zoom: int, days: dict[date, int] | None) -> Sql:
    """`days` with the sign by which they count; None: all of them."""
    low, high = within.range_at(SPOT_ZOOM)
    where, values = conditions_on_counted(question)
    values |= {"spot_low": low, "spot_high": high}
    in_box = f"c.spot >= %(spot_low)s AND c.spot < %(spot_high)s AND {where}"
    source, sign = f"analytics_counted c WHERE {in_box}", "1"
    if days is not None:
        values |= {"days": list(days), "day_signs": list(days.values())}
        sign = "sign"
        source = (
            "unnest(%(days)s::date[], %(day_signs)s::int[]) AS asked (day, sign) CROSS JOIN LATERAL (SELECT * FROM"
            f" analytics_counted c WHERE c.day = asked.day AND {in_box} OFFSET 0) c WHERE true"
        )
    numbers = ", ".join(str(number) for number in state_numbers(frozenset(OPEN)))
    sql = f"""
    SELECT c.spot >> {2 * (SPOT_ZOOM - zoom)} AS square, c.service_id, sum({sign}) AS n,
        sum({sign} * (c.state IN ({numbers}))::int) AS open, sum({sign} * c.late::int) AS late,
        sum({sign} * c.promised::int) AS promised, sum({sign} * c.missed::int) AS missed, sum({sign}) AS places,
        sum({sign} * c.x::bigint) AS sum_x, sum({sign} * c.y::bigint) AS sum_y
    FROM {source} GROUP BY 1, 2"""
    return sql, values


def conditions_on_counted(question: Question) -> Sql:
    """What a question asks of a counted complaint `c`, its period aside: only what the world may know is compared."""
    values: dict[str, Any] = {"city": question.city_id}
    sql = f"c.jurisdiction_id = %(city)s AND c.audience >= {_AUDIENCE.NOWHERE.value}"
    if question.service_ids:
        sql += " AND c.service_id = ANY(%(services)s)"
        values["services"] = list(question.service_ids)
    if question.category_ids:
        sql += " AND c.category_id = ANY(%(categories)s)"
        values["categories"] = list(question.category_ids)
    if question.districts:
        sql += f" AND c.audience = {_AUDIENCE.DISTRICT.value} AND c.district_id = {ANY_DISTRICT}"
        values["districts"] = list(question.districts)
    if question.unit_ids:
        sql += f" AND c.audience >= {_AUDIENCE.UNIT.value} AND c.unit_id = ANY(%(units)s)"
        values["units"] = list(question.unit_ids)
    if question.states:
        sql += " AND c.state = ANY(%(states)s)"
        values["states"] = state_numbers(question.states)
    if question.late:
        sql += " AND c.late"
    if question.pointed_at:
        sql += " AND NOT c.anchored"
    return sql, values
