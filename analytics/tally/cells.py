# ruff: noqa: S608 - the SQL is made of the constants of this file and of asking.py
"""Cells of a whole city under a filter, as the complaints are this instant, without looking at more of them than must be."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from analytics.tally import waiting
from analytics.tally.asking import Question, conditions_on_counted, counted_squares
from analytics.tally.spots import SPOT_ZOOM, Square
from analytics.tally.waiting import waiting_sql

_WHOLE = Square(0, 0, 0)


@dataclass(frozen=True)
class CountedCells:
    """By (x, y): how many, how many of them with a deadline, and late. `waiting` complaints are left out of them.

    `version` is that of the counts (versions.py).
    """

    version: int
    cells: dict[tuple[int, int], tuple[int, int, int]]
    waiting: list[int]


def counted_cells(question: Question, zoom: int, *, now: datetime) -> CountedCells | None:
    """The cells of `zoom` under a bounded question; None while too much has changed since. One statement."""
    rows, values = counted_squares(question, _WHOLE, zoom)
    changed, more = waiting_sql(now, waiting.MOST)
    where, asked = conditions_on_counted(question)
    values |= more | asked | {"first": question.first, "last": question.last}
    sql = f"""
    WITH waiting AS MATERIALIZED ({changed}),
    counted AS (
        SELECT square, n, promised, missed FROM ({rows}) kept WHERE n > 0
        UNION ALL SELECT c.spot >> {2 * (SPOT_ZOOM - zoom)}, -1, -promised::int, -missed::int
        FROM analytics_counted c WHERE c.complaint_id IN (SELECT complaint_id FROM waiting) AND c.spot IS NOT NULL AND {where}
          AND (%(first)s::date IS NULL OR c.day BETWEEN %(first)s AND %(last)s)
    ),
    cell AS (SELECT square, sum(n)::int AS n, sum(promised)::int AS promised, sum(missed)::int AS missed FROM counted GROUP BY 1)
    SELECT coalesce((SELECT version FROM analytics_tallyversion WHERE jurisdiction_id = %(city)s), 0),
        ARRAY(SELECT complaint_id FROM waiting), ARRAY(SELECT ARRAY[square, n, promised, missed] FROM cell WHERE n > 0)"""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        version, changed_ids, found = cursor.fetchone()
    if len(changed_ids) > waiting.MOST:
        return None
    squares = ((Square.of_number(zoom, number), tuple(counts)) for number, *counts in found)
    return CountedCells(version, {(square.x, square.y): counts for square, counts in squares}, changed_ids)
