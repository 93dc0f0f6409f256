"""How services and operators do, for everybody: counted so that the open data gives the same figures, to the last digit.

docs/recompute_scorecards.py makes them again from complaints.csv, findings.csv and ledger.csv; a test holds the two together.
Whoever changes what a figure means raises DEFINITIONS and changes both.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import (
    Aggregate,
    Case,
    Count,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from analytics.figures import Promises
from analytics.periods import Period
from analytics.recurrence import FIXED
from catalogue.models import Jurisdiction, Unit
from catalogue.snapshot import current_snapshot
from catalogue.translated import text_in
from complaints.models import Complaint
from complaints.querysets import UNIT_SHOWN
from complaints.workflow import OPEN_STATES, State
from contracts.models import Argument, Finding, LedgerEntry
from contracts.services.ledger import CAPPED, CHARGED
from documents.csvs import Money


@dataclass(frozen=True)
class Version:
    """One version of the definitions on the page: since when it counts, and what is other than before."""

    number: int
    since: date
    changed: str | Promise


# A figure that comes to mean something else gets a new version here, and the page and script their new words.
VERSIONS = (
    Version(1, date(2026, 11, 27), gettext_lazy("The first ones.")),
    Version(
        2,
        date(2026, 11, 28),
        gettext_lazy(
            "Promised resolutions, promises counted as if the clock never paused, and the shares rejected and out of scope"
            " were added. The others mean what they meant."
        ),
    ),
)
DEFINITIONS = VERSIONS[-1].number
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Card:
    """One service or operator in one period. Shares and medians that stand on fewer than `k` cases are None.

    `touched`: closed as done, or reopened by somebody who disagreed. `after_cap` is None for a service: caps belong to
    contracts. Money is centimes.
    """

    code: str
    name: str
    k: int
    filed: int = 0
    answers: Promises = field(default_factory=Promises)
    answers_unpaused: Promises = field(default_factory=Promises)
    resolutions: Promises = field(default_factory=Promises)
    resolutions_unpaused: Promises = field(default_factory=Promises)
    rejected: int = 0
    out_of_scope: int = 0
    answered: int = 0
    days_to_answer: float | None = None
    fixed: int = 0
    confirmed: int = 0
    touched: int = 0
    reopened: int = 0
    days_to_resolve: float | None = None
    findings: int = 0
    findings_contested: int = 0
    penalties: int = 0
    after_cap: int | None = None

    @property
    def answered_in_time(self) -> float | None:
        return self._in_time(self.answers)

    @property
    def answered_in_time_unpaused(self) -> float | None:
        return self._in_time(self.answers_unpaused)

    @property
    def resolved_in_time(self) -> float | None:
        return self._in_time(self.resolutions)

    @property
    def resolved_in_time_unpaused(self) -> float | None:
        return self._in_time(self.resolutions_unpaused)

    @property
    def rejected_share(self) -> float | None:
        return self._share(self.rejected, self.filed)

    @property
    def out_of_scope_share(self) -> float | None:
        return self._share(self.out_of_scope, self.filed)

    @property
    def confirmed_share(self) -> float | None:
        return self._share(self.confirmed, self.fixed)

    @property
    def contested_share(self) -> float | None:
        return self._share(self.reopened, self.touched)

    @property
    def median_answer(self) -> float | None:
        return self.days_to_answer if self.answered >= self.k else None

    @property
    def median_resolve(self) -> float | None:
        return self.days_to_resolve if self.fixed >= self.k else None

    def _in_time(self, promises: Promises) -> float | None:
        return self._share(promises.kept, promises.decided)

    def _share(self, part: int, whole: int) -> float | None:
        return 100 * part / whole if whole and whole >= self.k else None


# Columns of the files, in order: heading, and what stands there.
_COLUMNS: tuple[tuple[str, Callable[[Card], str | int | None]], ...] = (
    ("code", lambda card: card.code),
    ("filed", lambda card: card.filed),
    ("answers_due", lambda card: card.answers.decided),
    ("answered_in_time_percent", lambda card: _written(card.answered_in_time)),
    ("answers_due_unpaused", lambda card: card.answers_unpaused.decided),
    ("answered_in_time_unpaused_percent", lambda card: _written(card.answered_in_time_unpaused)),
    ("resolutions_due", lambda card: card.resolutions.decided),
    ("resolved_in_time_percent", lambda card: _written(card.resolved_in_time)),
    ("resolutions_due_unpaused", lambda card: card.resolutions_unpaused.decided),
    ("resolved_in_time_unpaused_percent", lambda card: _written(card.resolved_in_time_unpaused)),
    ("rejected_percent", lambda card: _written(card.rejected_share)),
    ("out_of_scope_percent", lambda card: _written(card.out_of_scope_share)),
    ("answered", lambda card: card.answered),
    ("days_to_answer_median", lambda card: _written(card.median_answer)),
    ("fixed", lambda card: card.fixed),
    ("confirmed_percent", lambda card: _written(card.confirmed_share)),
    ("fixed_or_reopened", lambda card: card.touched),
    ("contested_percent", lambda card: _written(card.contested_share)),
    ("days_to_resolve_median", lambda card: _written(card.median_resolve)),
    ("findings", lambda card: card.findings),
    ("findings_contested", lambda card: card.findings_contested),
    ("penalties", lambda card: Money(card.penalties)),
    ("penalties_after_cap", lambda card: "" if card.after_cap is None else Money(card.after_cap)),
)


def service_cards(city: Jurisdiction, period: Period, *, language: str, now: datetime) -> list[Card]:
    """Every service with something to tell, in the catalogue's order. Three statements, and one for the catalogue's version."""
    catalogue = current_snapshot(city)
    found = _gather(
        _complaints(city, period, F("service_id"), now),
        _findings(city, period, "complaint__service_id"),
        _money(city, period, "finding__complaint__service_id"),
    )
    ordered = sorted(catalogue.services.values(), key=lambda service: (service.order, service.code))
    return [
        Card(service.code, text_in(service.name, language), city.small_sample_k, **found[service.pk])
        for service in ordered
        if service.pk in found
    ]


def operator_cards(city: Jurisdiction, period: Period, *, language: str, now: datetime) -> list[Card]:
    """Every delegated operator with something to tell, by name: this is no ranking. As many statements."""
    known_unit = Case(When(place_shown__in=UNIT_SHOWN, then=F("unit_id")))
    found = _gather(
        _complaints(city, period, known_unit, now),
        _findings(city, period, "contract__unit_id"),
        _money(city, period, "contract__unit_id", with_caps=True),
    )
    units = [unit for unit in current_snapshot(city).units.values() if unit.kind == Unit.Kind.OPERATOR]
    cards = [
        Card(unit.code, text_in(unit.name, language), city.small_sample_k, **({"after_cap": 0} | found[unit.pk]))
        for unit in units
        if unit.pk in found
    ]
    return sorted(cards, key=lambda card: card.name)


def csv_rows(cards: Iterable[Card]) -> Iterator[list[str | int | None]]:
    """The cards for a file, by code: plain numbers, nothing where too few cases stand behind a figure."""
    yield [name for name, _value in _COLUMNS]
    for card in sorted(cards, key=lambda card: card.code):
        yield [value(card) for _name, value in _COLUMNS]


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


class _Second(Func):
    """An instant without its fraction, as the files write it."""

    template = "date_trunc('second', %(expressions)s)"
    output_field = DateTimeField()


class _Median(Aggregate):
    """The median of spans of time, the mean of the two in the middle."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


def _complaints(city: Jurisdiction, period: Period, key: Any, now: datetime) -> dict[Any, dict[str, Any]]:
    """What the public complaints filed in the period say, by `key`."""
    filed, answered, closed = _Second("submitted_at"), _Second("answered_at"), _Second("closed_at")
    rows = (
        Complaint.objects.public()
        .filter(jurisdiction=city, submitted_at__gte=period.since, submitted_at__lt=period.until)
        .annotate(
            key=key,
            answered_second=answered,
            closed_second=closed,
            clock_second=_Second(Coalesce("paused_at", Value(now))),
            **{
                f"{name}_due_second{suffix}": _Second(due)
                for name in _DONE
                for suffix, due in (
                    ("", f"{name}_due_at"),
                    ("_unpaused", Coalesce(f"timing__{name}_due_unpaused", f"{name}_due_at")),
                )
            },
            answer_took=ExpressionWrapper(answered - filed, output_field=DurationField()),
            resolution_took=ExpressionWrapper(closed - filed, output_field=DurationField()),
        )
    )
    fixed, reopened = Q(state__in=FIXED), Q(reopened_count__gt=0)
    aggregates: dict[str, Aggregate] = {
        "filed": Count("pk"),
        **_promises(now),
        "rejected": Count("pk", filter=Q(state=State.REJECTED)),
        "out_of_scope": Count("pk", filter=Q(state=State.OUT_OF_SCOPE)),
        "answered": Count("pk", filter=Q(answered_at__isnull=False)),
        "days_to_answer": _Median("answer_took", filter=Q(answered_at__isnull=False)),
        "fixed": Count("pk", filter=fixed),
        "confirmed": Count("pk", filter=Q(state=State.CONFIRMED)),
        "touched": Count("pk", filter=fixed | reopened),
        "reopened": Count("pk", filter=reopened),
        "days_to_resolve": _Median("resolution_took", filter=fixed & Q(closed_at__isnull=False)),
    }
    return {row["key"]: _figures(dict(row)) for row in rows.values("key").annotate(**aggregates).order_by()}


# Of the two promises: the second in which it was done, and what must be so for that to count, or to be waited for.
_DONE: dict[str, tuple[str, Q, Q]] = {
    "answer": ("answered_second", Q(answered_at__isnull=False), Q(answered_at=None)),
    "resolution": ("closed_second", Q(state__in=FIXED, closed_at__isnull=False), Q()),
}


def _promises(now: datetime) -> dict[str, Aggregate]:
    """Kept and missed promises, as they stand, and as if the clock had never stood still."""
    found: dict[str, Aggregate] = {}
    for name, (second, done, not_done) in _DONE.items():
        for suffix, clock in (("", F("clock_second")), ("_unpaused", Value(now.replace(microsecond=0)))):
            due = f"{name}_due_second{suffix}"
            done_then = done & Q(**{f"{due}__isnull": False})
            overdue = not_done & Q(**{"state__in": sorted(OPEN_STATES), f"{due}__lt": clock})
            kept, missed = (Q(**{f"{second}__{compare}": F(due)}) for compare in ("lte", "gt"))
            found[f"{name}_kept{suffix}"] = Count("pk", filter=done_then & kept)
            found[f"{name}_missed{suffix}"] = Count("pk", filter=(done_then & missed) | overdue)
    return found


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    del row["key"]
    promises = {
        f"{name}s{suffix}": Promises(row.pop(f"{name}_kept{suffix}"), row.pop(f"{name}_missed{suffix}"))
        for name in _DONE
        for suffix in ("", "_unpaused")
    }
    for name in ("days_to_answer", "days_to_resolve"):
        row[name] = None if row[name] is None else row[name].total_seconds() / _SECONDS_A_DAY
    return row | promises


def _findings(city: Jurisdiction, period: Period, key: str) -> dict[Any, dict[str, Any]]:
    """Findings that were opened in the period, and how many of them the operator contested."""
    contested = Exists(Argument.objects.filter(finding=OuterRef("pk"), stage=Argument.Stage.CONTEST))
    rows = Finding.objects.filter(jurisdiction=city, opened_at__gte=period.since, opened_at__lt=period.until)
    counted = rows.annotate(is_contested=contested).values(key).annotate(
        findings=Count("pk"), findings_contested=Count("pk", filter=Q(is_contested=True))
    )  # fmt: skip
    return {row.pop(key): row for row in counted.order_by()}


def _money(city: Jurisdiction, period: Period, key: str, *, with_caps: bool = False) -> dict[Any, dict[str, Any]]:
    """What was charged in the period: penalties less reversals and waivers, and (with caps) what the months' caps left."""
    rows = LedgerEntry.objects.filter(jurisdiction=city, day__gte=period.first, day__lte=period.last, kind__in=CHARGED)
    sums: dict[str, Any] = {"penalties": Sum("amount_centimes", filter=Q(kind__in=CAPPED), default=0)}
    if with_caps:
        sums["after_cap"] = Sum("amount_centimes", default=0)
    else:
        rows = rows.filter(kind__in=CAPPED)
    return {row.pop(key): row for row in rows.values(key).annotate(**sums).order_by()}


def _gather(*parts: dict[Any, dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for part in parts:
        for key, values in part.items():
            found[key] = found.get(key, {}) | values
    return found
