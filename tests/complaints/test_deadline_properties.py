"""What holds for any promise on any calendar."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.working_time import WorkingCalendar, parse_week
from complaints.deadlines import Duration, Promise, due, resume, working_time_between
from tests.clocks import CASABLANCA, CASABLANCA_AS_FORESEEN, locked_zone

OTHER_DAYS = ("mon", "tue", "thu", "fri", "sat", "sun")
RAMADAN = parse_week({day: ["09:00-15:00"] for day in ("mon", "tue", "wed", "thu", "fri")})


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    minutes = st.integers(0, 24 * 60)
    week: dict[str, list[str]] = {"wed": ["02:15-13:00"]}  # enough for any promise drawn below
    for day in draw(st.sets(st.sampled_from(OTHER_DAYS), max_size=6)):
        bounds = sorted(draw(st.sets(minutes, min_size=2, max_size=6)))
        pairs = zip(bounds[::2], bounds[1::2], strict=False)
        week[day] = [f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs]
    near = st.dates(date(2026, 1, 1), date(2028, 12, 31))
    return WorkingCalendar(
        time_zone=draw(st.sampled_from([CASABLANCA_AS_FORESEEN, CASABLANCA, locked_zone("Europe/Madrid")])),
        week=parse_week(week),
        ramadan=draw(st.sampled_from([None, RAMADAN])),
        ramadan_days=frozenset(date(2027, 2, 8) + timedelta(days=n) for n in range(29)),
        closed_days=frozenset(draw(st.sets(near, max_size=20))),
    )


moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 6, 1), timezones=st.just(UTC))
working = st.one_of(
    st.builds(Duration, st.integers(1, 15), st.just("working_days")),
    st.builds(Duration, st.integers(1, 60), st.just("working_hours")),
)
elapsing = st.one_of(
    st.builds(Duration, st.integers(1, 60), st.just("days")),
    st.builds(Duration, st.integers(1, 200), st.just("hours")),
)
gaps = st.timedeltas(timedelta(), timedelta(days=20))


def is_open_or_closing(promise: Promise, calendar: WorkingCalendar) -> bool:
    before = promise.instant - timedelta(microseconds=1)
    return working_time_between(before, promise.instant, calendar) > timedelta()


@settings(max_examples=150, deadline=None)
@given(moments, gaps, working, calendars())
def test_promises_of_working_time_end_while_open_and_never_overtake(
    start: datetime, gap: timedelta, duration: Duration, calendar: WorkingCalendar
) -> None:
    promise = due(start, duration, calendar)
    assert promise.instant > start
    assert promise.wall == promise.instant.astimezone(calendar.time_zone).replace(tzinfo=None)
    assert is_open_or_closing(promise, calendar)
    assert due(start + gap, duration, calendar).instant >= promise.instant
    assert due(start, Duration(duration.amount + 1, duration.unit), calendar).instant > promise.instant
    if duration.unit == "working_hours":
        assert working_time_between(start, promise.instant, calendar) == timedelta(hours=duration.amount)


@settings(max_examples=150, deadline=None)
@given(moments, gaps, elapsing, calendars())
def test_promises_of_calendar_time_never_overtake(
    start: datetime, gap: timedelta, duration: Duration, calendar: WorkingCalendar
) -> None:
    promise = due(start, duration, calendar)
    later = due(start + gap, duration, calendar)
    # Filed in the hour that a clock shows twice, the wall time itself goes back.
    assert later.instant >= promise.instant - (timedelta(hours=1) if duration.unit == "days" else timedelta())
    assert due(start, Duration(duration.amount + 1, duration.unit), calendar).instant > promise.instant


@settings(max_examples=150, deadline=None)
@given(moments, gaps, gaps, working, calendars())
def test_a_pause_costs_exactly_the_opening_hours_it_covered(
    start: datetime, until_pause: timedelta, pause: timedelta, duration: Duration, calendar: WorkingCalendar
) -> None:
    promise = due(start, duration, calendar)
    paused = start + until_pause
    resumed = paused + pause
    moved = resume(promise, paused, resumed, calendar, duration)
    if paused >= promise.instant:
        assert moved == promise
        return
    lost = working_time_between(paused, resumed, calendar)
    assert moved.instant >= promise.instant
    assert (moved == promise) == (not lost)
    assert is_open_or_closing(moved, calendar)
    assert working_time_between(promise.instant, moved.instant, calendar) == lost


@settings(max_examples=100, deadline=None)
@given(moments, gaps, gaps, gaps, working, calendars())
def test_two_pauses_that_touch_are_one(
    start: datetime, wait: timedelta, one: timedelta, two: timedelta, duration: Duration, calendar: WorkingCalendar
) -> None:
    promise = due(start, duration, calendar)
    paused = start + wait
    between, resumed = paused + one, paused + one + two
    twice = resume(resume(promise, paused, between, calendar, duration), between, resumed, calendar, duration)
    assert twice == resume(promise, paused, resumed, calendar, duration)
