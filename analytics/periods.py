"""Periods in a city's own days: the one looked at, the equally long one before it, and months for trends.

Days are cut here, not in SQL: PostgreSQL has a copy of the time zone data of its own.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from catalogue.models import Jurisdiction
from complaints.filters import FilterError, Filters

DEFAULT_DAYS = 90
QUICK_DAYS = (30, 90, 365)


@dataclass(frozen=True)
class Period:
    """From `first` to `last`, both days included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first instant after it."""
        return _midnight(self.end, self.zone)

    @property
    def end(self) -> date:
        """The day after the last one, as the filter's `to` takes it."""
        return self.last + timedelta(days=1)

    @property
    def year_before(self) -> "Period":
        """The same days of the calendar a year earlier; the 29th of February is then the 28th."""
        return Period(_a_year_earlier(self.first), _a_year_earlier(self.last), self.zone)

    @property
    def before(self) -> "Period":
        """The equally long period that ends where this one begins."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)


def latest(days: int, city: Jurisdiction, now: datetime) -> Period:
    """The `days` days that end today in the city's zone."""
    zone = ZoneInfo(city.time_zone)
    today = now.astimezone(zone).date()
    return Period(today - timedelta(days=days - 1), today, zone)


def refuse_no_period(filters: Filters) -> None:
    """Raises FilterError for what no figures can be told of: parts of days, nothing, and what has not begun."""
    zone = ZoneInfo(filters.jurisdiction.time_zone)
    for name, instant in (("from", filters.since), ("to", filters.until)):
        if instant is not None and instant != _midnight(instant.astimezone(zone).date(), zone):
            raise FilterError(name, _("Only whole days can be looked at here: use a date such as 2026-11-23."))
    if filters.since and filters.until and filters.since >= filters.until:
        raise FilterError("to", _("The period ends before it begins."))
    if filters.since and not filters.until and filters.since > filters.now:
        raise FilterError("from", _("This period has not begun."))


def period_between(
    since: datetime | None, until: datetime | None, city: Jurisdiction, now: datetime, *, days: int = DEFAULT_DAYS
) -> Period:
    """The days that two instants of a filter stand for; without a beginning the `days` days up to its end."""
    zone = ZoneInfo(city.time_zone)
    last = (until - timedelta(microseconds=1)).astimezone(zone).date() if until else now.astimezone(zone).date()
    first = since.astimezone(zone).date() if since else last - timedelta(days=days - 1)
    return Period(min(first, last), last, zone)


def months_until(last: date, count: int) -> list[date]:
    """The first days of the `count` months that end with `last`'s month, and of the month after it."""
    number = last.year * 12 + last.month - 1
    return [date((number + i) // 12, (number + i) % 12 + 1, 1) for i in range(1 - count, 2)]


def month_limits(months: list[date], zone: ZoneInfo) -> list[datetime]:
    """The instants at which these days begin in `zone`."""
    return [_midnight(day, zone) for day in months]


def last_monday(city: Jurisdiction, at: time, now: datetime) -> datetime:
    """The newest Monday, `at` that hour in the city's zone, that is not after `now`."""
    local = now.astimezone(ZoneInfo(city.time_zone))
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), at, tzinfo=local.tzinfo)
    return monday if monday <= local else monday - timedelta(days=7)


def _a_year_earlier(day: date) -> date:
    leap = day.month == 2 and day.day == 29
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
