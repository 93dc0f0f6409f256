"""Days and months on a city's own calendar."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def local_day(instant: datetime, time_zone: str) -> date:
    """The city's day of an instant."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def month_of(day: date) -> date:
    """The first day of a day's month: how months are named in code and rows."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def previous_month(month: date) -> date:
    return month_of(month - timedelta(days=1))


def last_day(month: date) -> date:
    return next_month(month) - timedelta(days=1)


def parse_month(text: str) -> date | None:
    """The month that an address or a form names as 2026-10; None if it is none."""
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        return None
