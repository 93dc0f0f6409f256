"""How readily each quarter reports, estimated from duplicates, and complaints corrected for it.

After Liu, Bhandaram and Garg, arXiv 2204.08620. An incident that nobody has reported cannot be seen; but once one person has
reported it, others who report the same incident show how often it is met by somebody who reports. While an incident stands,
reports come at random (Poisson) at a rate of its category and quarter, so that the duplicates after the first report, over the
days that it still stood, are that rate, whatever number of incidents was never reported.

- A category's rate in the whole city times the days gives the duplicates that a quarter would have if it reported as readily
  as all; its own over those is its readiness. So a quarter full of potholes is compared with potholes elsewhere.
- Complaints (duplicates among them) over the readiness are those it would have filed if it reported as readily as all.
- An incident is watched from its first report until it is closed, at most WINDOW_DAYS: later ones are rarely the same incident.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp, sqrt
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext as _

from analytics.numbers import rounded
from analytics.periods import Period
from analytics.scorecards import Subject
from complaints.querysets import ComplaintQuerySet

WINDOW_DAYS = 30
# Fewer duplicates than this, found or expected, tell nothing of a rate: the interval would span a factor of three.
FEWEST = 10
_Z = 1.96


@dataclass(frozen=True)
class Watched:
    """Incidents of one quarter and category: reports of them, duplicates after the first one, and days watched."""

    reports: int
    duplicates: int
    days: float


@dataclass(frozen=True)
class Readiness:
    """One quarter: its reports and duplicates, and the duplicates it would have if it reported as readily as all."""

    reports: int
    duplicates: int
    expected: float

    @property
    def is_known(self) -> bool:
        return self.duplicates >= FEWEST and self.expected >= FEWEST

    @property
    def rate(self) -> float:
        """Times the city's: 1 is as readily as all."""
        return self.duplicates / self.expected

    @property
    def interval(self) -> tuple[float, float]:
        """Of the rate, 95 of 100: Byar's for a number of events."""
        events = self.duplicates
        low = events * (1 - 1 / (9 * events) - _Z / (3 * sqrt(events))) ** 3
        more = events + 1
        high = more * (1 - 1 / (9 * more) + _Z / (3 * sqrt(more))) ** 3
        return low / self.expected, high / self.expected

    @property
    def corrected(self) -> float:
        """Complaints, had it reported as readily as all."""
        return self.reports / self.rate

    @property
    def corrected_interval(self) -> tuple[float, float]:
        """95 of 100, for chance in the duplicates and in the complaints."""
        spread = exp(_Z * sqrt(1 / self.duplicates + 1 / self.reports))
        return self.corrected / spread, self.corrected * spread


def readiness(watched: Mapping[tuple[Any, Any], Watched]) -> dict[Any, Readiness]:
    """By quarter, from what was watched by (quarter, category)."""
    duplicates: dict[Any, int] = {}
    days: dict[Any, float] = {}
    for (_place, category), seen in watched.items():
        duplicates[category] = duplicates.get(category, 0) + seen.duplicates
        days[category] = days.get(category, 0.0) + seen.days
    found: dict[Any, Readiness] = {}
    for (place, category), seen in watched.items():
        expected = seen.days * duplicates[category] / days[category] if days[category] else 0.0
        before = found.get(place, Readiness(0, 0, 0.0))
        found[place] = Readiness(
            before.reports + seen.reports, before.duplicates + seen.duplicates, before.expected + expected
        )
    return found


def watched_incidents(
    rows: ComplaintQuerySet, key: str, period: Period, *, now: datetime
) -> dict[tuple[Any, Any], Watched]:
    """What `rows` filed in the period show, with those merged into them and "me too", by `key` and category. One statement."""
    filed = (
        rows.filter(merged_into=None, submitted_at__gte=period.since, submitted_at__lt=period.until)
        .order_by()
        .annotate(place=F(key))
        .values_list("pk", "category_id", "submitted_at", "closed_at", "place")
    )
    sql, values = filed.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH incident (id, category, filed_at, closed_at, place) AS MATERIALIZED ({sql}),
            report AS (
                SELECT id, filed_at AS at FROM incident
                UNION ALL SELECT d.merged_into_id, d.submitted_at
                FROM complaints_complaint d JOIN incident i ON i.id = d.merged_into_id
                UNION ALL SELECT s.complaint_id, s.joined_at
                FROM complaints_supporter s JOIN incident i ON i.id = s.complaint_id
            ),
            opening AS (SELECT id, min(at) AS first, count(*) AS reports FROM report GROUP BY id),
            span AS (
                SELECT id, category, place, first, reports,
                    greatest(first, least(coalesce(closed_at, %s), first + make_interval(days => {WINDOW_DAYS}))) AS until
                FROM incident JOIN opening USING (id)
            ),
            again AS (
                SELECT id, count(*) AS duplicates FROM report JOIN span USING (id)
                WHERE at > first AND at <= until GROUP BY id
            )
            SELECT place, category, sum(reports), coalesce(sum(duplicates), 0), sum(extract(epoch FROM until - first)) / 86400
            FROM span LEFT JOIN again USING (id) GROUP BY place, category
            """,  # noqa: S608 (the query is Django's own)
            [*values, now],
        )
        return {
            (place, category): Watched(int(reports), int(duplicates), float(days))
            for place, category, reports, duplicates, days in cursor.fetchall()
        }


@dataclass(frozen=True)
class ReadinessLine:
    """One quarter as the page shows it."""

    subject: Subject
    figures: Readiness
    url: str
    k: int

    @property
    def few(self) -> bool:
        return not self.figures.is_known or self.figures.reports < self.k

    @property
    def rate_said(self) -> str:
        return f"×\u202f{rounded(self.figures.rate, 2)}"

    @property
    def interval_said(self) -> str:
        low, high = self.figures.interval
        return f"{rounded(low, 2)}–{rounded(high, 2)}"

    @property
    def corrected_interval_said(self) -> str:
        low, high = self.figures.corrected_interval
        return f"{rounded(low, 0)}–{rounded(high, 0)}"

    @property
    def per_1000(self) -> float | None:
        """Complaints as filed, per 1,000 residents."""
        return self._per_1000(self.figures.reports)

    @property
    def corrected_per_1000(self) -> float | None:
        return None if self.few else self._per_1000(self.figures.corrected)

    @property
    def verdict(self) -> str:
        """In words, where chance may be all: no clear difference."""
        if self.few:
            return _("too few to say")
        low, high = self.figures.interval
        if low > 1:
            return _("reports more readily")
        return _("reports less readily") if high < 1 else _("no clear difference")

    def _per_1000(self, n: float) -> float | None:
        return 1000 * n / self.subject.population if self.subject.population else None


def readiness_rows(lines: Iterable[ReadinessLine]) -> Iterable[list[str]]:
    """The table for a file: plain numbers; empty for too few."""
    yield [
        "code", "name", "complaints", "duplicates", "duplicates_expected", "readiness", "readiness_low", "readiness_high",
        "corrected", "corrected_low", "corrected_high", "per_1000", "corrected_per_1000",
    ]  # fmt: skip
    for line in lines:
        told, numbers = line.figures, [""] * 6
        if not line.few:
            figures = (told.rate, *told.interval, told.corrected, *told.corrected_interval)
            numbers = [f"{figure:.4g}" for figure in figures]
        rates = ["" if rate is None else f"{rate:.4g}" for rate in (line.per_1000, line.corrected_per_1000)]
        yield [
            line.subject.code, line.subject.name, str(told.reports), str(told.duplicates), f"{told.expected:.4g}",
            *numbers, *rates,
        ]  # fmt: skip
