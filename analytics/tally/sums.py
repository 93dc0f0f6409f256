# ruff: noqa: S608 - the SQL is made of the constants of this file and of keeping.py
"""Counting from scratch: what the sums of a city should be, whether they are, and making them so.

Squares and spans of days are worked out from the finest up, each from the finer one below it: a hundredth of the work of
making every sum from the complaints.
"""

import itertools
from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max, Min

from analytics.models import DayCount, SquareCount
from analytics.tally.keeping import (
    AS_IT_SHOULD_BE,
    COLUMNS,
    DAY_KEYS,
    DAY_ZOOM,
    DETAIL_ZOOM,
    DISTRICT_ZOOM,
    LAST_MONTH,
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
_ROOM_TO_SORT = "SET LOCAL work_mem = '256MB'"


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
        cursor.execute(_ROOM_TO_SORT)
        for table, keys, sums in _PARTS:
            cursor.execute(
                f"WITH {_said(table, keys, sums)},"
                f" mended AS ({upsert(table, keys, sums, _difference(table, keys, sums))} RETURNING 1)"
                " SELECT count(*) FROM mended",
                {"city": city.pk},
            )
            wrong += cursor.fetchone()[0]
            cursor.execute(f"DELETE FROM {table} WHERE n = 0")
        if wrong:
            cursor.execute(RAISE.format(cities="(SELECT %(city)s AS jurisdiction_id) city"), {"city": city.pk})
    return wrong


@transaction.atomic
def wrong_sums(city: Jurisdiction) -> Iterator[str]:
    """Names of rows of a city's counts that are not what its counted complaints say: some of each kind. Locks nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_ROOM_TO_SORT)
        for table, keys, sums in _PARTS:
            cursor.execute(
                f"WITH {_said(table, keys, sums)} {_difference(table, keys, sums)} LIMIT {EXAMPLES}", {"city": city.pk}
            )
            for row in cursor.fetchall():
                yield f"{table} {row[: len(keys)]}"


def _said(table: str, keys: tuple[str, ...], sums: tuple[str, ...]) -> str:
    """Queries of a WITH; the last, `said`, gives the rows that a table of counts should have for the city %(city)s.

    No temporary table: the role that serves may make none.
    """
    columns = ", ".join((*keys, *sums))

    def of_city(rows: str) -> str:
        moved = "(SELECT * FROM analytics_counted WHERE jurisdiction_id = %(city)s) moved"
        return f"SELECT {columns} FROM ({rows.replace('FROM moved', f'FROM {moved}', 1)}) rows"

    if table == _DAYS:
        return f"said AS MATERIALIZED ({of_city(days('moved', '1'))})"
    zooms = SQUARE_ZOOMS[::-1]
    named = [f"squares_{zooms[0]} AS MATERIALIZED ({of_city(squares('moved', '1', zooms[:1]))})"]
    named += [
        f"squares_{zoom} AS MATERIALIZED ({_coarser_squares(finer, zoom)})" for finer, zoom in itertools.pairwise(zooms)
    ]
    every = [f"SELECT {columns} FROM squares_{zoom}" for zoom in zooms]
    every += [of_city(_squares_of_one_zoom(DETAIL_ZOOM, f"detailed = (month > 0) AND month <= {LAST_MONTH}"))]
    every += [of_city(_squares_of_one_zoom(DAY_ZOOM, f"month > {LAST_MONTH}"))]
    return ", ".join([*named, f"said AS ({' UNION ALL '.join(every)})"])


def _squares_of_one_zoom(zoom: int, which: str) -> str:
    return squares("moved", "1", (zoom,)).replace("WHERE spot", f"WHERE {which} AND spot", 1)


def _coarser_squares(finer: int, zoom: int) -> str:
    """Squares of one zoom from those of the next finer one; what one zoom only has is made from the complaints."""
    made = {"zoom": str(zoom), "square": f"square >> {2 * (finer - zoom)}"}
    if zoom < DISTRICT_ZOOM:
        made["district_id"] = "0"
    keys = ", ".join(f"{made.get(key, key)} AS {key}" for key in SQUARE_KEYS)
    summed = ", ".join(f"sum({name}) AS {name}" for name in SQUARE_SUMS)
    grouped = ", ".join(str(number + 1) for number in range(len(SQUARE_KEYS)))
    return f"SELECT {keys}, {summed} FROM squares_{finer} WHERE detailed = (month = 0) GROUP BY {grouped}"


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
