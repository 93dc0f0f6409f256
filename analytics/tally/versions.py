"""Which state of the counts an answer was made from."""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Version:
    """`number` rises with every change of a city's counts; `settled`: no change waits to be counted."""

    number: int
    settled: bool


def version_of(city_id: int) -> Version:
    """The present version. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT version FROM analytics_tallyversion WHERE jurisdiction_id = %s), 0),"
            " NOT EXISTS (SELECT FROM complaints_feeditem WHERE queue_state = 'due')",
            [city_id],
        )
        return Version(*cursor.fetchone())
