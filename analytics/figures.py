"""The office's figures: how many, how late, how fast, with promises counted with and without pauses.

Plain SQL over complaints, so that every figure agrees with its list at once; all tables of a page in one pass.
A merged complaint counts once, with its primary one. Counts are of complaints filed in the period.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BooleanField, Case, DateTimeField, F, FloatField, Func, IntegerField, Q, Value, When
from django.db.models.functions import Coalesce, Extract
from django.db.models.lookups import LessThan

from analytics.periods import Period
from analytics.recurrence import FIXED, Recurrence, recurrences
from complaints.querysets import ComplaintQuerySet, late_condition
from complaints.workflow import CLOSED_STATES, OPEN_STATES, State

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
    """One row of a scorecard. Times are in days of the calendar; None where nothing is answered or resolved.

    `slow_…`: nine of ten were quicker. `closings`: complaints that were closed at least once, but not by their reporter;
    `contested` of them had a closing that the reporter said was not right. `confirmed` of those resolved are right, she said.
    `missed`: of those with a deadline (`promised`), open past one or closed after it, as heat.json counts.
    """

    n: int = 0
    open: int = 0
    late: int = 0
    resolved: int = 0
    rejected: int = 0
    out_of_scope: int = 0
    answered: int = 0
    confirmed: int = 0
    closings: int = 0
    contested: int = 0
    promised: int = 0
    missed: int = 0
    median_answer: float | None = None
    median_resolve: float | None = None
    slow_answer: float | None = None
    slow_resolve: float | None = None
    answers: Promises = Promises()
    answers_unpaused: Promises = Promises()
    resolutions: Promises = Promises()
    resolutions_unpaused: Promises = Promises()
    recurrence: Recurrence = field(default_factory=Recurrence)

    @property
    def recurred_share(self) -> float | None:
        return None if self.recurrence.share is None else 100 * self.recurrence.share

    @property
    def rejected_share(self) -> float | None:
        return 100 * self.rejected / self.n if self.n else None

    @property
    def confirmed_share(self) -> float | None:
        return 100 * self.confirmed / self.resolved if self.resolved else None

    @property
    def contested_share(self) -> float | None:
        return 100 * self.contested / self.closings if self.closings else None

    @property
    def missed_share(self) -> float | None:
        return 100 * self.missed / self.promised if self.promised else None

    @property
    def out_of_scope_share(self) -> float | None:
        return 100 * self.out_of_scope / self.n if self.n else None


NOTHING = Figures()


@dataclass(frozen=True)
class Pair:
    """The same figures of a period, of the one before it, and of the same days a year earlier."""

    now: Figures = NOTHING
    before: Figures = NOTHING
    year: Figures = NOTHING


class Bucket(Func):
    """Which of the spans between ascending instants a time falls in: 1 for the first span, 0 before it."""

    function = "width_bucket"
    output_field = IntegerField()

    def __init__(self, field: str, limits: list[datetime]) -> None:
        super().__init__(F(field), Value(limits, output_field=ArrayField(DateTimeField())))


@dataclass(frozen=True)
class Tables:
    """Figures of a period and the one before: of everything together, and by each key."""

    whole: Pair
    by_key: dict[str, dict[Any, Pair]]


def tables(
    rows: ComplaintQuerySet, others: ComplaintQuerySet, keys: Sequence[str], period: Period, *, now: datetime
) -> Tables:
    """Figures of `rows` together and by each of `keys` (fields such as `service_id`). Four statements.

    `others`: where the complaints that came back are looked for, whatever the filter of `rows` says.
    """
    found = by_span(rows, others, keys, [period.before.since, period.since, period.until], now)
    # In a statement of its own: the year between is not read, and of a whole year it is the period before.
    earlier = by_span(rows, others, keys, [period.year_before.since, period.year_before.until], now)
    by_key: dict[str | None, dict[Any, Pair]] = {}
    for key in (None, *keys):
        latest, a_year_before = found[key], earlier[key]
        by_key[key] = {
            value: Pair(
                now=latest.get(value, {}).get(2, NOTHING),
                before=latest.get(value, {}).get(1, NOTHING),
                year=a_year_before.get(value, {}).get(1, NOTHING),
            )
            for value in latest.keys() | a_year_before.keys()
        }
    whole = by_key.pop(None).get(None, Pair())
    return Tables(whole, {key: pairs for key, pairs in by_key.items() if key is not None})


BySpan = dict[str | None, dict[Any, dict[int, Figures]]]


def by_span(
    rows: ComplaintQuerySet, others: ComplaintQuerySet, keys: Sequence[str], limits: list[datetime], now: datetime
) -> BySpan:
    """By key, its value and the span between ascending `limits`, from 1; key None is everything together. Two statements."""
    found: BySpan = {key: {} for key in (None, *keys)}
    within = _within(rows, limits)
    for key, value, span, sums in _grouped(within, limits, keys, _facts(now), _SUMS):
        found[key].setdefault(value, {})[span] = _figures(sums)
    facts, columns, groups = _grouping(limits, keys)
    for row in recurrences(within, others, facts, columns=columns, groups=groups, now=now):
        key, value, span, (watched, recurred) = _ungrouped(keys, row)
        figures = found[key][value][span]
        found[key][value][span] = replace(figures, recurrence=Recurrence(watched, recurred))
    return found


def by_month(
    rows: ComplaintQuerySet, keys: Sequence[str], limits: list[datetime], *, now: datetime
) -> dict[str | None, dict[Any, list[Figures]]]:
    """By key and its value the months between ascending `limits`; key None is everything together. One statement.

    Of each month is known what was filed, how fast what is resolved of it was resolved, which promises were kept, and what
    is or was late.
    """
    clock = Coalesce(F("paused_at"), Value(now))
    kept, missed = decided("resolution", "closed_at", F("resolution_due_at"), clock)
    facts = {
        "resolve_seconds": seconds_until("closed_at", Q(state__in=FIXED)),
        "is_kept": flag(kept),
        "is_not_kept": flag(missed),
        **{f"is_{name}": flag(condition) for name, condition in _lateness(now).items()},
        "is_resolved": flag(Q(state__in=FIXED)),
    }
    sums = {
        "n": "count(*)",
        "resolve": _median("resolve_seconds"),
        **{name: f"count(*) FILTER (WHERE is_{name})" for name in _OF_MONTHS},
    }
    months: dict[str | None, dict[Any, list[Figures]]] = {key: {} for key in (None, *keys)}
    for key, value, span, found in _grouped(_within(rows, limits), limits, keys, facts, sums):
        line = months[key].setdefault(value, [NOTHING] * (len(limits) - 1))
        line[span - 1] = Figures(
            n=found["n"],
            resolved=found["resolved"],
            median_resolve=_days(found["resolve"]),
            promised=found["promised"],
            missed=found["missed"],
            resolutions=Promises(found["kept"], found["not_kept"]),
        )
    return months


def _within(rows: ComplaintQuerySet, limits: list[datetime]) -> ComplaintQuerySet:
    return rows.filter(merged_into=None, submitted_at__gte=limits[0], submitted_at__lt=limits[-1])


def _grouped(
    found: ComplaintQuerySet, limits: list[datetime], keys: Sequence[str], facts: dict[str, Any], sums: dict[str, str]
) -> Iterator[tuple[str | None, Any, int, dict[str, Any]]]:
    """Sums of facts by span, and by span and each key, in one pass: (key or None, its value, span, sums)."""
    spans, columns, groups = _grouping(limits, keys)
    sql, values = found.order_by().values(**spans, **facts).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH facts AS MATERIALIZED ({sql}) SELECT {columns}, {', '.join(sums.values())} FROM facts GROUP BY {groups}",  # noqa: S608
            values,
        )
        fetched = cursor.fetchall()
    for row in fetched:
        key, value, span, told = _ungrouped(keys, row)
        yield key, value, span, dict(zip(sums, told, strict=True))


def _grouping(limits: list[datetime], keys: Sequence[str]) -> tuple[dict[str, Any], str, str]:
    """Facts, columns and GROUP BY in SQL of a table by span, and by span and each key; _ungrouped() reads its rows."""
    names = [f"key_{number}" for number in range(len(keys))]
    facts: dict[str, Any] = {"span": Bucket("submitted_at", limits)}
    facts |= {name: F(key) for name, key in zip(names, keys, strict=True)}
    sets = ", ".join(["(span)", *(f"(span, {name})" for name in names)])
    return facts, f"grouping({', '.join(names)}), span, {', '.join(names)}", f"GROUPING SETS ({sets})"


def _ungrouped(keys: Sequence[str], row: Sequence[Any]) -> tuple[str | None, Any, int, Sequence[Any]]:
    """Key or None for everything together, its value, span, and the other columns."""
    bits, span, *rest = row
    # grouping() has a bit for each name that a row is not grouped by, the first name's being the highest.
    every = 2 ** len(keys) - 1
    which = {every - 2 ** (len(keys) - 1 - number): number for number in range(len(keys))}
    number, told = which.get(bits), rest[len(keys) :]
    return (None, None, span, told) if number is None else (keys[number], rest[number], span, told)


def flag(condition: Q) -> Case:
    return Case(When(condition, then=True), default=False, output_field=BooleanField())


def seconds_until(end: str, condition: Q) -> Case:
    taken = Extract(F(end) - F("submitted_at"), "epoch")
    return Case(When(condition & Q(**{f"{end}__isnull": False}), then=taken), output_field=FloatField())


def _median(seconds: str) -> str:
    return f"percentile_cont(0.5) WITHIN GROUP (ORDER BY {seconds})"


def _median_and_slow(seconds: str) -> str:
    return f"percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {seconds})"


_FLAGS = (
    "open", "late", "resolved", "rejected", "out_of_scope", "answered", "confirmed", "closings", "contested", "promised",
    "missed",
)  # fmt: skip
_OF_MONTHS = ("resolved", "kept", "not_kept", "promised", "missed")
_PROMISES = tuple(
    f"{name}_{outcome}{suffix}"
    for suffix in ("", "_unpaused")
    for name in ("answer", "resolution")
    for outcome in ("kept", "missed")
)
_SUMS = {
    "n": "count(*)",
    **{name: f"count(*) FILTER (WHERE is_{name})" for name in (*_FLAGS, *_PROMISES)},
    "answer": _median_and_slow("answer_seconds"),
    "resolve": _median_and_slow("resolve_seconds"),
}


def _facts(now: datetime) -> dict[str, Any]:
    """What one complaint adds to the sums."""
    conditions = {
        "open": Q(state__in=sorted(OPEN_STATES)),
        "late": late_condition(now),
        "resolved": Q(state__in=FIXED),
        "rejected": Q(state=State.REJECTED),
        "out_of_scope": Q(state=State.OUT_OF_SCOPE),
        "answered": Q(answered_at__isnull=False),
        "confirmed": Q(state=State.CONFIRMED),
        "closings": Q(state__in=sorted(CLOSED_STATES - {State.WITHDRAWN})) | Q(reopened_count__gt=0),
        "contested": Q(timing__contested__gt=0),
        **_lateness(now),
    }
    # With pauses: the deadlines as they stand, and a clock that stands still while the reporter must act.
    stopped = Coalesce(F("paused_at"), Value(now))
    running = Value(now)
    for suffix, clock in (("", stopped), ("_unpaused", running)):
        for name, done_at in (("answer", "answered_at"), ("resolution", "closed_at")):
            standing = F(f"{name}_due_at")
            due = Coalesce(F(f"timing__{name}_due_unpaused"), standing) if suffix else standing
            kept, missed = decided(name, done_at, due, clock)
            conditions[f"{name}_kept{suffix}"], conditions[f"{name}_missed{suffix}"] = kept, missed
    return {
        **{f"is_{name}": flag(condition) for name, condition in conditions.items()},
        "answer_seconds": seconds_until("answered_at", Q()),
        "resolve_seconds": seconds_until("closed_at", Q(state__in=FIXED)),
    }


def _lateness(now: datetime) -> dict[str, Q]:
    promised = Q(resolution_due_at__isnull=False)
    return {"promised": promised, "missed": promised & (late_condition(now) | Q(closed_at__gt=F("resolution_due_at")))}


def decided(name: str, done_at: str, due: Any, clock: Any) -> tuple[Q, Q]:
    """When a promise is kept and when it is missed. What was rejected, sent elsewhere or withdrawn promised no resolution."""
    promised = Q(**{f"{name}_due_at__isnull": False})
    done = promised & (Q(answered_at__isnull=False) if name == "answer" else Q(state__in=FIXED))
    waiting = promised & Q(state__in=sorted(OPEN_STATES))
    if name == "answer":
        waiting &= Q(answered_at=None)
    within, after = Q(**{f"{done_at}__lte": due}), Q(**{f"{done_at}__gt": due})
    return done & within, (done & after) | (waiting & Q(LessThan(due, clock)))


def _figures(row: dict[str, Any]) -> Figures:
    def promises(name: str, suffix: str = "") -> Promises:
        return Promises(row[f"{name}_kept{suffix}"], row[f"{name}_missed{suffix}"])

    # Of an empty group PostgreSQL gives no array.
    median_answer, slow_answer = row["answer"] or (None, None)
    median_resolve, slow_resolve = row["resolve"] or (None, None)
    return Figures(
        n=row["n"],
        open=row["open"],
        late=row["late"],
        resolved=row["resolved"],
        rejected=row["rejected"],
        out_of_scope=row["out_of_scope"],
        answered=row["answered"],
        confirmed=row["confirmed"],
        closings=row["closings"],
        contested=row["contested"],
        promised=row["promised"],
        missed=row["missed"],
        median_answer=_days(median_answer),
        median_resolve=_days(median_resolve),
        slow_answer=_days(slow_answer),
        slow_resolve=_days(slow_resolve),
        answers=promises("answer"),
        answers_unpaused=promises("answer", "_unpaused"),
        resolutions=promises("resolution"),
        resolutions_unpaused=promises("resolution", "_unpaused"),
    )


def _days(seconds: float | None) -> float | None:
    return seconds / _SECONDS_A_DAY if seconds is not None else None
