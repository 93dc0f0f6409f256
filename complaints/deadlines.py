"""When an answer is promised: instants from a category's policy and the calendar of the unit that answers. Pure.

How time is counted, always on the wall clock of the city:

- `N working days`: the day of filing does not count, whatever its hour; the promise is the closing time of the N-th
  following day on which the unit opens. The unit thus always has N full days. With hours 08:30-16:30 Monday to
  Friday, "2 working days" filed on Monday at 00:05, 10:00 or 23:00 is Wednesday 16:30; filed on Friday evening,
  Saturday or Sunday it is Tuesday 16:30; a holiday or closure on the way moves it one day on. A day that stays open
  until 24:00 closes at 00:00 of the next date. In Ramadan the closing time is that of the Ramadan hours.
- `N working hours`: real hours that run only while the unit is open, from the moment of filing, or from the next
  opening if it is closed then. Used up exactly at closing time, the promise is that closing time, not the next opening.
  "8 working hours" filed on Friday at 15:30 is Monday 15:30.
- `N days`: the same wall time N days later, open or not (legal limits are such). `N hours`: N real hours later.

Wall times that clock changes repeat or skip: see `catalogue.working_time.instant_of`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from catalogue.working_time import END_OF_DAY, ONE_DAY, WorkingCalendar, instant_of, opening_instants

Unit = Literal["working_days", "working_hours", "days", "hours"]

# A promise of more than about a year is a slip of the pen.
LONGEST: dict[Unit, int] = {"working_days": 260, "working_hours": 2080, "days": 366, "hours": 8784}

# Nothing opens for so long: the calendar is wrong. And no walk leaves the years whose holidays the calendar knows.
LONGEST_CLOSURE = timedelta(days=400)
LONGEST_WALK = timedelta(days=5 * 365)

_DURATION = re.compile(r"(\d{1,5}) +(working +)?(day|hour)s?", re.ASCII)


class NoOpeningHours(ValueError):
    """The calendar has too few opening hours for a promise to be reached."""


@dataclass(frozen=True)
class Duration:
    """How long an answer may take, as the city pack writes it. The amount is at least 1 and at most LONGEST."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 1 <= self.amount <= LONGEST[self.unit]:
            raise ValueError(f"{self} is not between 1 and {LONGEST[self.unit]}")

    def __str__(self) -> str:
        unit = self.unit.replace("_", " ")
        return f"{self.amount} {unit.removesuffix('s') if self.amount == 1 else unit}"

    @property
    def is_working_time(self) -> bool:
        return self.unit in ("working_days", "working_hours")


@dataclass(frozen=True)
class Promise:
    """One moment twice: as the city's clock shows it and as an instant.

    Both are stored: the wall time is what was promised to a person, the instant is what sweeps and sorting compare.
    """

    wall: datetime  # naive, in the calendar's zone
    instant: datetime  # UTC


@lru_cache(maxsize=1000)
def parse_duration(text: str) -> Duration:
    """Read "2 working days", "8 working hours", "60 days" or "24 hours". Raises ValueError naming the fault."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f'{text!r} is not a duration like "2 working days", "8 working hours", "5 days" or "24 hours"')
    units: dict[tuple[bool, str], Unit] = {
        (True, "day"): "working_days",
        (True, "hour"): "working_hours",
        (False, "day"): "days",
        (False, "hour"): "hours",
    }
    return Duration(int(found[1]), units[bool(found[2]), found[3]])


def due(start: datetime, duration: Duration, calendar: WorkingCalendar) -> Promise:
    """The moment until which `duration` runs from `start`, counted as the head of this module says.

    Raises ValueError for a naive start, NoOpeningHours if the unit does not open often enough.
    """
    start = _aware(start)
    match duration.unit:
        case "working_days":
            return _promise(_closing_of_working_day(start, duration.amount, calendar), calendar)
        case "working_hours":
            return _promise(_after_working_time(start, timedelta(hours=duration.amount), calendar), calendar)
        case "days":
            wall = _wall(start, calendar) + timedelta(days=duration.amount)
            return _promise(instant_of(wall, calendar.time_zone), calendar)
        case "hours":
            return _promise(start + timedelta(hours=duration.amount), calendar)


def resume(
    promise: Promise, paused_at: datetime, resumed_at: datetime, calendar: WorkingCalendar, duration: Duration
) -> Promise:
    """The promise after the clock stood still between two moments, while the reporter had to act.

    Working days and hours: the working time that was left at the pause is given again from the resumption, to the
    second. So a pause costs exactly the opening hours it covered, a pause while the unit is closed moves nothing, and
    many short pauses gain no more than one long one. A promise of working days may thus end within a day.
    Days: moved by what the wall clock advanced in between; hours: by what really elapsed.
    A pause after the promise has passed changes nothing: a breach is not healed by asking a question.
    Raises ValueError for naive times or a resumption before the pause, NoOpeningHours as `due` does.
    """
    paused_at, resumed_at = _aware(paused_at), _aware(resumed_at)
    if resumed_at < paused_at:
        raise ValueError("the clock cannot resume before it was paused")
    if paused_at >= promise.instant:
        return promise
    if duration.is_working_time:
        if not working_time_between(paused_at, resumed_at, calendar):
            return promise
        left = working_time_between(paused_at, promise.instant, calendar)
        return _promise(max(promise.instant, _after_working_time(resumed_at, left, calendar)), calendar)
    if duration.unit == "hours":
        return _promise(promise.instant + (resumed_at - paused_at), calendar)
    advanced = max(_wall(resumed_at, calendar) - _wall(paused_at, calendar), timedelta())
    if not advanced:
        return promise
    return _promise(instant_of(promise.wall + advanced, calendar.time_zone), calendar)


def transferred(
    promise: Promise, start: datetime, duration: Duration, old: WorkingCalendar, new: WorkingCalendar
) -> Promise:
    """The promise made at `start`, when a day turned out to be worked or closed: as much working time as before.

    A promise of working days that ended with a day's closing still does, so many working days after the start; others keep
    their working hours. One that `new` would have given at once stays, and so do those of calendar time. Raises
    NoOpeningHours as `due` does.
    """
    start = _aware(start)
    if not duration.is_working_time or promise == due(start, duration, new):
        return promise
    days = _open_days_until(promise, start, old)
    if duration.unit == "working_days" and days and _closes_a_day(promise, old):
        return _promise(_closing_of_working_day(start, days, new), new)
    return _promise(_after_working_time(start, working_time_between(start, promise.instant, old), new), new)


def _open_days_until(promise: Promise, start: datetime, calendar: WorkingCalendar) -> int:
    """Open days after that of `start`, up to the day that the promise was made to."""
    day, last = _wall(start, calendar).date(), _day_of(promise, calendar)
    count = 0
    while day < last:
        day += ONE_DAY
        count += bool(calendar.hours_on(day))
    return count


def _day_of(promise: Promise, calendar: WorkingCalendar) -> date:
    """A promise at 00:00 was made to the day that ends there."""
    return _wall(promise.instant - timedelta(microseconds=1), calendar).date()


def _closes_a_day(promise: Promise, calendar: WorkingCalendar) -> bool:
    day = _day_of(promise, calendar)
    hours = calendar.hours_on(day)
    if not hours:
        return False
    closes = hours[-1][1]
    wall = datetime.combine(day + ONE_DAY if closes == END_OF_DAY else day, closes)
    return instant_of(wall, calendar.time_zone) == promise.instant


def before(promise: Promise, duration: Duration, calendar: WorkingCalendar) -> datetime:
    """The instant from which so much time is left until a promise; the mirror image of `due`.

    Working days: the closing of the N-th open day before the promise's day, so that N whole days are left. Working hours:
    real hours while the unit is open. Raises NoOpeningHours as `due` does.
    """
    if duration.unit == "days":
        return instant_of(promise.wall - duration.amount * ONE_DAY, calendar.time_zone)
    if duration.unit == "hours":
        return promise.instant - timedelta(hours=duration.amount)
    if duration.unit == "working_days":
        return _closing_before(promise.instant, duration.amount, calendar)
    return _before_working_time(promise.instant, timedelta(hours=duration.amount), calendar)


def _closing_before(end: datetime, number: int, calendar: WorkingCalendar) -> datetime:
    """Closing instant of the `number`-th open day before the local day on which `end` is reached."""
    # A promise at 00:00 was made to the day that ends there.
    last_day = day = _wall(end - timedelta(microseconds=1), calendar).date()
    while number:
        day -= ONE_DAY
        if last_day - day > LONGEST_CLOSURE:
            raise _closed_too_long(end)
        number -= bool(calendar.hours_on(day))
    closes = calendar.hours_on(day)[-1][1]
    wall = datetime.combine(day + ONE_DAY if closes == END_OF_DAY else day, closes)
    return instant_of(wall, calendar.time_zone)


def _before_working_time(end: datetime, needed: timedelta, calendar: WorkingCalendar) -> datetime:
    """The instant after which `needed` opening time is left until `end`."""
    last_day = day = _wall(end, calendar).date()
    while last_day - day <= LONGEST_CLOSURE:
        for opens, closes in reversed(list(opening_instants(day, calendar.hours_on(day), calendar.time_zone))):
            closes = min(closes, end)
            if closes <= opens:
                continue
            if needed <= closes - opens:
                return closes - needed
            needed -= closes - opens
        day -= ONE_DAY
    raise _closed_too_long(end)


def working_time_between(start: datetime, end: datetime, calendar: WorkingCalendar) -> timedelta:
    """Real time between two aware moments during which the unit is open; zero if `end` is not after `start`."""
    start, end = _aware(start), _aware(end)
    total = timedelta()
    if end <= start:
        return total
    day, last_day = _wall(start, calendar).date(), _wall(end, calendar).date()
    while day <= last_day:
        for opens, closes in opening_instants(day, calendar.hours_on(day), calendar.time_zone):
            total += max(min(closes, end) - max(opens, start), timedelta())
        day += ONE_DAY
    return total


def _closing_of_working_day(start: datetime, number: int, calendar: WorkingCalendar) -> datetime:
    """Closing instant of the `number`-th open day after the local day of `start`."""
    return _closing(_wall(start, calendar).date(), number, calendar)


@lru_cache(maxsize=10_000)
def _closing(first_day: date, number: int, calendar: WorkingCalendar) -> datetime:
    day = last_open = first_day
    while number:
        day += ONE_DAY
        hours = calendar.hours_on(day)
        if hours:
            number -= 1
            last_open = day
        elif day - last_open > LONGEST_CLOSURE:
            raise _closed_too_long(first_day)
        if day - first_day > LONGEST_WALK:
            raise _closed_too_long(first_day)
    closes = hours[-1][1]
    wall = datetime.combine(day + ONE_DAY if closes == END_OF_DAY else day, closes)
    return instant_of(wall, calendar.time_zone)


def _after_working_time(start: datetime, needed: timedelta, calendar: WorkingCalendar) -> datetime:
    """The instant at which `needed` opening time has passed since `start`."""
    for opens, closes in _openings_from(start, calendar):
        opens = max(opens, start)
        if needed <= closes - opens:
            return opens + needed
        needed -= closes - opens
    raise _closed_too_long(start)


def _openings_from(start: datetime, calendar: WorkingCalendar) -> Iterator[tuple[datetime, datetime]]:
    """Opening intervals that end after `start`, in order, until the unit stays closed too long."""
    first_day = day = last_open = _wall(start, calendar).date()
    while day - last_open <= LONGEST_CLOSURE and day - first_day <= LONGEST_WALK:
        for opens, closes in opening_instants(day, calendar.hours_on(day), calendar.time_zone):
            if closes > start:
                last_open = day
                yield opens, closes
        day += ONE_DAY


def _closed_too_long(start: date) -> NoOpeningHours:
    return NoOpeningHours(f"the calendar has too few opening hours after {start:%Y-%m-%d} to promise an answer")


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)


def _wall(instant: datetime, calendar: WorkingCalendar) -> datetime:
    return instant.astimezone(calendar.time_zone).replace(tzinfo=None, fold=0)


def _promise(instant: datetime, calendar: WorkingCalendar) -> Promise:
    return Promise(wall=_wall(instant, calendar), instant=instant)
