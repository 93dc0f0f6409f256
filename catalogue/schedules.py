"""When a service area's unit answers: hours of the week and seasons, on the city's own clock. Pure values, no database.

A calendar (working_time.py) says when a unit works and so by when it must answer; a schedule says whose turn it is when
something is reported. Its spans may cross midnight and belong to the day on which they begin, and so to that day's season.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from catalogue.working_time import WEEKDAYS

Minutes = tuple[int, int]  # half-open, in minutes of the day on which it begins; the end may lie in the next day
DAY = 24 * 60

_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_SEASON = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})/(?:(\d{4})-)?(\d{2})-(\d{2})", re.ASCII)


@dataclass(frozen=True)
class Season:
    """Days from `first` to `last`, both included: (month, day) of every year, or (year, month, day) once."""

    first: tuple[int, ...]
    last: tuple[int, ...]

    def holds(self, day: date) -> bool:
        if len(self.first) == 3:
            return self.first <= (day.year, day.month, day.day) <= self.last
        this = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= this <= self.last
        return this >= self.first or this <= self.last  # over New Year


@dataclass(frozen=True)
class Rota:
    """A schedule as read. `week` None: all day, every day. No seasons: all year."""

    week: Mapping[int, tuple[Minutes, ...]] | None  # Monday = 0
    seasons: tuple[Season, ...]

    def covers(self, wall: datetime) -> bool:
        """Is it that unit's turn at a wall time of the city (its offset, if any, is not looked at)?"""
        today = wall.date()
        minute = wall.hour * 60 + wall.minute
        if self.week is None:
            return self._in_season(today)
        yesterday = today - timedelta(days=1)
        return (self._runs(today, minute) and self._in_season(today)) or (
            self._runs(yesterday, minute + DAY) and self._in_season(yesterday)
        )

    def _runs(self, day: date, minute: int) -> bool:
        assert self.week is not None
        return any(start <= minute < end for start, end in self.week.get(day.weekday(), ()))

    def _in_season(self, day: date) -> bool:
        return not self.seasons or any(season.holds(day) for season in self.seasons)


def parse_schedule(week: Mapping[str, Sequence[str]] | None, seasons: Sequence[str]) -> Rota:
    """Read `{"mon": ["20:00-06:00"], …}` and `["06-15/09-15", "2026-02-19/2026-03-19"]`.

    Raises ValueError naming the fault; a schedule that restricts nothing is one.
    """
    if not week and not seasons:
        raise ValueError("a schedule needs hours (week) or seasons")
    return Rota(_week(week) if week else None, tuple(_season(text) for text in seasons))


def _week(raw: Mapping[str, Sequence[str]]) -> dict[int, tuple[Minutes, ...]]:
    if not isinstance(raw, Mapping):
        raise ValueError('hours by weekday are needed, such as mon = ["20:00-06:00"]')
    week: dict[int, tuple[Minutes, ...]] = {}
    for name, intervals in raw.items():
        if name not in WEEKDAYS:
            raise ValueError(f"{name!r} is not a weekday; use {', '.join(WEEKDAYS)}")
        if isinstance(intervals, str) or not isinstance(intervals, Sequence):
            raise ValueError(f'{name}: a list of spans is needed, like ["20:00-06:00"], not {intervals!r}')
        week[WEEKDAYS.index(name)] = tuple(_interval(name, text) for text in intervals)
    if not any(week.values()):
        raise ValueError("no hours on any day of the week")
    return week


def _interval(name: str, text: object) -> Minutes:
    found = _INTERVAL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'{name}: {text!r} is not a span like "20:00-06:00"')
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if end > DAY or start == end:
        raise ValueError(f'{name}: {text!r} is not a span; a whole day is "00:00-24:00"')
    return start, end if end > start else end + DAY


def _season(text: object) -> Season:
    found = _SEASON.fullmatch(text) if isinstance(text, str) else None
    if found is None or (found[1] is None) != (found[4] is None):
        raise ValueError(f'season {text!r} is not like "06-15/09-15" or "2026-06-15/2026-09-15"')
    try:
        # A leap year stands for every year: the 29th of February exists.
        first = date(int(found[1] or 2024), int(found[2]), int(found[3]))
        last = date(int(found[4] or 2024), int(found[5]), int(found[6]))
    except ValueError:
        raise ValueError(f"season {text!r} names a day that does not exist") from None
    if found[1] is None:
        return Season((first.month, first.day), (last.month, last.day))
    if last < first:
        raise ValueError(f"season {text!r} ends before it begins")
    return Season((first.year, first.month, first.day), (last.year, last.month, last.day))
