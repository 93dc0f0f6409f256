"""Which state of the counts an answer was made from."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True)
class Version:
    """`number` rises with every change of a city's counts; `settled`: nothing waits to be counted, not even the clock."""

    number: int
    settled: bool


def version_of(city_id: int, *, now: datetime) -> Version:
    """The present version. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT version FROM analytics_tallyversion WHERE jurisdiction_id = %s), 0),"
            " NOT EXISTS (SELECT FROM complaints_feeditem WHERE queue_state = 'due')"
            " AND NOT EXISTS (SELECT FROM analytics_counted WHERE late_at < %s)",
            [city_id, now],
        )
        return Version(*cursor.fetchone())
