"""What if: how long it takes to clear what is open, and how much more work clears it by a day.

A queue seen from afar: complaints come and leave at the pace of the period, each at random (Poisson), and go on so. What is
open shrinks by the difference. Work is taken to grow with the crews; rejections and withdrawals leave the queue too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from analytics.drawing import Fan, fan
from analytics.numbers import rounded
from analytics.periods import Period
from analytics.scorecards import Subject
from complaints.querysets import ComplaintQuerySet
from complaints.workflow import CLOSED_STATES, OPEN_STATES

# Clearing within so many days is what the page asks about.
TARGET_DAYS = (30, 90)
# So far the drawing looks ahead.
DRAWN_DAYS = 180
# 95 of 100 such intervals hold the true pace.
_Z = 1.96


@dataclass(frozen=True)
class Backlog:
    """What is open now, and what came and left in `days` days (up to now where the period goes on)."""

    open: int = 0
    came: int = 0
    left: int = 0
    days: float = 0.0

    def __add__(self, other: "Backlog") -> "Backlog":
        return Backlog(
            self.open + other.open, self.came + other.came, self.left + other.left, max(self.days, other.days)
        )

    @property
    def shrinks_by(self) -> float:
        """Fewer open complaints per day; below zero the backlog grows."""
        return (self.left - self.came) / self.days

    def is_known(self, k: int) -> bool:
        """Whether enough left to tell a pace."""
        return self.left >= k and self.days > 0

    @property
    def clear_days(self) -> float | None:
        """Days until nothing is open; None where the backlog does not shrink."""
        return self.open / self.shrinks_by if self.shrinks_by > 0 else None

    @property
    def half(self) -> float:
        """How far chance may take the change per day from what it was."""
        return _Z * sqrt(self.came + self.left) / self.days

    @property
    def clear_between(self) -> tuple[float | None, float | None]:
        """The days it may take if chance is considered; None stands for never."""
        fast, slow = self.shrinks_by + self.half, self.shrinks_by - self.half
        return (self.open / fast if fast > 0 else None, self.open / slow if slow > 0 else None)

    def work_for(self, target_days: int) -> float:
        """How many times today's work clears everything in `target_days` days, what comes meanwhile included."""
        return (self.came + self.open * self.days / target_days) / self.left


@dataclass(frozen=True)
class BacklogLine:
    """One row as the page shows it. `few`: too little left in the period to tell."""

    subject: Subject
    backlog: Backlog
    url: str
    few: bool

    @property
    def verdict(self) -> str:
        """When it is cleared, in words."""
        backlog = self.backlog
        if not backlog.open:
            return _("nothing is open")
        if self.few:
            return _("too few to say")
        if backlog.clear_days is None:
            return _("never at this pace")
        return _("%(days)s days") % {"days": rounded(backlog.clear_days, 0)}

    @property
    def interval(self) -> str:
        """What the time may be if chance is considered; empty where there is nothing to say."""
        if self.few or not self.backlog.open:
            return ""
        fast, slow = self.backlog.clear_between
        if fast is None:
            return ""
        if slow is None:
            return _("%(days)s days at best, perhaps never") % {"days": rounded(fast, 0)}
        return _("%(from)s to %(to)s days") % {"from": rounded(fast, 0), "to": rounded(slow, 0)}

    @property
    def drawn(self) -> Fan | None:
        """What is open over the next DRAWN_DAYS, if all goes on so; None where there is nothing to say."""
        if self.few or not self.backlog.open:
            return None
        pace = self.backlog
        return fan(pace.open, -pace.shrinks_by, pace.half, days=DRAWN_DAYS, targets=TARGET_DAYS)

    @property
    def work(self) -> list[str]:
        """For each target how many times today's work it takes."""
        if self.few or not self.backlog.open:
            return ["–"] * len(TARGET_DAYS)
        return [f"×\u202f{rounded(self.backlog.work_for(days), 1)}" for days in TARGET_DAYS]


def backlogs(rows: ComplaintQuerySet, period: Period, elapsed_days: float) -> dict[int, Backlog]:
    """The backlog of each service id; `rows` at any time and in any state. One statement."""
    inside = {"gte": period.since, "lt": period.until}
    came = Q(**{f"submitted_at__{compare}": value for compare, value in inside.items()})
    left = Q(state__in=sorted(CLOSED_STATES), **{f"closed_at__{compare}": value for compare, value in inside.items()})
    waiting = Q(state__in=sorted(OPEN_STATES))
    counted = (
        rows.filter(waiting | came | left, merged_into=None)
        .order_by()
        .values("service_id")
        .annotate(waiting=Count("pk", filter=waiting), came=Count("pk", filter=came), left=Count("pk", filter=left))
    )
    return {
        row["service_id"]: Backlog(row["waiting"], row["came"], row["left"], max(0.0, elapsed_days)) for row in counted
    }


def backlog_rows(lines: Iterable[BacklogLine]) -> Iterable[list[str]]:
    """The table for a file: plain numbers; empty for never and for too few."""
    yield [
        "code",
        "name",
        "open",
        "came",
        "left",
        "days",
        "clear_days",
        "clear_days_low",
        "clear_days_high",
        *(f"work_to_clear_in_{days}_days" for days in TARGET_DAYS),
    ]
    for line in lines:
        backlog = line.backlog
        numbers: list[float | None] = [None] * (3 + len(TARGET_DAYS))
        if not line.few:
            work = [backlog.work_for(days) for days in TARGET_DAYS]
            numbers = [backlog.clear_days, *backlog.clear_between, *work]
        yield [
            line.subject.code,
            line.subject.name,
            *(str(count) for count in (backlog.open, backlog.came, backlog.left)),
            *("" if number is None else f"{number:.4g}" for number in (backlog.days, *numbers)),
        ]
