"""Calendars: hours as a city writes them, holidays, Ramadan, closures, and wall times that clocks repeat or skip."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Any

import pytest

from catalogue.working_time import (
    END_OF_DAY,
    WorkingCalendar,
    build_calendar,
    instant_of,
    opening_instants,
    parse_week,
    public_holidays,
    ramadan_ranges,
)
from tests.clocks import CASABLANCA, CASABLANCA_AS_FORESEEN

WEEK = {day: ["08:30-16:30"] for day in ("mon", "tue", "wed", "thu", "fri")}
RAMADAN = {day: ["09:00-15:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
OFFICE = ((time(8, 30), time(16, 30)),)
FASTING = ((time(9), time(15)),)


def calendar(**changes: Any) -> WorkingCalendar:
    usual: dict[str, Any] = {
        "time_zone": "Africa/Casablanca",
        "country": "MA",
        "week_raw": WEEK,
        "ramadan_raw": RAMADAN,
        "closures": (),
        "around": date(2026, 11, 23),
    }
    return build_calendar(**(usual | changes))


def test_a_week_is_read_and_its_intervals_sorted() -> None:
    week = parse_week({"mon": ["14:00-18:00", "08:30-12:00"], "sun": ["00:00-24:00"], "tue": []})
    assert week == {
        0: ((time(8, 30), time(12)), (time(14), time(18))),
        1: (),
        6: ((time(0), END_OF_DAY),),
    }


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ({"lundi": ["08:30-16:30"]}, "'lundi' is not a weekday"),
        ({"mon": "08:30-16:30"}, "mon: a list"),
        ({"mon": ["8:30-16:30"]}, "mon: '8:30-16:30' is not an interval"),
        ({"mon": ["08:30-24:30"]}, "mon: '08:30-24:30' is not an interval"),
        ({"mon": ["08:30-16:30 "]}, "is not an interval"),
        ({"mon": ["٠٨:٣٠-١٦:٣٠"]}, "is not an interval"),
        ({"mon": [830]}, "mon: 830 is not an interval"),
        ({"mon": ["22:00-06:00"]}, "split hours that cross midnight"),
        ({"mon": ["08:30-08:30"]}, "ends before it begins"),
        ({"mon": ["08:00-24:00", "20:00-21:00"]}, "mon: intervals overlap at 20:00"),
        ({"fri": ["08:30-12:30", "12:00-16:00"]}, "fri: intervals overlap at 12:00"),
        ({"fri": ["08:30-12:30", "08:30-12:30"]}, "fri: intervals overlap at 08:30"),
        ({}, "no opening hours"),
        ({"mon": []}, "no opening hours"),
    ],
)
def test_a_bad_week_is_refused_with_its_fault(raw: Mapping[str, Sequence[str]], fault: str) -> None:
    with pytest.raises(ValueError, match=fault.replace("(", r"\(")):
        parse_week(raw)


def test_intervals_may_touch() -> None:
    assert len(parse_week({"mon": ["08:00-12:00", "12:00-16:00"]})[0]) == 2


def test_moroccan_holidays_of_2026_are_known() -> None:
    days = public_holidays("MA", [2026])
    fixed = ["01-01", "01-11", "01-14", "05-01", "07-30", "08-14", "08-20", "08-21", "10-31", "11-06", "11-18"]
    lunar = ["03-20", "03-21", "05-27", "05-28", "06-16", "08-25", "08-26"]
    assert sorted(days) == sorted(date.fromisoformat(f"2026-{day}") for day in fixed + lunar)
    assert "estimated" in public_holidays("MA", [2026], language="en_US")[date(2026, 8, 25)]
    assert "estimated" not in public_holidays("MA", [2026], language="en_US")[date(2026, 7, 30)]


def test_a_returned_holiday_table_may_be_changed_without_harm() -> None:
    public_holidays("MA", [2026]).clear()
    assert public_holidays("MA", [2026])


def test_no_country_has_no_holidays_and_an_unknown_one_is_named() -> None:
    assert public_holidays("", [2026]) == {}
    with pytest.raises(ValueError, match="'QQ'"):
        public_holidays("QQ", [2026])


@pytest.mark.parametrize(
    ("first", "last"),
    [  # as announced in Morocco
        (date(2022, 4, 3), date(2022, 5, 2)),
        (date(2023, 3, 23), date(2023, 4, 21)),
        (date(2024, 3, 12), date(2024, 4, 9)),
        (date(2025, 3, 2), date(2025, 3, 30)),
        (date(2026, 2, 19), date(2026, 3, 19)),
    ],
)
def test_announced_ramadans_are_exact(first: date, last: date) -> None:
    assert ramadan_ranges([first.year]) == [(first, last)]


@pytest.mark.parametrize("year", range(2027, 2040))
def test_estimated_ramadans_last_a_lunar_month_and_follow_each_other(year: int) -> None:
    spans = [span for span in ramadan_ranges([year, year + 1]) if span[0].year == year]
    assert spans
    for first, last in spans:
        assert (last - first).days + 1 in (29, 30)
    starts = [first for first, _ in ramadan_ranges([year, year + 1])]
    assert all((later - earlier).days in (354, 355) for earlier, later in pairwise(starts))


def test_2030_has_two_ramadans_and_the_second_ends_in_2031() -> None:
    assert [span[0].month for span in ramadan_ranges([2030])] == [1, 12]
    assert ramadan_ranges([2030])[1] in ramadan_ranges([2031])


def test_another_country_uses_the_estimate() -> None:
    assert ramadan_ranges([2025], country="TN") == [(date(2025, 3, 1), date(2025, 3, 29))]
    assert ramadan_ranges([]) == []


def test_hours_on_ordinary_ramadan_and_closed_days() -> None:
    days = calendar(closures=[(date(2026, 11, 24), date(2026, 11, 25))])
    assert days.hours_on(date(2026, 11, 23)) == OFFICE
    assert days.hours_on(date(2026, 11, 24)) == () == days.hours_on(date(2026, 11, 25))  # the city's own days
    assert days.hours_on(date(2026, 11, 18)) == ()  # Independence Day
    assert days.hours_on(date(2026, 11, 28)) == ()  # Saturday
    assert days.hours_on(date(2026, 2, 18)) == OFFICE
    assert days.hours_on(date(2026, 2, 19)) == FASTING
    assert days.hours_on(date(2026, 2, 21)) == ()  # Saturday in Ramadan


def test_without_ramadan_hours_the_usual_week_is_kept() -> None:
    assert calendar(ramadan_raw=None).hours_on(date(2026, 2, 19)) == OFFICE
    assert calendar(ramadan_raw={}).hours_on(date(2026, 2, 19)) == OFFICE


def test_an_announced_feast_moves_the_estimated_one() -> None:
    moved = calendar(
        openings=[(date(2027, 3, 9), date(2027, 3, 9))],
        closures=[(date(2027, 3, 11), date(2027, 3, 11))],
        ramadan=[(date(2027, 2, 9), date(2027, 3, 9))],
    )
    assert moved.hours_on(date(2027, 2, 8)) == OFFICE
    assert moved.hours_on(date(2027, 2, 9)) == FASTING
    assert moved.hours_on(date(2027, 3, 9)) == FASTING
    assert moved.hours_on(date(2027, 3, 11)) == ()
    assert calendar().hours_on(date(2027, 3, 9)) == ()


def test_the_same_calendar_is_built_once() -> None:
    assert calendar() is calendar(around=date(2026, 1, 2))
    assert calendar() is not calendar(around=date(2027, 1, 2))


def test_an_endless_closure_and_a_reversed_one() -> None:
    assert calendar(closures=[(date.min, date.max)]).hours_on(date(2027, 5, 3)) == ()
    with pytest.raises(ValueError, match="ends before it begins"):
        calendar(closures=[(date(2026, 11, 25), date(2026, 11, 24))])


def test_faults_of_a_week_reach_the_caller_of_build_calendar() -> None:
    with pytest.raises(ValueError, match="mon: a list"):
        calendar(week_raw={"mon": "08:30-16:30"})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2026-03-21T12:00", "2026-03-21T12:00"),
        ("2026-03-22T01:59:59", "2026-03-22T01:59:59"),
        ("2026-03-22T02:00", "2026-03-22T02:00"),  # skipped: clocks went from 02:00 to 03:00
        ("2026-03-22T02:59:59", "2026-03-22T02:00"),
        ("2026-03-22T03:00", "2026-03-22T02:00"),
        ("2026-02-15T01:59:59", "2026-02-15T00:59:59"),
        ("2026-02-15T02:00", "2026-02-15T02:00"),  # repeated: clocks went from 03:00 back to 02:00
        ("2026-02-15T02:59:59", "2026-02-15T02:59:59"),
        ("2026-09-20T00:59", "2026-09-19T23:59"),
        ("2026-09-20T01:30", "2026-09-20T01:30"),  # repeated for good: from 02:00 back to 01:00
        ("2026-11-25T16:30", "2026-11-25T16:30"),
    ],
)
def test_wall_times_round_a_clock_change(wall: str, instant: str) -> None:
    assert instant_of(datetime.fromisoformat(wall), CASABLANCA) == utc(instant)


def test_hours_that_a_clock_change_swallows_are_no_opening() -> None:
    hours = ((time(2, 10), time(2, 50)), (time(2, 50), time(4)))
    assert list(opening_instants(date(2027, 3, 14), hours, CASABLANCA_AS_FORESEEN)) == [
        (utc("2027-03-14T02:00"), utc("2027-03-14T03:00"))
    ]


def test_a_day_lasts_25_or_23_hours_when_clocks_change() -> None:
    whole_day = ((time(0), END_OF_DAY),)
    for day, hours in [(date(2027, 2, 7), 25), (date(2027, 3, 14), 23), (date(2027, 3, 15), 24)]:
        [(start, end)] = opening_instants(day, whole_day, CASABLANCA_AS_FORESEEN)
        assert (end - start).total_seconds() == hours * 3600


def test_the_locked_time_zone_data_knows_that_morocco_keeps_utc_since_september_2026() -> None:
    offsets = {
        CASABLANCA.utcoffset(datetime(year, month, 15, 12)) for year in range(2027, 2036) for month in (2, 7, 11)
    }
    assert offsets == {CASABLANCA.utcoffset(datetime(2026, 11, 25))}
    assert str(CASABLANCA.utcoffset(datetime(2026, 11, 25))) == "0:00:00"
