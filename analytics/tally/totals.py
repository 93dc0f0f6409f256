# ruff: noqa: S608 - the SQL is made of the constants of this file
"""How many complaints of the open data a filter lets through: exact at any size, and as of this instant.

The counts tell how many there were when they were last kept; what has changed since (the complaints with feed items) is put
right one by one. What the counts do not know is counted from the complaints.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Case, Count, F, Q, When

from analytics.models import Counted, DayCount
from analytics.tally import waiting
from analytics.tally.asking import ANY_DISTRICT, Question, conditions_on_counted, cut
from analytics.tally.boxes import COARSEST, count_in_box, places_in_box
from analytics.tally.spots import Square
from analytics.tally.states import OPEN, STATES, state_numbers
from analytics.tally.waiting import waiting_sql
from complaints.filters import Filters
from complaints.querysets import ComplaintQuerySet, late_condition
from complaints.workflow import OPEN_STATES

_AUDIENCE = Counted.Audience


@dataclass(frozen=True)
class Figures:
    """How many there are, how many of them are open, and how many late."""

    total: int
    open: int
    late: int


def figures(filters: Filters, found: ComplaintQuerySet) -> Figures:
    """The figures of `found`, which is what the filter lets through of the public complaints. At most three statements."""
    question = Question.of(filters)
    told = _counted(question, filters, found) if question is not None and question.in_pyramid else None
    return told if told is not None else _of_rows(filters, found)


def matched(filters: Filters, found: ComplaintQuerySet) -> int:
    """How many `found` are: as figures(), for a box, too."""
    if filters.bbox is None:
        return figures(filters, found).total
    question = Question.of(filters, but_for_the_box=True)
    if question is None:
        return found.count()
    question = question.bounded(filters.now)
    occupied, changed = _occupied_and_changed(question.city_id, filters.now)
    if len(changed) > waiting.MOST:
        return found.count()
    counted = count_in_box(question, filters.bbox, occupied)
    if not changed:
        return counted
    as_counted = places_in_box(question, filters.bbox, only=changed)
    return counted - as_counted + found.filter(pk__in=changed).count()


def _of_rows(filters: Filters, found: ComplaintQuerySet) -> Figures:
    numbers = found.aggregate(
        total=Count("pk"),
        open=Count("pk", filter=Q(state__in=OPEN_STATES)),
        late=Count("pk", filter=late_condition(filters.now)),
    )
    return Figures(**numbers)


def _occupied_and_changed(city_id: int, now: datetime) -> tuple[list[Square], list[int]]:
    """The squares in which a city has any complaint, and ids of complaints that wait to be counted. One statement."""
    changed, values = waiting_sql(now, waiting.MOST)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ARRAY(SELECT DISTINCT square FROM analytics_squarecount WHERE jurisdiction_id = %(city)s"
            f" AND zoom = %(zoom)s AND month = 0 AND detailed), ARRAY({changed})",
            values | {"city": city_id, "zoom": COARSEST},
        )
        numbers, ids = cursor.fetchone()
    return [Square.of_number(COARSEST, number) for number in numbers], ids


def _counted(question: Question, filters: Filters, found: ComplaintQuerySet) -> Figures | None:
    """What the counts by day say, with what waits to be counted as it is; None if too much waits. One statement."""
    asked = [state for state in STATES if not question.states or state in question.states]
    still_open = [state for state in asked if state in OPEN]
    total, open_, late = " + ".join(asked), " + ".join(still_open) or "0", "late" if still_open else "0"
    if question.late:
        total = open_ = late
    by_days, values = _conditions(question)
    where, more = conditions_on_counted(question)
    changed, limits = waiting_sql(filters.now, waiting.MOST)
    values |= more | limits | {"open": state_numbers(frozenset(OPEN)), "first": question.first, "last": question.last}
    sql = f"""
    WITH waiting AS MATERIALIZED ({changed}),
    before AS (
        SELECT count(*) AS total, count(*) FILTER (WHERE state = ANY(%(open)s)) AS open, count(*) FILTER (WHERE late) AS late
        FROM analytics_counted c WHERE complaint_id IN (SELECT complaint_id FROM waiting) AND {where}
          AND day >= coalesce(%(first)s::date, '-infinity') AND day <= coalesce(%(last)s::date, 'infinity')),
    now AS (
        SELECT count(*) AS total, count(*) FILTER (WHERE still_open) AS open, count(*) FILTER (WHERE late_now) AS late
        FROM ({_waiting_rows(filters, found)}) r),
    kept AS (
        SELECT coalesce(sum({total}), 0) AS total, coalesce(sum({open_}), 0) AS open, coalesce(sum({late}), 0) AS late
        FROM analytics_daycount WHERE {by_days})
    SELECT (SELECT count(*) FROM waiting), kept.total - before.total + now.total, kept.open - before.open + now.open,
        kept.late - before.late + now.late FROM kept, before, now"""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        waits, *numbers = cursor.fetchone()
    return Figures(*(int(number) for number in numbers)) if waits <= waiting.MOST else None


def _waiting_rows(filters: Filters, found: ComplaintQuerySet) -> str:
    """SQL of the complaints found that are in `waiting`; its values are written in."""
    still_open, late = _flag(Q(state__in=sorted(OPEN_STATES))), _flag(late_condition(filters.now))
    rows = found.order_by().values(which=F("pk"), still_open=still_open, late_now=late)
    try:
        sql, values = rows.query.sql_with_params()
    except EmptyResultSet:
        return "SELECT true AS still_open, true AS late_now WHERE false"
    among = "SELECT r.* FROM unnest(ARRAY(SELECT complaint_id FROM waiting)) AS w (id) CROSS JOIN LATERAL ({}) r"
    with connection.cursor() as cursor:
        written: str = cursor.mogrify(sql, values).decode().replace("%", "%%")
    return among.format(f"SELECT * FROM ({written}) f WHERE f.which = w.id OFFSET 0")


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=True), default=False, output_field=BooleanField())


def _conditions(question: Question) -> tuple[str, dict[str, Any]]:
    audience = _AUDIENCE.NOWHERE
    if question.unit_ids:
        audience = _AUDIENCE.UNIT
    if question.districts:
        audience = _AUDIENCE.DISTRICT
    values: dict[str, Any] = {"city": question.city_id, "audience": audience.value}
    sql = f"jurisdiction_id = %(city)s AND audience >= %(audience)s AND {_spans(question, values)}"
    dimensions = {
        "service_id": question.service_ids, "category_id": question.category_ids, "unit_id": question.unit_ids,
    }  # fmt: skip
    for name, ids in dimensions.items():
        if ids:
            sql += f" AND {name} = ANY(%({name})s)"
            values[name] = list(ids)
    if question.districts:
        sql += f" AND district_id = {ANY_DISTRICT}"
        values["districts"] = list(question.districts)
    return sql, values


def _spans(question: Question, values: dict[str, Any]) -> str:
    """The condition that takes each day of the period once: whole months, and the days that are left over."""
    span = DayCount.Span
    if question.first is None and question.last is None:
        return f"span = {span.EVER.value}"
    period = cut(question.first or date.min, question.last or date.max.replace(day=30))
    values |= {"month_start": period.start, "month_end": period.end}
    parts = [f"(span = {span.MONTH.value} AND day >= %(month_start)s AND day < %(month_end)s)"]
    for number, (first, last) in enumerate(period.left_over):
        values |= {f"first_{number}": first, f"last_{number}": last}
        parts.append(f"(span = {span.DAY.value} AND day BETWEEN %(first_{number})s AND %(last_{number})s)")
    return f"({' OR '.join(parts)})"
