# ruff: noqa: S608 - the SQL is made of the constants of this file and of keeping.py
"""Counting from scratch: what the sums of a city should be, whether they are, and making them so.

Squares and spans of days are worked out from the finest up, each from the finer one below it: a hundredth of the work of
making every sum from the complaints.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max, Min

from analytics.models import DayCount, SquareCount
from analytics.tally.keeping import (
    AS_IT_SHOULD_BE,
    COLUMNS,
    DAY_KEYS,
    DETAIL_ZOOM,
    DISTRICT_ZOOM,
    LOCK,
    MEASURES,
    RAISE,
    SQUARE_KEYS,
    SQUARE_SUMS,
    SQUARE_ZOOMS,
    days,
    squares,
    upsert,
    zones,
)
from catalogue.models import Jurisdiction
from complaints.models import Complaint

_SQUARES, _DAYS = SquareCount._meta.db_table, DayCount._meta.db_table
_PARTS = ((_SQUARES, SQUARE_KEYS, SQUARE_SUMS), (_DAYS, DAY_KEYS, MEASURES))
EXAMPLES = 20


@transaction.atomic
def fill(city: Jurisdiction, *, now: datetime, batch: int = 200_000) -> None:
    """Count all complaints of a city that are not counted yet: first the complaints, then the sums of them at once."""
    span = Complaint.objects.filter(jurisdiction=city).aggregate(first=Min("pk"), last=Max("pk"))
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        for low in range(span["first"] or 0, (span["last"] or -1) + 1, batch):
            cursor.execute(_FILL, {"city": city.pk, "low": low, "high": low + batch, "now": now, **zones()})
    put_right(city)


@transaction.atomic
def put_right(city: Jurisdiction) -> int:
    """Make every sum of a city what its counted complaints say; how many rows were wrong."""
    wrong = 0
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        for table, keys, sums in _PARTS:
            _work_out(table, keys, sums, city)
            cursor.execute(
                f"WITH mended AS ({upsert(table, keys, sums, _difference(table, keys, sums))} RETURNING 1)"
                " SELECT count(*) FROM mended",
                {"city": city.pk},
            )
            wrong += cursor.fetchone()[0]
            cursor.execute(f"DELETE FROM {table} WHERE n = 0")
            cursor.execute("DROP TABLE said")
        if wrong:
            cursor.execute(RAISE.format(cities="(SELECT %(city)s AS jurisdiction_id) city"), {"city": city.pk})
    return wrong


@transaction.atomic
def wrong_sums(city: Jurisdiction) -> Iterator[str]:
    """Names of rows of a city's counts that are not what its counted complaints say: some of each kind. Locks nothing."""
    with connection.cursor() as cursor:
        for table, keys, sums in _PARTS:
            _work_out(table, keys, sums, city)
            cursor.execute(f"{_difference(table, keys, sums)} LIMIT {EXAMPLES}", {"city": city.pk})
            for row in cursor.fetchall():
                yield f"{table} {row[: len(keys)]}"
            cursor.execute("DROP TABLE said")


def _work_out(table: str, keys: tuple[str, ...], sums: tuple[str, ...], city: Jurisdiction) -> None:
    """A temporary table `said` with the rows that a table of counts should have for a city."""
    of_city = "(SELECT * FROM analytics_counted WHERE jurisdiction_id = %(city)s) moved"
    columns = ", ".join((*keys, *sums))
    steps = [_coarser_squares(*zooms) for zooms in zip(SQUARE_ZOOMS[:0:-1], SQUARE_ZOOMS[-2::-1], strict=True)]
    of_complaints = [squares("moved", "1", SQUARE_ZOOMS[-1:]), _detailed_months()]
    if table == _DAYS:
        of_complaints, steps = [days("moved", "1")], []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(f"CREATE TEMP TABLE said (LIKE {table}) ON COMMIT DROP")
        for rows in of_complaints:
            rows = rows.replace("FROM moved", f"FROM {of_city}", 1)
            cursor.execute(f"INSERT INTO said ({columns}) SELECT {columns} FROM ({rows}) rows", {"city": city.pk})
        for step in steps:
            cursor.execute(f"INSERT INTO said ({columns}) {step}")


def _detailed_months() -> str:
    return squares("moved", "1", (DETAIL_ZOOM,)).replace("WHERE spot", "WHERE detailed AND month > 0 AND spot", 1)


def _coarser_squares(finer: int, zoom: int) -> str:
    """Squares of one zoom from those of the next finer one; months in detail are made from the complaints."""
    district = "district_id" if zoom >= DISTRICT_ZOOM else "0"
    return f"""
    SELECT jurisdiction_id, {zoom}, month, detailed, square >> {2 * (finer - zoom)}, service_id, category_id, {district}, unit_id,
        anchored, {", ".join(f"sum({name})" for name in SQUARE_SUMS)}
    FROM said WHERE zoom = {finer} AND detailed = (month = 0) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"""


def _difference(table: str, keys: tuple[str, ...], sums: tuple[str, ...]) -> str:
    """SQL of what must be added to the table to make it `said`."""
    columns = ", ".join(keys)
    return f"""
    SELECT {columns}, {", ".join(f"sum({name}) AS {name}" for name in sums)} FROM (
        SELECT {", ".join((*keys, *sums))} FROM said
        UNION ALL SELECT {columns}, {", ".join(f"-{name}" for name in sums)} FROM {table} WHERE jurisdiction_id = %(city)s
    ) compared GROUP BY {columns} HAVING {" OR ".join(f"sum({name}) <> 0" for name in sums)}"""


_FILL = f"""
WITH {AS_IT_SHOULD_BE.format(which="c.jurisdiction_id = %(city)s AND c.id >= %(low)s AND c.id < %(high)s")}
INSERT INTO analytics_counted (complaint_id, {", ".join(COLUMNS)}) SELECT complaint_id, {", ".join(COLUMNS)} FROM should
ON CONFLICT (complaint_id) DO NOTHING
"""
