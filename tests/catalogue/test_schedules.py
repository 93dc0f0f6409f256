"""Whose turn it is: nights, seasons, days that do not exist, on the wall clock of the city."""

from datetime import datetime

import pytest

from catalogue.schedules import parse_schedule

NIGHTS = {"fri": ["20:00-06:00"], "sat": ["20:00-06:00", "12:00-13:30"]}


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-11-27 19:59", False),  # a Friday
        ("2026-11-27 20:00", True),
        ("2026-11-28 00:00", True),
        ("2026-11-28 05:59", True),
        ("2026-11-28 06:00", False),
        ("2026-11-28 12:30", True),
        ("2026-11-28 13:30", False),
        ("2026-11-29 05:00", True),
        ("2026-11-27 05:00", False),  # Thursday's night is nobody's
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(wall: str, expected: bool) -> None:
    assert parse_schedule(NIGHTS, []).covers(datetime.fromisoformat(wall)) is expected


@pytest.mark.parametrize(
    ("season", "wall", "expected"),
    [
        ("06-15/09-15", "2026-06-14 23:59", False),
        ("06-15/09-15", "2026-06-15 00:00", True),
        ("06-15/09-15", "2031-09-15 23:59", True),
        ("06-15/09-15", "2026-09-16 00:00", False),
        ("11-15/02-29", "2027-02-28 10:00", True),
        ("11-15/02-29", "2028-02-29 10:00", True),
        ("11-15/02-29", "2027-03-01 10:00", False),
        ("11-15/02-29", "2026-12-31 10:00", True),
        ("2026-02-19/2026-03-19", "2026-03-19 23:00", True),
        ("2026-02-19/2026-03-19", "2027-03-01 23:00", False),
    ],
)
def test_a_season_holds_its_first_and_its_last_day(season: str, wall: str, expected: bool) -> None:
    assert parse_schedule(None, [season]).covers(datetime.fromisoformat(wall)) is expected


def test_the_last_night_of_a_season_runs_until_its_morning() -> None:
    schedule = parse_schedule({"tue": ["20:00-06:00"]}, ["06-01/09-15"])  # 2026-09-15 is a Tuesday
    assert schedule.covers(datetime(2026, 9, 16, 5, 0))
    assert not parse_schedule({"tue": ["20:00-06:00"]}, ["09-16/10-01"]).covers(datetime(2026, 9, 16, 5, 0))


@pytest.mark.parametrize(
    ("week", "seasons"),
    [
        (None, []),
        ({}, []),
        ({"mon": []}, []),
        ({"monday": ["20:00-06:00"]}, []),
        ({"mon": "20:00-06:00"}, []),
        ({"mon": ["20:00-20:00"]}, []),
        ({"mon": ["24:00-06:00"]}, []),
        ({"mon": ["08:00-24:30"]}, []),
        ({"mon": [800]}, []),
        (None, ["06-31/07-01"]),
        (None, ["2027-02-29/2027-03-01"]),
        (None, ["2026-06-01/07-01"]),
        (None, ["2026-07-01/2026-06-01"]),
        (None, ["summer"]),
        (None, [6]),
    ],
)
def test_what_cannot_be_meant_is_refused(week: object, seasons: list[str]) -> None:
    with pytest.raises(ValueError):
        parse_schedule(week, seasons)  # type: ignore[arg-type]
