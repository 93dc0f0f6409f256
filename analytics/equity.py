"""Are quarters answered equally fast for the same category?

Each complaint is compared with the median time to answer of its own category in the whole city, so that a quarter with many
slow categories is not taken for a slow quarter. Unanswered ones count as slower as soon as they have waited longer than that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from analytics.intervals import share_interval
from analytics.numbers import rounded
from analytics.periods import Period
from analytics.scorecards import Subject
from complaints.querysets import ComplaintQuerySet
from complaints.workflow import OPEN_STATES


@dataclass(frozen=True)
class EquityLine:
    """One quarter: how many of its comparable complaints were slower than their category's median. `few`: fewer than k."""

    subject: Subject
    slower: int
    of: int
    # The same share of the whole city, in percent: about half, more where many still wait.
    city_share: float
    url: str
    few: bool

    @property
    def share(self) -> float:
        return 100 * self.slower / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """In percent, where chance alone could have made the share."""
        return share_interval(self.slower, self.of) or (0.0, 100.0)

    @property
    def verdict(self) -> str:
        """`few`, `slower`, `faster`, or `even` where chance may be all."""
        if self.few:
            return "few"
        low, high = self.interval
        return "slower" if low > self.city_share else "faster" if high < self.city_share else "even"

    @property
    def said(self) -> str:
        return {
            "few": _("too few to say"),
            "slower": _("slower than elsewhere"),
            "faster": _("faster than elsewhere"),
            "even": _("no clear difference"),
        }[self.verdict]

    @property
    def drawn(self) -> dict[str, str]:
        """Places on a line of 100: the share, its interval, and the whole city's share."""
        low, high = self.interval
        return {"at": f"{self.share:.1f}", "low": f"{low:.1f}", "high": f"{high:.1f}", "city": f"{self.city_share:.1f}"}

    @property
    def share_said(self) -> str:
        return f"{rounded(self.share, 0)}\u202f%"

    @property
    def interval_said(self) -> str:
        low, high = self.interval
        return f"{rounded(low, 0)}–{rounded(high, 0)}\u202f%"


def slower_by_district(
    rows: ComplaintQuerySet, key: str, period: Period, *, now: datetime
) -> dict[Any, tuple[int, int]]:
    """Of each value of `key`: slower than their category's median, and how many could be compared. One statement."""
    filed = (
        rows.filter(merged_into=None, submitted_at__gte=period.since, submitted_at__lt=period.until)
        .order_by()
        .annotate(place=F(key))
        .values_list("category_id", "submitted_at", "answered_at", "state", "place")
    )
    sql, values = filed.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH filed (category, filed_at, answered_at, state, place) AS MATERIALIZED ({sql}),
            usual AS (
                SELECT category, percentile_cont(0.5) WITHIN GROUP (ORDER BY answered_at - filed_at) AS took
                FROM filed WHERE answered_at IS NOT NULL GROUP BY category
            ),
            compared AS (
                SELECT place, answered_at - filed_at AS took, %s::timestamptz - filed_at AS waited, usual.took AS usual,
                    state = ANY(%s) AS open
                FROM filed JOIN usual USING (category)
            )
            SELECT place, count(*) FILTER (WHERE coalesce(took, waited) > usual), count(*) FROM compared
            WHERE took <> usual OR (took IS NULL AND open AND waited > usual) GROUP BY place
            """,  # noqa: S608 (the query is Django's own)
            [*values, now, sorted(OPEN_STATES)],
        )
        return {place: (slower, of) for place, slower, of in cursor.fetchall()}


def equity_rows(lines: Iterable[EquityLine]) -> Iterable[list[str]]:
    """The table for a file: plain numbers."""
    yield ["code", "name", "slower", "compared", "slower_percent", "low_percent", "high_percent", "verdict"]
    for line in lines:
        figures = [f"{figure:.4g}" for figure in (line.share, *line.interval)]
        yield [line.subject.code, line.subject.name, str(line.slower), str(line.of), *figures, line.verdict]
