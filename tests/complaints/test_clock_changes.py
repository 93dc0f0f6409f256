"""Promises across every change of Morocco's clock from 2024 to 2032: as the law stands, and as it was foreseen before."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from holidays.calendars.islamic import _IslamicLunar

from catalogue.working_time import WorkingCalendar, parse_week
from complaints.deadlines import Duration, due, resume, working_time_between
from tests.clocks import CASABLANCA, CASABLANCA_AS_FORESEEN

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def changes(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta]]:
    """The instants of 2024 to 2032 at which a zone's offset changes, and by how much."""
    at, before = datetime(2024, 1, 1, tzinfo=UTC), None
    while at.year < 2033:
        offset = at.astimezone(zone).utcoffset()
        assert offset is not None
        if before is not None and offset != before:
            yield at, offset - before
        at, before = at + HOUR, offset


CHANGES = [
    pytest.param(zone, at, by, id=f"{name} {at:%Y-%m-%d}")
    for name, zone in (("law", CASABLANCA), ("foreseen", CASABLANCA_AS_FORESEEN))
    for at, by in changes(zone)
]


def calendar(zone: ZoneInfo, hours: str) -> WorkingCalendar:
    week = parse_week({day: [hours] for day in EVERY_DAY})
    return WorkingCalendar(zone, week, ramadan=None, ramadan_days=frozenset(), closed_days=frozenset())


def test_all_changes_are_there() -> None:
    assert len(list(changes(CASABLANCA))) == 7
    assert len(list(changes(CASABLANCA_AS_FORESEEN))) == 15
    assert {by for _at, by in changes(CASABLANCA)} == {HOUR, -HOUR}


def test_each_foreseen_pause_spans_a_ramadan_from_a_sunday_to_a_sunday() -> None:
    begins, feasts = _dates(_IslamicLunar.RAMADAN_BEGINNING_DATES), _dates(_IslamicLunar.EID_AL_FITR_DATES)
    pauses = [at for at, _by in changes(CASABLANCA_AS_FORESEEN) if at.year >= 2026]
    assert pauses[:2] == [at for at, _by in changes(CASABLANCA) if at.year == 2026][:2], "as zoneinfo has them"
    ramadans = [day for day in begins if 2026 <= day.year <= 2032]
    assert len(pauses) == 2 * len(ramadans) - 1, "the last one ends in 2033"
    for at, by in changes(CASABLANCA_AS_FORESEEN):
        assert (at.weekday(), at.hour) == (6, 2), at
        if by < timedelta(0):
            assert min(abs(day - at.date()) for day in begins if day > at.date()) <= 7 * DAY, at
        else:
            assert DAY <= min(at.date() - day for day in feasts if day < at.date()) <= 8 * DAY, at


def _dates(table: Mapping[int, Any]) -> list[date]:
    """Of a year with two, both: (month, day), or a tuple of such."""
    pairs = (
        (year, pair) for year, found in table.items() for pair in (found if isinstance(found[0], tuple) else [found])
    )
    return sorted(date(year, *pair) for year, pair in pairs if 2023 <= year <= 2033)


@pytest.mark.parametrize(("zone", "at", "by"), CHANGES)
def test_working_hours_and_hours_are_real_hours(zone: ZoneInfo, at: datetime, by: timedelta) -> None:
    always = calendar(zone, "00:00-24:00")
    for unit in ("working_hours", "hours"):
        promise = due(at - 3 * HOUR, Duration(8, unit), always)
        assert promise.instant == at + 5 * HOUR
        assert promise.wall - (at - 3 * HOUR).astimezone(zone).replace(tzinfo=None, fold=0) == 8 * HOUR + by


@pytest.mark.parametrize(("zone", "at", "by"), CHANGES)
def test_days_keep_the_wall_time(zone: ZoneInfo, at: datetime, by: timedelta) -> None:
    start = at - 14 * HOUR
    promise = due(start, Duration(1, "days"), calendar(zone, "00:00-24:00"))
    assert promise.wall == start.astimezone(zone).replace(tzinfo=None) + DAY
    assert promise.instant == start + DAY - by


@pytest.mark.parametrize(("zone", "at", "by"), CHANGES)
def test_a_working_day_ends_at_its_closing_time(zone: ZoneInfo, at: datetime, by: timedelta) -> None:
    office = calendar(zone, "08:30-16:30")
    promise = due(at - 20 * HOUR, Duration(1, "working_days"), office)
    assert promise.wall == datetime.combine(at.astimezone(zone).date(), time(16, 30))
    assert promise.instant.astimezone(zone).replace(tzinfo=None) == promise.wall
    assert working_time_between(at - DAY, at + DAY, office) == 16 * HOUR


@pytest.mark.parametrize(("zone", "at", "by"), CHANGES)
def test_hours_open_while_the_clock_changes_count_as_they_pass(zone: ZoneInfo, at: datetime, by: timedelta) -> None:
    night = calendar(zone, "00:00-06:00")
    midnight = datetime.combine(at.astimezone(zone).date(), time(0), tzinfo=zone).astimezone(UTC)
    assert working_time_between(midnight, midnight + 12 * HOUR, night) == 6 * HOUR - by


@pytest.mark.parametrize(("zone", "at", "by"), CHANGES)
def test_a_pause_across_the_change_costs_the_hours_that_really_passed(
    zone: ZoneInfo, at: datetime, by: timedelta
) -> None:
    always = calendar(zone, "00:00-24:00")
    duration = Duration(24, "working_hours")
    promise = due(at - 6 * HOUR, duration, always)
    assert resume(promise, at - 2 * HOUR, at + 3 * HOUR, always, duration).instant == promise.instant + 5 * HOUR
