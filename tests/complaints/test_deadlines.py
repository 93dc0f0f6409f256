"""Promised instants, in a table reasoned by hand.

In the table Morocco's clock shows UTC+1, in 2026 UTC from 15 February to 22 March, and UTC since 20 September 2026.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalogue.working_time import WorkingCalendar, build_calendar
from complaints.deadlines import (
    Duration,
    NoOpeningHours,
    Promise,
    due,
    parse_duration,
    resume,
    working_time_between,
)
from tests.clocks import CASABLANCA, CASABLANCA_AS_FORESEEN

MON_FRI = ("mon", "tue", "wed", "thu", "fri")
EVERY_DAY = (*MON_FRI, "sat", "sun")


def built(
    week: dict[str, list[str]],
    *,
    country: str = "MA",
    ramadan: dict[str, list[str]] | None = None,
    closures: list[tuple[date, date]] | None = None,
    around: date = date(2026, 6, 1),
    zone: ZoneInfo = CASABLANCA,
) -> WorkingCalendar:
    """As production builds it, on a zone that does not depend on this machine's own data."""
    calendar = build_calendar(
        time_zone=zone.key,
        country=country,
        week_raw=week,
        ramadan_raw=ramadan,
        closures=closures or [],
        around=around,
    )
    return replace(calendar, time_zone=zone)


OFFICE_WEEK = {day: ["08:30-16:30"] for day in MON_FRI}
OFFICE_RAMADAN = {day: ["09:00-15:00"] for day in MON_FRI}
SPLIT_WEEK = {day: ["08:30-12:00", "14:00-18:00"] for day in MON_FRI} | {"sat": ["09:00-12:00"]}
NIGHT_WEEK = (
    {"mon": ["22:00-24:00"]}
    | {day: ["00:00-06:00", "22:00-24:00"] for day in ("tue", "wed", "thu", "fri", "sat")}
    | {"sun": ["00:00-06:00"]}
)
ALWAYS_WEEK = {day: ["00:00-24:00"] for day in EVERY_DAY}

CALENDARS = {
    "office": built(OFFICE_WEEK, ramadan=OFFICE_RAMADAN),
    "office 2024": built(OFFICE_WEEK, ramadan=OFFICE_RAMADAN, around=date(2024, 6, 1)),
    "office, as foreseen": built(OFFICE_WEEK, ramadan=OFFICE_RAMADAN, zone=CASABLANCA_AS_FORESEEN),
    "office, own closure": built(
        OFFICE_WEEK, ramadan=OFFICE_RAMADAN, closures=[(date(2026, 11, 24), date(2026, 11, 25))]
    ),
    "split": built(SPLIT_WEEK),
    "night": built(NIGHT_WEEK, country=""),
    "always": built(ALWAYS_WEEK, country=""),
    "always, as foreseen": built(ALWAYS_WEEK, country="", zone=CASABLANCA_AS_FORESEEN),
}

# calendar, filed, promised within, due, why
TABLE = [
    # the week
    ("office", "2026-11-23T10:00+00:00", "2 working days", "2026-11-25T16:30+00:00", "Mon: Tue, Wed"),
    ("office", "2026-11-23T00:05+00:00", "2 working days", "2026-11-25T16:30+00:00", "the hour does not matter"),
    ("office", "2026-11-23T23:00+00:00", "2 working days", "2026-11-25T16:30+00:00", "nor after closing"),
    ("office", "2026-11-27T20:00+00:00", "2 working days", "2026-12-01T16:30+00:00", "Fri evening: Mon, Tue"),
    ("office", "2026-11-28T12:00+00:00", "2 working days", "2026-12-01T16:30+00:00", "Saturday: Mon, Tue"),
    ("office", "2026-11-29T23:59+00:00", "1 working day", "2026-11-30T16:30+00:00", "Sunday night: Mon"),
    ("office", "2026-11-23T10:00+00:00", "5 working days", "2026-11-30T16:30+00:00", "24 25 26 27, 30"),
    ("office", "2026-11-26T10:00+00:00", "10 working days", "2026-12-10T16:30+00:00", "27 30 1 2 3 4 7 8 9 10"),
    ("office", "2026-11-23T10:00+00:00", "8 working hours", "2026-11-24T10:00+00:00", "6.5 h Mon, 1.5 h Tue"),
    ("office", "2026-11-23T08:30+00:00", "8 working hours", "2026-11-23T16:30+00:00", "ends at closing, not opening"),
    ("office", "2026-11-23T07:00+00:00", "8 working hours", "2026-11-23T16:30+00:00", "early: from opening"),
    ("office", "2026-11-23T16:30+00:00", "1 working hour", "2026-11-24T09:30+00:00", "closing is closed"),
    ("office", "2026-11-27T15:30+00:00", "8 working hours", "2026-11-30T15:30+00:00", "1 h Fri, 7 h Mon"),
    ("office", "2026-11-28T11:00+00:00", "4 working hours", "2026-11-30T12:30+00:00", "Saturday: from Monday"),
    ("office", "2026-11-27T16:29+00:00", "1 working hour", "2026-11-30T09:29+00:00", "1 min Fri, 59 min Mon"),
    ("office", "2026-11-23T10:00+00:00", "40 working hours", "2026-11-30T10:00+00:00", "5 days of 8 h"),
    ("office", "2026-11-23T12:00+02:00", "8 working hours", "2026-11-24T10:00+00:00", "told in another zone"),
    # calendar time
    ("office", "2026-11-23T10:00+00:00", "5 days", "2026-11-28T10:00+00:00", "a Saturday all the same"),
    ("office", "2026-11-23T10:00+00:00", "60 days", "2027-01-22T10:00+00:00", "7 + 31 + 22"),
    ("office", "2026-11-23T22:15+00:00", "24 hours", "2026-11-24T22:15+00:00", "open or not"),
    # fixed holidays
    ("office", "2025-12-31T10:00+01:00", "1 working day", "2026-01-02T16:30+01:00", "New Year on Thu"),
    ("office", "2026-12-31T10:00+00:00", "1 working day", "2027-01-04T16:30+00:00", "New Year on Fri"),
    ("office", "2026-12-31T16:00+00:00", "1 working hour", "2027-01-04T09:00+00:00", "half an hour on either side"),
    ("office", "2027-12-31T10:00+00:00", "1 working day", "2028-01-03T16:30+00:00", "New Year on Sat"),
    ("office", "2027-01-08T10:00+00:00", "1 working day", "2027-01-12T16:30+00:00", "11 January on Mon"),
    ("office", "2026-01-13T10:00+01:00", "1 working day", "2026-01-15T16:30+01:00", "Amazigh New Year on Wed"),
    ("office", "2026-04-30T10:00+01:00", "1 working day", "2026-05-04T16:30+01:00", "Labour Day on Fri"),
    ("office", "2026-07-29T10:00+01:00", "1 working day", "2026-07-31T16:30+01:00", "Throne Day on Thu"),
    ("office", "2026-08-13T10:00+01:00", "1 working day", "2026-08-17T16:30+01:00", "Oued Ed-Dahab on Fri"),
    ("office", "2026-08-19T10:00+01:00", "1 working day", "2026-08-24T16:30+01:00", "20 and 21 August, Thu and Fri"),
    ("office", "2028-08-18T10:00+00:00", "1 working day", "2028-08-22T16:30+00:00", "Youth Day on Mon"),
    ("office", "2026-11-05T10:00+00:00", "1 working day", "2026-11-09T16:30+00:00", "Green March on Fri"),
    ("office", "2026-11-17T10:00+00:00", "1 working day", "2026-11-19T16:30+00:00", "Independence Day on Wed"),
    ("office", "2028-10-30T10:00+00:00", "1 working day", "2028-11-01T16:30+00:00", "Unity Day on Tue"),
    ("split", "2026-10-30T10:00+00:00", "1 working day", "2026-11-02T18:00+00:00", "Unity Day on an open Sat"),
    ("office", "2026-11-18T10:00+00:00", "1 working hour", "2026-11-19T09:30+00:00", "filed on a holiday"),
    # lunar holidays, as estimated
    (
        "office",
        "2026-03-19T10:00+00:00",
        "1 working day",
        "2026-03-23T16:30+01:00",
        "Eid al-Fitr 20-21; clocks forward",
    ),
    ("office", "2027-03-08T10:00+00:00", "1 working day", "2027-03-11T16:30+00:00", "Eid al-Fitr 9-10, Tue and Wed"),
    ("office", "2026-05-26T10:00+01:00", "1 working day", "2026-05-29T16:30+01:00", "Eid al-Adha 27-28"),
    ("office", "2027-05-14T10:00+00:00", "1 working day", "2027-05-18T16:30+00:00", "Eid al-Adha, Sun and Mon"),
    ("office", "2026-06-15T10:00+01:00", "1 working day", "2026-06-17T16:30+01:00", "1 Muharram on Tue"),
    ("office", "2026-08-24T10:00+01:00", "1 working day", "2026-08-27T16:30+01:00", "Mawlid 25-26"),
    ("office", "2026-08-24T15:30+01:00", "2 working hours", "2026-08-27T09:30+01:00", "an hour on either side"),
    ("office", "2028-08-02T10:00+00:00", "1 working day", "2028-08-07T16:30+00:00", "Mawlid, Thu and Fri"),
    # Ramadan hours
    ("office", "2026-02-18T10:00+00:00", "2 working days", "2026-02-20T15:00+00:00", "closes at 15:00 from the 19th"),
    ("office", "2026-02-18T15:30+00:00", "2 working hours", "2026-02-19T10:00+00:00", "1 h, then opens at 9"),
    ("office", "2026-03-17T14:00+00:00", "8 working hours", "2026-03-19T10:00+00:00", "1 + 6 + 1 h"),
    (
        "office",
        "2026-03-19T14:00+00:00",
        "2 working hours",
        "2026-03-23T09:30+01:00",
        "last hour of Ramadan; 8:30 again",
    ),
    ("office 2024", "2024-03-11T10:00+00:00", "1 working day", "2024-03-12T15:00+00:00", "first day, as announced"),
    ("office 2024", "2024-04-09T10:00+00:00", "1 working day", "2024-04-12T16:30+00:00", "last day; Eid 10-11"),
    ("office 2024", "2025-02-28T10:00+00:00", "1 working day", "2025-03-03T15:00+00:00", "Ramadan began on Sunday"),
    ("office 2024", "2025-03-28T10:00+00:00", "1 working day", "2025-04-01T16:30+00:00", "Eid on Sun and Mon"),
    ("split", "2026-02-19T10:00+00:00", "1 working day", "2026-02-20T18:00+00:00", "no Ramadan hours given"),
    # clock changes as the law has them
    ("office", "2026-02-13T10:00+01:00", "1 working day", "2026-02-16T16:30+00:00", "clocks back on Sunday"),
    ("office", "2026-02-13T16:00+01:00", "1 working hour", "2026-02-16T09:00+00:00", "half an hour on either side"),
    ("office", "2026-09-18T10:00+01:00", "1 working day", "2026-09-21T16:30+00:00", "UTC for good from the 20th"),
    ("always", "2026-02-14T20:00+01:00", "8 working hours", "2026-02-15T03:00+00:00", "2 o'clock came twice"),
    ("always", "2026-03-21T22:00+00:00", "8 working hours", "2026-03-22T07:00+01:00", "2 o'clock never came"),
    ("always", "2026-09-19T22:00+01:00", "8 working hours", "2026-09-20T05:00+00:00", "1 o'clock came twice"),
    ("always", "2026-02-14T10:00+01:00", "1 working day", "2026-02-16T00:00+00:00", "a day of 25 h, to its end"),
    ("always", "2026-02-14T10:00+01:00", "1 day", "2026-02-15T10:00+00:00", "same wall time, 25 h later"),
    ("always", "2026-02-14T10:00+01:00", "24 hours", "2026-02-15T09:00+00:00", "24 h, another wall time"),
    ("always", "2026-03-21T02:30+00:00", "1 day", "2026-03-22T03:00+01:00", "2:30 never came"),
    ("always", "2026-02-14T02:30+01:00", "1 day", "2026-02-15T02:30+00:00", "2:30 twice: the second"),
    ("always", "2026-09-19T01:30+01:00", "1 day", "2026-09-20T01:30+00:00", "1:30 twice: the second"),
    # clock changes as they would have gone on
    ("office, as foreseen", "2027-02-05T10:00+01:00", "1 working day", "2027-02-08T15:00+00:00", "Ramadan on Monday"),
    ("office, as foreseen", "2027-03-12T10:00+00:00", "1 working day", "2027-03-15T16:30+01:00", "forward on Sunday"),
    ("office, as foreseen", "2028-01-21T10:00+01:00", "1 working day", "2028-01-24T16:30+00:00", "back on Sunday"),
    ("office, as foreseen", "2028-03-03T16:00+00:00", "1 working hour", "2028-03-06T09:00+01:00", "forward on Sunday"),
    ("always, as foreseen", "2027-02-06T22:00+01:00", "8 working hours", "2027-02-07T05:00+00:00", "9 h on the clock"),
    ("always, as foreseen", "2027-03-13T22:00+00:00", "8 working hours", "2027-03-14T07:00+01:00", "7 h on the clock"),
    ("always, as foreseen", "2028-01-22T22:00+01:00", "8 working hours", "2028-01-23T05:00+00:00", "9 h on the clock"),
    ("always, as foreseen", "2028-03-04T22:00+00:00", "8 working hours", "2028-03-05T07:00+01:00", "7 h on the clock"),
    # other hours
    ("always", "2026-12-31T23:00+00:00", "2 working hours", "2027-01-01T01:00+00:00", "24/7 knows no New Year"),
    ("always", "2026-11-23T10:00+00:00", "2 working days", "2026-11-26T00:00+00:00", "to the end of Wednesday"),
    ("split", "2026-11-23T11:30+00:00", "1 working hour", "2026-11-23T14:30+00:00", "lunch does not count"),
    ("split", "2026-11-23T12:30+00:00", "1 working hour", "2026-11-23T15:00+00:00", "filed at lunch"),
    ("split", "2026-11-27T17:00+00:00", "4 working hours", "2026-11-28T12:00+00:00", "1 h Fri, 3 h Sat to closing"),
    ("split", "2026-11-27T10:00+00:00", "1 working day", "2026-11-28T12:00+00:00", "Saturday closes at noon"),
    ("night", "2026-11-23T21:00+00:00", "4 working hours", "2026-11-24T02:00+00:00", "across midnight"),
    ("night", "2026-11-23T23:30+00:00", "8 working hours", "2026-11-24T23:30+00:00", "0.5 + 6 + 1.5 h"),
    ("night", "2026-11-23T10:00+00:00", "1 working day", "2026-11-25T00:00+00:00", "Tuesday closes at 24:00"),
    ("night", "2026-11-28T23:00+00:00", "1 working day", "2026-11-29T06:00+00:00", "Sunday closes at 6"),
    ("night", "2026-02-14T23:00+01:00", "4 working hours", "2026-02-15T02:00+00:00", "2 o'clock came twice"),
    ("office, own closure", "2026-11-23T10:00+00:00", "1 working day", "2026-11-26T16:30+00:00", "the city is closed"),
    ("office, own closure", "2026-11-23T16:00+00:00", "1 working hour", "2026-11-26T09:00+00:00", "the city is closed"),
    ("office, own closure", "2026-11-24T10:00+00:00", "1 working day", "2026-11-26T16:30+00:00", "filed while closed"),
    ("office, own closure", "2026-11-23T10:00+00:00", "2 days", "2026-11-25T10:00+00:00", "days know no closure"),
    ("split", "2026-11-23T18:00+00:00", "1 working hour", "2026-11-24T09:30+00:00", "evening: from next morning"),
    ("split", "2026-11-28T12:00+00:00", "1 working hour", "2026-11-30T09:30+00:00", "Saturday's closing is closed"),
    ("split", "2026-11-23T08:00+00:00", "8 working hours", "2026-11-24T09:00+00:00", "7.5 h Mon, 0.5 h Tue"),
    ("split", "2026-11-26T10:00+00:00", "3 working days", "2026-11-30T18:00+00:00", "Fri, Sat, Mon"),
    ("night", "2026-11-24T03:00+00:00", "4 working hours", "2026-11-24T23:00+00:00", "3 h till six, 1 h from ten"),
    ("night", "2026-11-28T22:00+00:00", "2 working hours", "2026-11-29T00:00+00:00", "used up at midnight"),
    ("always", "2026-11-23T10:00+00:00", "1 working hour", "2026-11-23T11:00+00:00", "round the clock"),
    ("always", "2026-11-23T23:59+00:00", "1 working day", "2026-11-25T00:00+00:00", "the end of Tuesday"),
    # edges of days, months and years
    ("office", "2026-11-24T09:00+00:00", "3 working days", "2026-11-27T16:30+00:00", "Wed, Thu, Fri"),
    ("office", "2026-11-16T09:00+00:00", "3 working days", "2026-11-20T16:30+00:00", "17, 19, 20: a holiday on Wed"),
    ("office", "2026-11-20T16:30+00:00", "1 working day", "2026-11-23T16:30+00:00", "filed at the very closing"),
    ("office", "2026-11-23T08:30+00:00", "1 working hour", "2026-11-23T09:30+00:00", "filed at the very opening"),
    ("office", "2026-11-24T16:00+00:00", "16 working hours", "2026-11-26T16:00+00:00", "0.5 + 8 + 7.5 h"),
    ("office", "2026-11-27T16:30+00:00", "8 working hours", "2026-11-30T16:30+00:00", "all of Monday"),
    ("office", "2026-11-30T10:00+00:00", "1 day", "2026-12-01T10:00+00:00", "over the month's end"),
    ("office", "2028-02-28T10:00+00:00", "1 working day", "2028-02-29T16:30+00:00", "the leap day"),
    ("office", "2028-02-28T10:00+00:00", "2 days", "2028-03-01T10:00+00:00", "over the leap day"),
    ("office", "2026-11-23T10:00+00:00", "366 days", "2027-11-24T10:00+00:00", "a year and a day"),
    ("office", "2026-11-23T10:00+00:00", "72 hours", "2026-11-26T10:00+00:00", "three real days"),
    # a Ramadan that was not announced yet
    ("office", "2027-02-05T16:00+00:00", "1 working hour", "2027-02-08T09:30+00:00", "half on Ramadan's first day"),
    ("office", "2027-02-08T10:00+00:00", "1 working day", "2027-02-09T15:00+00:00", "closes at 15:00"),
    ("office", "2027-01-13T10:00+00:00", "1 working day", "2027-01-15T16:30+00:00", "Amazigh New Year on Thu"),
]


@pytest.mark.parametrize(("calendar", "filed", "within", "expected", "why"), TABLE)
def test_the_promise_is_the_one_reasoned_by_hand(
    calendar: str, filed: str, within: str, expected: str, why: str
) -> None:
    promise = due(datetime.fromisoformat(filed), parse_duration(within), CALENDARS[calendar])
    at = datetime.fromisoformat(expected)
    assert promise == Promise(wall=at.replace(tzinfo=None), instant=at.astimezone(UTC)), why


# calendar, filed, within, first promise, paused, resumed, promise after the pause, why
PAUSES = [
    (
        *("office", "2026-11-23T10:00+00:00", "2 working days", "2026-11-25T16:30+00:00"),
        *("2026-11-24T10:30+00:00", "2026-11-26T10:30+00:00", "2026-11-27T16:30+00:00", "14 h left: 6 Thu, 8 Fri"),
    ),
    (
        *("office", "2026-11-23T10:00+00:00", "2 working days", "2026-11-25T16:30+00:00"),
        *("2026-11-24T10:30+00:00", "2026-11-27T14:30+00:00", "2026-12-01T12:30+00:00", "2 Fri, 8 Mon, 4 Tue"),
    ),
    (
        *("office", "2026-11-23T10:00+00:00", "2 working days", "2026-11-25T16:30+00:00"),
        *(
            "2026-11-24T10:30+00:00",
            "2026-11-24T10:35+00:00",
            "2026-11-26T08:35+00:00",
            "five minutes are five minutes",
        ),
    ),
    (
        *("office", "2026-11-23T10:00+00:00", "2 working days", "2026-11-25T16:30+00:00"),
        *("2026-11-24T10:30+00:00", "2026-11-24T10:30+00:00", "2026-11-25T16:30+00:00", "no pause at all"),
    ),
    (
        *("office", "2026-11-27T10:00+00:00", "1 working day", "2026-11-30T16:30+00:00"),
        *("2026-11-27T18:00+00:00", "2026-11-29T12:00+00:00", "2026-11-30T16:30+00:00", "closed all the while"),
    ),
    (
        *("office", "2026-11-23T10:00+00:00", "8 working hours", "2026-11-24T10:00+00:00"),
        *("2026-11-24T10:00+00:00", "2026-11-26T10:00+00:00", "2026-11-24T10:00+00:00", "paused too late"),
    ),
    (
        *("office", "2026-11-23T10:00+00:00", "8 working hours", "2026-11-24T10:00+00:00"),
        *("2026-11-23T14:30+00:00", "2026-11-25T15:00+00:00", "2026-11-26T10:30+00:00", "3.5 h left: 1.5 Wed, 2 Thu"),
    ),
    (
        *("office", "2026-11-16T10:00+00:00", "1 working day", "2026-11-17T16:30+00:00"),
        *("2026-11-17T15:30+00:00", "2026-11-18T12:00+00:00", "2026-11-19T09:30+00:00", "resumed on a holiday"),
    ),
    (
        *("office", "2026-02-17T10:00+00:00", "2 working days", "2026-02-19T15:00+00:00"),
        *("2026-02-18T10:30+00:00", "2026-02-20T09:00+00:00", "2026-02-23T15:00+00:00", "12 h left, days of 6 h"),
    ),
    (
        *("always", "2026-02-14T12:00+01:00", "24 working hours", "2026-02-15T11:00+00:00"),
        *("2026-02-14T23:00+01:00", "2026-02-15T04:00+00:00", "2026-02-15T17:00+00:00", "6 real hours, 5 on the clock"),
    ),
    (
        *("office", "2026-11-23T10:00+00:00", "5 days", "2026-11-28T10:00+00:00"),
        *("2026-11-24T10:00+00:00", "2026-11-25T12:00+00:00", "2026-11-29T12:00+00:00", "a day and two hours"),
    ),
    (
        *("office", "2026-02-13T10:00+01:00", "5 days", "2026-02-18T10:00+00:00"),
        *("2026-02-14T10:00+01:00", "2026-02-15T10:00+00:00", "2026-02-19T10:00+00:00", "a day on the clock"),
    ),
    (
        *("office", "2026-02-13T10:00+01:00", "48 hours", "2026-02-15T09:00+00:00"),
        *("2026-02-14T10:00+01:00", "2026-02-15T10:00+00:00", "2026-02-16T10:00+00:00", "25 real hours"),
    ),
]


@pytest.mark.parametrize(("calendar", "filed", "within", "first", "paused", "resumed", "expected", "why"), PAUSES)
def test_a_pause_moves_the_promise_as_reasoned_by_hand(
    calendar: str, filed: str, within: str, first: str, paused: str, resumed: str, expected: str, why: str
) -> None:
    duration = parse_duration(within)
    promise = due(datetime.fromisoformat(filed), duration, CALENDARS[calendar])
    assert promise.instant == datetime.fromisoformat(first)
    moved = resume(
        promise, datetime.fromisoformat(paused), datetime.fromisoformat(resumed), CALENDARS[calendar], duration
    )
    at = datetime.fromisoformat(expected)
    assert moved == Promise(wall=at.replace(tzinfo=None), instant=at.astimezone(UTC)), why


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("2 working days", Duration(2, "working_days")),
        ("1 working day", Duration(1, "working_days")),
        ("8 working hours", Duration(8, "working_hours")),
        ("60 days", Duration(60, "days")),
        (" 24 Hours ", Duration(24, "hours")),
    ],
)
def test_durations_are_read(text: str, duration: Duration) -> None:
    assert parse_duration(text) == duration
    assert parse_duration(str(duration)) == duration


@pytest.mark.parametrize(
    "text",
    ["", "2", "days", "0 days", "-1 days", "1.5 days", "2 weeks", "2working days", "٢ days", "367 days", "99999 hours"],
)
def test_bad_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        parse_duration(text)


def test_naive_times_are_refused() -> None:
    naive, aware, office = datetime(2026, 11, 23, 10), datetime(2026, 11, 23, 10, tzinfo=UTC), CALENDARS["office"]
    duration = Duration(2, "working_days")
    promise = due(aware, duration, office)
    for call in (
        lambda: due(naive, duration, office),
        lambda: resume(promise, naive, aware, office, duration),
        lambda: resume(promise, aware, naive, office, duration),
        lambda: working_time_between(naive, aware, office),
    ):
        with pytest.raises(ValueError, match="no time zone"):
            call()


def test_the_clock_cannot_resume_before_it_paused() -> None:
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    promise = due(at, Duration(2, "working_days"), CALENDARS["office"])
    with pytest.raises(ValueError, match="cannot resume"):
        resume(promise, at, at - timedelta(seconds=1), CALENDARS["office"], Duration(2, "working_days"))


@pytest.mark.parametrize("within", ["1 working day", "1 working hour"])
def test_a_unit_that_never_opens_promises_nothing(within: str) -> None:
    shut = built(OFFICE_WEEK, closures=[(date(2026, 1, 1), date(2099, 1, 1))])
    with pytest.raises(NoOpeningHours, match="too few opening hours after 2026-11-23"):
        due(datetime(2026, 11, 23, 10, tzinfo=UTC), parse_duration(within), shut)
    rare = built({"mon": ["08:00-08:01"]})
    with pytest.raises(NoOpeningHours):
        due(datetime(2026, 11, 23, 10, tzinfo=UTC), Duration(2080, "working_hours"), rare)


def test_the_table_covers_what_it_claims() -> None:
    assert len(TABLE) + len(PAUSES) >= 120
    assert len({(calendar, filed, within) for calendar, filed, within, *_ in TABLE}) == len(TABLE)
