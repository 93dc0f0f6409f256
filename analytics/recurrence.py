"""Recurrence: did it stay mended? Of the complaints resolved, those after which the same thing was founded at the same place.

Definition (VERSION, on the office's page):
- Looked at: complaints that stand as resolved or confirmed, closed at least DAYS days ago, whose exact place is public.
- Came back: another complaint of the same category was filed within DAYS days after the closing and at most METRES away, and
  it was not rejected, withdrawn or out of scope. One merged into another is the other.
Both sides are told by complaints.csv, so that the squares' figures can be made again from it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.gis.db.models.functions import GeoFunc
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import FloatField, Q

from complaints.querysets import ComplaintQuerySet
from complaints.workflow import State

VERSION, SINCE = 1, date(2026, 11, 28)
DAYS = 30
METRES = 50
FIXED = (State.RESOLVED, State.CONFIRMED)
_UNFOUNDED = (State.REJECTED, State.WITHDRAWN, State.OUT_OF_SCOPE)
_METRES_A_DEGREE = 111_195
_PLACED = Q(place_shown="exact", default_point_suspect=False, public_point__isnull=False)


class X(GeoFunc):
    """A point's longitude."""

    function = "ST_X"
    output_field = FloatField()


class Y(GeoFunc):
    """A point's latitude."""

    function = "ST_Y"
    output_field = FloatField()


@dataclass(frozen=True)
class Recurrence:
    """Of `watched` resolved complaints so many came back."""

    watched: int = 0
    recurred: int = 0

    @property
    def share(self) -> float | None:
        """From 0 to 1."""
        return self.recurred / self.watched if self.watched else None


# Places fall into boxes twice METRES wide, in metres that are at most as long as true ones: whatever lies within METRES of
# a place is in one of four boxes, which a hash finds.
_SQL = """
WITH mended AS MATERIALIZED ({mended}),
scale AS (
    SELECT %(metres)s * 2.0 AS side, %(degree)s * cos(radians(least(85, coalesce(max(abs(lat)), 0) + 0.01))) AS lon_m,
        min(closed_at) AS first, max(closed_at) + %(after)s AS last
    FROM mended
),
later AS MATERIALIZED (
    SELECT o.*, floor(o.lon * lon_m / side) AS bx, floor(o.lat * %(degree)s / side) AS by
    FROM ({others}) o, scale WHERE o.submitted_at > scale.first AND o.submitted_at <= scale.last
),
back AS MATERIALIZED (
    SELECT DISTINCT m.id FROM mended m CROSS JOIN scale
    CROSS JOIN (VALUES (-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)) AS step (x, y)
    JOIN later l ON l.category_id = m.category_id AND l.bx = floor(m.lon * lon_m / side + step.x)
      AND l.by = floor(m.lat * %(degree)s / side + step.y)
    WHERE l.id <> m.id AND l.submitted_at > m.closed_at AND l.submitted_at <= m.closed_at + %(after)s
      AND ST_DistanceSphere(ST_MakePoint(m.lon, m.lat), ST_MakePoint(l.lon, l.lat)) <= %(metres)s
)
SELECT {columns}, count(*), count(back.id) FROM mended LEFT JOIN back ON back.id = mended.id GROUP BY {groups}
"""


def recurrences(
    rows: ComplaintQuerySet,
    others: ComplaintQuerySet,
    facts: dict[str, Any],
    *,
    columns: str,
    groups: str,
    now: datetime,
) -> list[tuple[Any, ...]]:
    """SQL `columns` with watched and recurred, of `rows` grouped by SQL `groups`; `facts` are what these are made of.

    `others`: all that may be the other complaint, whatever the filter says. One statement.
    """
    mended = rows.filter(
        _PLACED, state__in=FIXED, closed_at__isnull=False, closed_at__lte=now - timedelta(days=DAYS), merged_into=None
    )
    founded = others.filter(_PLACED, merged_into=None).exclude(state__in=_UNFOUNDED)
    place = {"lon": X("public_point"), "lat": Y("public_point")}
    values: dict[str, Any] = {"metres": METRES, "degree": _METRES_A_DEGREE, "after": timedelta(days=DAYS)}
    with connection.cursor() as cursor:
        written = []
        for found in (
            mended.order_by().values("id", "category_id", "closed_at", **place, **facts),
            founded.order_by().values("id", "category_id", "submitted_at", **place),
        ):
            try:
                text = cursor.mogrify(*found.query.sql_with_params()).decode()
            except EmptyResultSet:
                return []
            written.append(text.replace("%", "%%"))
        sql = _SQL.format(mended=written[0], others=written[1], columns=columns, groups=groups)
        cursor.execute(sql, values)
        fetched: list[tuple[Any, ...]] = cursor.fetchall()
        return fetched
