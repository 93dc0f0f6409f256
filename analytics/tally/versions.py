"""Which state of the counts an answer was made from."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True)
class Version:
    """`number` rises with every change of a city's counts; `settled`: nothing waits to be counted, not even the clock."""

    number: int
    settled: bool


def raise_version(city_id: int) -> None:
    """What was answered for a city is answered anew: something beside its counts has changed. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO analytics_tallyversion AS v (jurisdiction_id, version) VALUES (%s, 1)"
            " ON CONFLICT (jurisdiction_id) DO UPDATE SET version = v.version + 1",
            [city_id],
        )


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
