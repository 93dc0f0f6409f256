"""The ledger made a second time from what it rests on: decisions, clauses, complaints' events, turnovers. To the centime.

Nothing here reads an amount that was stored: days are counted from the complaint's history, rates taken from the clause, caps
from the turnover. Set-based: a month of 10,000 lines costs a handful of queries.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q, Sum

from catalogue.models import Jurisdiction
from catalogue.snapshot import Snapshot, current_snapshot
from complaints.models import Event, RoutingDecision
from contracts.breaches import grace_end, read_history, version_on
from contracts.models import (
    Clause,
    Contract,
    Decision,
    Finding,
    IndexValue,
    LedgerEntry,
    Statement,
    Turnover,
)
from contracts.months import last_day, month_of, next_month
from contracts.penalties import Index, Rule, adjustment, calculate, days_late, monthly_cap
from contracts.services.ledger import CHARGED

_Outcome, _Kind = Decision.Outcome, LedgerEntry.Kind
_BATCH = 2000


@dataclass(frozen=True)
class Difference:
    """Something that does not come out the same: what, and both figures in centimes (None: it is not there)."""

    code: str
    where: str
    expected: int | None
    stored: int | None


@dataclass
class Recomputed:
    """What was made again, and what differs."""

    decisions: int = 0
    months: int = 0
    statements: int = 0
    total_centimes: int = 0
    differences: list[Difference] = field(default_factory=list)


def recompute(city: Jurisdiction, *, month: date | None = None) -> Recomputed:
    """Make a city's ledger again, all of it or what belongs to the breaches of one month, and compare."""
    found = Recomputed()
    charged: dict[tuple[int, date], int] = defaultdict(int)
    stored = _stored_charges(city)
    for decision, expected in _expected(city, month):
        finding = decision.finding
        charged[finding.contract_id, month_of(finding.occurred_on)] += expected
        found.decisions += 1
        _compare(found, "decision", finding.number, expected, stored.pop(decision.pk, None))
    if month is None:
        for decision_id, amount in stored.items():
            found.differences.append(Difference("entry_without_decision", str(decision_id), None, amount))
    _compare_months(found, city, charged, month)
    if month is None:
        _compare_statements(found, city)
    return found


def _stored_charges(city: Jurisdiction) -> dict[int, int]:
    rows = LedgerEntry.objects.filter(jurisdiction=city, decision__isnull=False)
    return dict(rows.values_list("decision", "amount_centimes"))


def _expected(city: Jurisdiction, month: date | None) -> Iterator[tuple[Decision, int]]:
    """Each decision in force that moves money, with what it moves."""
    in_force = Q(needs_second=False) | Q(signature__agreed=True)
    rows = (
        Decision.objects.filter(in_force, finding__jurisdiction=city)
        .filter(outcome__in=[_Outcome.JUSTIFIED, _Outcome.REVERSED, _Outcome.WAIVED])
        .select_related("finding__clause", "finding__version", "finding__contract", "finding__complaint")
        .order_by("finding", "pk")
    )
    if month is not None:
        rows = rows.filter(finding__occurred_on__gte=month, finding__occurred_on__lt=next_month(month))
    again = _Again(city)
    left = {"finding": 0, "centimes": 0}
    for batch in _batches(rows.iterator(chunk_size=_BATCH)):
        again.load([decision.finding for decision in batch])
        for decision in batch:
            if left["finding"] != decision.finding_id:
                left = {"finding": decision.finding_id, "centimes": 0}
            amount = _moves(decision, left["centimes"], again)
            left["centimes"] += amount
            yield decision, amount


def _moves(decision: Decision, left: int, again: "_Again") -> int:
    if decision.outcome == _Outcome.JUSTIFIED:
        return again.penalty(decision.finding, decision.decided_at)
    if decision.outcome == _Outcome.REVERSED:
        return -left
    # How much is waived is a person's decision, not a calculation; that it is not more than there was is.
    return -min(decision.amount_centimes, left)


class _Again:
    """Penalties computed anew for batches of findings."""

    def __init__(self, city: Jurisdiction) -> None:
        self.catalogue: Snapshot = current_snapshot(city)
        self.events: dict[int, list[Event]] = {}
        self.routes: dict[int, list[RoutingDecision]] = {}
        self.indexes: dict[int, list[IndexValue]] = defaultdict(list)
        for value in IndexValue.objects.filter(contract__jurisdiction=city).order_by("month", "pk"):
            self.indexes[value.contract_id].append(value)

    def load(self, findings: Iterable[Finding]) -> None:
        """Read the histories of the complaints behind findings that are about time: two queries."""
        ids = {finding.complaint_id for finding in findings if finding.due_at is not None}
        self.events, self.routes = defaultdict(list), defaultdict(list)
        for event in Event.objects.filter(complaint__in=ids):
            self.events[event.complaint_id].append(event)
        for route in RoutingDecision.objects.filter(complaint__in=ids):
            self.routes[route.complaint_id].append(route)

    def penalty(self, finding: Finding, decided_at: datetime) -> int:
        """What the finding costs, from its clause and the complaint's history as it was at the opening."""
        clause = finding.clause
        per_day = clause.per == Clause.Per.DAY_LATE
        rule = Rule(
            clause=clause.code,
            version=finding.version.number,
            per_day=per_day,
            amount_centimes=clause.amount_centimes,
            most_centimes=clause.most_centimes,
            index_base=finding.version.index_base if clause.indexed else None,
        )
        days = self._days(finding) if per_day else None
        index = self._index(finding, decided_at) if clause.indexed else None
        return calculate(rule, days=days, index=index).amount_centimes

    def _days(self, finding: Finding) -> int:
        history = read_history(self.events[finding.complaint_id], self.routes[finding.complaint_id])
        wanted = "answer" if finding.clause.breach == Clause.Breach.ANSWER else "resolution"
        for missed in history.missed:
            if missed.deadline == wanted and missed.due_at == finding.due_at:
                met = missed.met_at if missed.met_at and missed.met_at <= finding.opened_at else finding.opened_at
                unit_id = finding.contract.unit_id
                return days_late(grace_end(finding.clause, missed.due_at, self.catalogue, unit_id), met)
        # The history shows no such breach: a penalty without one must not come out the same.
        return 0

    def _index(self, finding: Finding, decided_at: datetime) -> Index | None:
        month = month_of(finding.occurred_on)
        known = [
            value
            for value in self.indexes[finding.contract_id]
            if value.month <= month and value.entered_at <= decided_at
        ]
        newest = max(known, key=lambda value: (value.month, value.pk), default=None)
        return Index(newest.month, Decimal(newest.value)) if newest else None


def _compare_months(
    found: Recomputed, city: Jurisdiction, charged: dict[tuple[int, date], int], month: date | None
) -> None:
    """What each contract owes for each month, caps applied, against the ledger's sum."""
    rows = LedgerEntry.objects.filter(jurisdiction=city, kind__in=CHARGED)
    if month is not None:
        rows = rows.filter(period=month)
    stored = {
        (contract, period): amount
        for contract, period, amount in rows.order_by()
        .values_list("contract", "period")
        .annotate(amount=Sum("amount_centimes"))
        .values_list("contract", "period", "amount")
    }
    contracts = {
        contract.pk: contract for contract in Contract.objects.filter(jurisdiction=city).prefetch_related("versions")
    }
    turnovers = {
        (row.contract_id, row.month): row.amount_centimes
        for row in Turnover.objects.filter(contract__jurisdiction=city).order_by("pk")
    }
    for key in sorted({*charged, *stored}):
        contract_id, period = key
        terms = version_on(contracts[contract_id], last_day(period))
        cap = (
            monthly_cap(
                percent=terms.cap_percent, fixed_centimes=terms.cap_centimes, turnover_centimes=turnovers.get(key)
            )
            if terms
            else None
        )
        expected = charged.get(key, 0) + adjustment(charged.get(key, 0), cap)
        found.months += 1
        found.total_centimes += expected
        _compare(found, "month", f"{contracts[contract_id].code} {period:%Y-%m}", expected, stored.get(key, 0))


def _compare_statements(found: Recomputed, city: Jurisdiction) -> None:
    """Each statement's total, and its order, against the lines it carries."""
    rows = (
        Statement.objects.filter(contract__jurisdiction=city)
        .select_related("contract", "order")
        .annotate(lines_total=Sum("lines__entry__amount_centimes", default=0))
        .order_by("contract", "month")
    )
    for statement in rows:
        found.statements += 1
        where = f"{statement.contract.code} {statement.month:%Y-%m}"
        total = int(statement.lines_total)
        _compare(found, "statement", where, total, statement.total_centimes)
        order = getattr(statement, "order", None)
        _compare(found, "order", where, total, order.amount_centimes if order else 0)


def _compare(found: Recomputed, code: str, where: str, expected: int, stored: int | None) -> None:
    if stored != expected:
        found.differences.append(Difference(code, where, expected, stored))


def _batches(rows: Iterable[Decision]) -> Iterator[list[Decision]]:
    batch: list[Decision] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
