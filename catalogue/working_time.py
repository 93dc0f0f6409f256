"""When a unit works: its week, its Ramadan hours, the holidays and closures of its city. Pure values, no database.

Days and hours are the city's own wall clock. `instant_of` is the one place where a wall time becomes an instant.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
from holidays.calendars.islamic import _IslamicLunar

# Half-open intervals of one local day, sorted, without overlap. An end of 00:00 is the end of the day ("24:00").
Hours = tuple[tuple[time, time], ...]
Span = tuple[date, date]  # first and last day, both included

CLOSED: Hours = ()
END_OF_DAY = time(0, 0)
ONE_DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# A calendar knows its closed days from the year before the one it is asked for until this many years after it;
# deadlines.py walks no further than that.
YEARS_BEFORE, YEARS_AFTER = 1, 6

# Morocco sights the moon itself, often a day after the tables of the `holidays` library. Years that have been
# announced are facts; all others are the library's estimate, which a city corrects when hers is announced.
ANNOUNCED_RAMADAN: Mapping[str, tuple[Span, ...]] = {
    "MA": (
        (date(2022, 4, 3), date(2022, 5, 2)),
        (date(2023, 3, 23), date(2023, 4, 21)),
        (date(2024, 3, 12), date(2024, 4, 9)),
        (date(2025, 3, 2), date(2025, 3, 30)),
        (date(2026, 2, 19), date(2026, 3, 19)),
    )
}

_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24:00))", re.ASCII)


@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """The hours of one unit in one city, for the years round the day it was built for. One object for equal hours (`_build`).

    `ramadan` None: the usual week is kept during Ramadan. A weekday missing from a mapping is a closed day.
    """

    time_zone: ZoneInfo
    week: Mapping[int, Hours]  # Monday = 0
    ramadan: Mapping[int, Hours] | None
    ramadan_days: frozenset[date]
    closed_days: frozenset[date]

    def hours_on(self, day: date) -> Hours:
        """Opening hours of a local day; empty when it is closed. Closures and holidays win over Ramadan hours."""
        if day in self.closed_days:
            return CLOSED
        if self.ramadan is not None and day in self.ramadan_days:
            return self.ramadan.get(day.weekday(), CLOSED)
        return self.week.get(day.weekday(), CLOSED)


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a naive wall time in a zone; later wall times never give earlier instants.

    A wall time that happens twice (clocks put back) means its second passing: whoever reads the promise on a clock is
    never late at the first. One that never happens (clocks put forward) means the instant at which it was skipped.
    """
    first = wall.replace(tzinfo=zone, fold=0)
    second = wall.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    first, second = first.astimezone(UTC), second.astimezone(UTC)
    return second if first < second else _clock_change(second, first, zone)


def _clock_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second with the new offset, between two UTC instants that lie on either side of a clock change."""
    old_offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def opening_instants(day: date, hours: Hours, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The UTC instants between which a unit works on a local day; those a clock change swallowed are left out."""
    for opens, closes in hours:
        last_day = day + ONE_DAY if closes == END_OF_DAY else day
        start = instant_of(datetime.combine(day, opens), zone)
        end = instant_of(datetime.combine(last_day, closes), zone)
        if start < end:
            yield start, end


def parse_week(raw: Mapping[str, Sequence[str]]) -> dict[int, Hours]:
    """Read `{"mon": ["08:30-12:00", "14:00-18:00"], …}`; days that are not named are closed.

    Raises ValueError naming the day and the fault: unknown day, malformed or empty interval, overlap, no hours at all.
    """
    week: dict[int, Hours] = {}
    for name, intervals in raw.items():
        if name not in WEEKDAYS:
            raise ValueError(f"{name!r} is not a weekday; use {', '.join(WEEKDAYS)}")
        if isinstance(intervals, str) or not isinstance(intervals, Sequence):
            raise ValueError(f'{name}: a list of intervals is needed, like ["08:30-16:30"], not {intervals!r}')
        hours = tuple(sorted(_parse_interval(name, text) for text in intervals))
        for earlier, later in pairwise(hours):
            if earlier[1] == END_OF_DAY or later[0] < earlier[1]:
                raise ValueError(f"{name}: intervals overlap at {later[0]:%H:%M}")
        week[WEEKDAYS.index(name)] = hours
    if not any(week.values()):
        raise ValueError("no opening hours on any day of the week")
    return week


def _parse_interval(name: str, text: str) -> tuple[time, time]:
    found = _INTERVAL.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'{name}: {text!r} is not an interval like "08:30-16:30"')
    opens = time(int(found[1]), int(found[2]))
    closes = END_OF_DAY if found[5] else time(int(found[3]), int(found[4]))
    if closes <= opens and not found[5]:
        raise ValueError(f"{name}: {text!r} ends before it begins; split hours that cross midnight over two days")
    return opens, closes


def public_holidays(country: str, years: Iterable[int], language: str | None = None) -> dict[date, str]:
    """Public holidays of a country (ISO 3166 code) with their names, lunar ones estimated.

    An empty code has none. Raises ValueError for a country the `holidays` library does not know.
    """
    return dict(_holidays(country, tuple(sorted(set(years))), language))


@lru_cache(maxsize=64)
def _holidays(country: str, years: tuple[int, ...], language: str | None) -> Mapping[date, str]:
    if not country:
        return {}
    try:
        return dict(holidays.country_holidays(country, years=years, language=language))
    except NotImplementedError as unknown:
        raise ValueError(f"no public holidays are known for the country {country!r}") from unknown


def ramadan_ranges(years: Iterable[int], country: str = "MA") -> list[Span]:
    """First and last day of every Ramadan that touches one of the years (two in 2030), announced or estimated."""
    wanted = set(years)
    announced = ANNOUNCED_RAMADAN.get(country, ())
    known_starts = [first for first, _ in announced]
    spans = list(announced) + [
        span
        for span in _estimated_ramadans(min(wanted, default=0), max(wanted, default=-1))
        if all(abs(span[0] - start) > timedelta(days=5) for start in known_starts)
    ]
    return sorted({span for span in spans if span[0].year in wanted or span[1].year in wanted})


@lru_cache(maxsize=64)
def _estimated_ramadans(first_year: int, last_year: int) -> tuple[Span, ...]:
    """From the tables of `holidays` (no public name there): Ramadan ends on the eve of the next Eid al-Fitr."""
    lunar = _IslamicLunar()
    years = range(first_year - 1, last_year + 2)
    starts = {day for year in years for day, _ in lunar.ramadan_beginning_dates(year)}
    feasts = {day for year in years for day, _ in lunar.eid_al_fitr_dates(year)}
    month = timedelta(days=29), timedelta(days=30)
    return tuple((start, start + length - ONE_DAY) for start in starts for length in month if start + length in feasts)


def build_calendar(
    *,
    time_zone: str,
    country: str,
    week_raw: Mapping[str, Sequence[str]],
    ramadan_raw: Mapping[str, Sequence[str]] | None,
    closures: Iterable[Span],
    around: date,
    openings: Iterable[Span] = (),
    ramadan: Iterable[Span] = (),
) -> WorkingCalendar:
    """The calendar of a unit, good for deadlines of things that happen in the year of `around`.

    `closures` are the city's own closed days; `openings` are days worked in spite of a holiday (a lunar feast that was
    announced for another day) and win over both; `ramadan` replaces the known or estimated range it overlaps.
    Cached, so that each submission may call it. Raises ValueError naming the fault in the hours, zone or country.
    """
    return _build(
        time_zone,
        country,
        _freeze(week_raw),
        _freeze(ramadan_raw) if ramadan_raw else None,
        tuple(closures),
        tuple(openings),
        tuple(ramadan),
        around.year,
    )


# An interval list given as one string must reach parse_week unchanged to be refused there.
_FrozenWeek = tuple[tuple[str, Sequence[str]], ...]


def _freeze(raw: Mapping[str, Sequence[str]]) -> _FrozenWeek:
    return tuple((day, tuple(hours) if isinstance(hours, list) else hours) for day, hours in raw.items())


@lru_cache(maxsize=512)
def _build(
    time_zone: str,
    country: str,
    week: _FrozenWeek,
    ramadan_week: _FrozenWeek | None,
    closures: tuple[Span, ...],
    openings: tuple[Span, ...],
    ramadan: tuple[Span, ...],
    year: int,
) -> WorkingCalendar:
    years = range(year - YEARS_BEFORE, year + YEARS_AFTER + 1)
    fasts = [span for span in ramadan_ranges(years, country) if not any(_overlap(span, known) for known in ramadan)]
    closed = _holidays(country, tuple(years), None).keys() | _days(closures, years)
    return WorkingCalendar(
        time_zone=ZoneInfo(time_zone),
        week=parse_week(dict(week)),
        ramadan=parse_week(dict(ramadan_week)) if ramadan_week else None,
        ramadan_days=_days([*fasts, *ramadan], years),
        closed_days=frozenset(closed - _days(openings, years)),
    )


def _overlap(one: Span, other: Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _days(spans: Iterable[Span], years: range) -> frozenset[date]:
    """Every day of the spans that lies in the years. Raises ValueError for a span that ends before it begins."""
    days: set[date] = set()
    for first, last in spans:
        if last < first:
            raise ValueError(f"{first} to {last} ends before it begins")
        day = max(first, date(years[0], 1, 1))
        last = min(last, date(years[-1], 12, 31))
        days.update(day + timedelta(days=n) for n in range((last - day).days + 1))
    return frozenset(days)
