"""The office's figures: how many, how late, how fast, with promises counted with and without pauses.

Plain SQL over complaints, so that every figure agrees with its list at once (measured in docs/adr/0018).
A merged complaint counts once, with its primary one. Counts are of complaints filed in the period.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Q,
    Value,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan

from analytics.periods import Period
from complaints.querysets import ComplaintQuerySet, late_condition
from complaints.workflow import OPEN_STATES, State

_FIXED = (State.RESOLVED, State.CONFIRMED)
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Promises:
    """Promises that have been decided: kept, or missed (also those still open past their deadline)."""

    kept: int = 0
    missed: int = 0

    @property
    def decided(self) -> int:
        return self.kept + self.missed

    @property
    def share(self) -> float | None:
        """Percent kept; None where nothing was decided."""
        return 100 * self.kept / self.decided if self.decided else None


@dataclass(frozen=True)
class Figures:
    """One row of a scorecard. Medians are in days of the calendar; None where nothing is answered or resolved."""

    n: int = 0
    open: int = 0
    late: int = 0
    resolved: int = 0
    rejected: int = 0
    out_of_scope: int = 0
    median_answer: float | None = None
    median_resolve: float | None = None
    answers: Promises = Promises()
    answers_unpaused: Promises = Promises()
    resolutions: Promises = Promises()
    resolutions_unpaused: Promises = Promises()

    @property
    def rejected_share(self) -> float | None:
        return 100 * self.rejected / self.n if self.n else None

    @property
    def out_of_scope_share(self) -> float | None:
        return 100 * self.out_of_scope / self.n if self.n else None


NOTHING = Figures()


@dataclass(frozen=True)
class Pair:
    """The same figures of a period and of the one before it."""

    now: Figures = NOTHING
    before: Figures = NOTHING


class Median(Aggregate):
    """The median of an expression, as PostgreSQL interpolates it."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


class Bucket(Func):
    """Which of the spans between ascending instants a time falls in: 1 for the first span, 0 before it."""

    function = "width_bucket"
    output_field = IntegerField()

    def __init__(self, field: str, limits: list[datetime]) -> None:
        super().__init__(F(field), Value(limits, output_field=ArrayField(DateTimeField())))


def compare(rows: ComplaintQuerySet, key: str, period: Period, *, now: datetime) -> dict[Any, Pair]:
    """Figures of `rows` by `key` (a field such as `service_id`) for a period and the one before. One statement."""
    limits = [period.before.since, period.since, period.until]
    found = rows.filter(merged_into=None, submitted_at__gte=limits[0], submitted_at__lt=limits[-1])
    grouped = found.annotate(span=Bucket("submitted_at", limits)).values(key, "span").annotate(**_aggregates(now))
    by_key: dict[Any, dict[int, Figures]] = {}
    for row in grouped.order_by():
        by_key.setdefault(row[key], {})[row["span"]] = _figures(row)
    return {value: Pair(now=spans.get(2, NOTHING), before=spans.get(1, NOTHING)) for value, spans in by_key.items()}


def whole(rows: ComplaintQuerySet, period: Period, *, now: datetime) -> Pair:
    """Figures of all `rows` together."""
    return next(iter(compare(rows, "jurisdiction_id", period, now=now).values()), Pair())


@dataclass(frozen=True)
class Month:
    """What was filed in one month, and how fast what is resolved of it was resolved."""

    n: int = 0
    median_resolve: float | None = None


def by_month(rows: ComplaintQuerySet, limits: list[datetime]) -> dict[int, list[Month]]:
    """For each service id the months between ascending `limits`; key 0 is all services. Two statements."""
    found = rows.filter(merged_into=None, submitted_at__gte=limits[0], submitted_at__lt=limits[-1])
    spans = found.annotate(span=Bucket("submitted_at", limits))
    figures = {"n": Count("pk"), "median_resolve": _median("closed_at", Q(state__in=_FIXED))}
    months: dict[int, list[Month]] = {}
    rows_of: list[Any] = [
        *spans.values("service_id", "span").annotate(**figures).order_by(),
        *spans.values("span").annotate(**figures).order_by(),
    ]
    for row in rows_of:
        line = months.setdefault(row.get("service_id", 0), [Month()] * (len(limits) - 1))
        line[row["span"] - 1] = Month(row["n"], _days(row["median_resolve"]))
    return months


def _median(end: str, condition: Q) -> Median:
    taken = ExpressionWrapper(F(end) - F("submitted_at"), output_field=DurationField())
    return Median(taken, filter=condition & Q(**{f"{end}__isnull": False}))


def _aggregates(now: datetime) -> dict[str, Aggregate]:
    def count(condition: Q) -> Count:
        return Count("pk", filter=condition)

    aggregates: dict[str, Aggregate] = {
        "n": Count("pk"),
        "n_open": count(Q(state__in=sorted(OPEN_STATES))),
        "n_late": count(late_condition(now)),
        "n_resolved": count(Q(state__in=_FIXED)),
        "n_rejected": count(Q(state=State.REJECTED)),
        "n_out_of_scope": count(Q(state=State.OUT_OF_SCOPE)),
        "median_answer": _median("answered_at", Q()),
        "median_resolve": _median("closed_at", Q(state__in=_FIXED)),
    }
    # With pauses: the deadlines as they stand, and a clock that stands still while the reporter must act.
    stopped = Coalesce(F("paused_at"), Value(now))
    running = Value(now)
    for suffix, clock in (("", stopped), ("_unpaused", running)):
        for name, done_at in (("answer", "answered_at"), ("resolution", "closed_at")):
            standing = F(f"{name}_due_at")
            due = Coalesce(F(f"timing__{name}_due_unpaused"), standing) if suffix else standing
            kept, missed = _decided(name, done_at, due, clock)
            aggregates[f"{name}_kept{suffix}"] = count(kept)
            aggregates[f"{name}_missed{suffix}"] = count(missed)
    return aggregates


def _decided(name: str, done_at: str, due: Any, clock: Any) -> tuple[Q, Q]:
    """When a promise is kept and when it is missed. What was rejected, sent elsewhere or withdrawn promised no resolution."""
    promised = Q(**{f"{name}_due_at__isnull": False})
    done = promised & (Q(answered_at__isnull=False) if name == "answer" else Q(state__in=_FIXED))
    waiting = promised & Q(state__in=sorted(OPEN_STATES))
    if name == "answer":
        waiting &= Q(answered_at=None)
    within, after = Q(**{f"{done_at}__lte": due}), Q(**{f"{done_at}__gt": due})
    return done & within, (done & after) | (waiting & Q(LessThan(due, clock)))


def _figures(row: dict[str, Any]) -> Figures:
    def promises(name: str, suffix: str = "") -> Promises:
        return Promises(row[f"{name}_kept{suffix}"], row[f"{name}_missed{suffix}"])

    return Figures(
        n=row["n"],
        open=row["n_open"],
        late=row["n_late"],
        resolved=row["n_resolved"],
        rejected=row["n_rejected"],
        out_of_scope=row["n_out_of_scope"],
        median_answer=_days(row["median_answer"]),
        median_resolve=_days(row["median_resolve"]),
        answers=promises("answer"),
        answers_unpaused=promises("answer", "_unpaused"),
        resolutions=promises("resolution"),
        resolutions_unpaused=promises("resolution", "_unpaused"),
    )


def _days(value: Any) -> float | None:
    return value.total_seconds() / _SECONDS_A_DAY if value is not None else None
