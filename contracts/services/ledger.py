"""Adding to a city's ledger. Everything that moves money comes through `Ledger`, one writer at a time for each city."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Subquery, Sum

from accounts.models import User
from catalogue.models import Jurisdiction
from contracts.breaches import version_on
from contracts.chain import Content, entry_hash, genesis, text_hash
from contracts.models import (
    CollectionOrder,
    Contract,
    ContractVersion,
    DayHead,
    Decision,
    Finding,
    LedgerEntry,
    Payment,
    Turnover,
)
from contracts.months import last_day, local_day, month_of
from contracts.penalties import adjustment, monthly_cap
from queueing.failpoints import failpoint

# Advisory locks of this kind, one for each city (queueing.alone has a space of its own).
_SPACE = 0x9E02
_Kind = LedgerEntry.Kind
# What a month's cap limits.
CAPPED = (_Kind.PENALTY, _Kind.REVERSAL, _Kind.WAIVER)
CHARGED = (*CAPPED, _Kind.CAP_ADJUSTMENT)
# Facts of an entry: what its month comes to with it, before the cap and of adjustments to it. Verified with the chain.
MONTH_CHARGED, MONTH_ADJUSTED = "month_charged", "month_adjusted"


class Ledger:
    """A city's ledger, held for writing until the transaction ends. Get one by `writing_to`."""

    def __init__(self, city: Jurisdiction, *, now: datetime) -> None:
        self.city, self.now = city, now
        self.seq, self.hash = 0, genesis(city.code)
        # Never back along the chain, never on a day whose head has left: a head stays true.
        days: list[date] = [local_day(now, city.time_zone)]
        heads = DayHead.objects.filter(jurisdiction=city).order_by("-day").values("day")[:1]
        rows = LedgerEntry.objects.filter(jurisdiction=city).annotate(head_day=Subquery(heads))
        last = rows.order_by("-seq").values_list("seq", "hash", "day", "head_day").first()
        if last is not None:
            self.seq, self.hash, last_day_used, head_day = last
            days += [last_day_used] + ([head_day + timedelta(days=1)] if head_day else [])
        self.day = max(days)
        # What the months that were asked for come to by now: nobody else writes meanwhile.
        self._months: dict[tuple[int, date], tuple[int, int]] = {}

    def charge(self, decision: Decision, *, actor: User) -> list[LedgerEntry]:
        """Enter what a decision in force means: a penalty, its reversal or waiver, and what the month's cap makes of it.

        Done already, in whatever order decisions arrive, it does nothing more. A reversal that comes before its penalty
        brings it along.
        """
        kind = _ENTRY_OF.get(Decision.Outcome(decision.outcome))
        if kind is None or not decision.in_force or LedgerEntry.objects.filter(decision=decision).exists():
            return []
        entries: list[LedgerEntry] = []
        if kind != _Kind.PENALTY:
            first = decision.finding.decisions.get(kind=Decision.Kind.FIRST, outcome=Decision.Outcome.JUSTIFIED,
                                                   pk__in=decisions_in_force(decision.finding))  # fmt: skip
            entries += self.charge(first, actor=first.decided_by)
        finding = decision.finding
        amount = decision.amount_centimes if kind == _Kind.PENALTY else -decision.amount_centimes
        if amount:
            charged = self._add(
                kind,
                finding.contract,
                month_of(finding.occurred_on),
                amount,
                actor=actor,
                finding=finding,
                decision=decision,
                facts=charge_facts(decision),
            )
            entries += [charged, *self.adjust(finding.contract, charged.period, actor=actor, cause=charged)]
        return entries

    def adjust(
        self,
        contract: Contract,
        period: date,
        *,
        actor: User,
        cause: LedgerEntry | None = None,
        turnover: Turnover | None = None,
    ) -> list[LedgerEntry]:
        """Bring a month to its cap: one entry for the difference, or none. It is `cause` or `turnover` that made it needed."""
        charged, adjusted = self._sums(contract, period)
        terms = version_on(contract, last_day(period))
        cap = _cap_under(terms, contract, period)
        difference = adjustment(charged, cap) - adjusted
        if not difference:
            return []
        facts: dict[str, Any] = {
            "charged": charged,
            "adjusted_before": adjusted,
            "version": terms.number if terms else 0,
        }
        if cap is not None:
            facts["cap"] = cap
        return [
            self._add(
                _Kind.CAP_ADJUSTMENT,
                contract,
                period,
                difference,
                actor=actor,
                cause=cause,
                turnover=turnover,
                facts=facts,
            )
        ]

    def order(self, order: CollectionOrder, *, actor: User) -> LedgerEntry:
        """Enter a collection order."""
        statement = order.statement
        facts: dict[str, Any] = {"order": order.label, "due_on": order.due_on.isoformat()}
        return self._add(
            _Kind.COLLECTION_ORDER,
            statement.contract,
            statement.month,
            order.amount_centimes,
            actor=actor,
            order=order,
            facts=facts,
        )

    def pay(self, payment: Payment, *, actor: User) -> LedgerEntry:
        """Enter a payment: less is owed."""
        statement = payment.order.statement
        facts: dict[str, Any] = {"order": payment.order.label, "paid_on": payment.paid_on.isoformat()}
        facts["reference"] = payment.reference
        return self._add(
            _Kind.PAYMENT,
            statement.contract,
            statement.month,
            -payment.amount_centimes,
            actor=actor,
            payment=payment,
            facts=facts,
        )

    def _add(
        self,
        kind: LedgerEntry.Kind,
        contract: Contract,
        period: date,
        amount: int,
        *,
        actor: User,
        finding: Finding | None = None,
        decision: Decision | None = None,
        cause: LedgerEntry | None = None,
        turnover: Turnover | None = None,
        order: CollectionOrder | None = None,
        payment: Payment | None = None,
        facts: dict[str, Any],
    ) -> LedgerEntry:
        if kind in CHARGED:
            facts = facts | self._counted(kind, contract, period, amount)
        entry = LedgerEntry(
            jurisdiction=self.city,
            seq=self.seq + 1,
            at=self.now,
            day=self.day,
            kind=kind,
            contract=contract,
            period=period,
            amount_centimes=amount,
            finding=finding,
            decision=decision,
            cause=cause,
            turnover=turnover,
            order=order,
            payment=payment,
            actor=actor,
            facts=facts | {"contract": contract.code},
            previous_hash=self.hash,
        )
        entry.hash = entry_hash(content_of(entry, self.city.code), self.hash)
        entry.save(force_insert=True)
        self.seq, self.hash = entry.seq, entry.hash
        failpoint(f"ledger.{kind}")
        return entry

    def _sums(self, contract: Contract, period: date) -> tuple[int, int]:
        """What a month comes to by now: charged before its cap, and adjusted."""
        key = contract.pk, period
        if key not in self._months:
            self._months[key] = carried_sums(contract, period)
        return self._months[key]

    def _counted(self, kind: LedgerEntry.Kind, contract: Contract, period: date, amount: int) -> dict[str, int]:
        """The facts by which an entry carries what its month comes to with it."""
        charged, adjusted = self._sums(contract, period)
        if kind == _Kind.CAP_ADJUSTMENT:
            adjusted += amount
        else:
            charged += amount
        self._months[contract.pk, period] = charged, adjusted
        return {MONTH_CHARGED: charged, MONTH_ADJUSTED: adjusted}


_ENTRY_OF = {
    Decision.Outcome.JUSTIFIED: _Kind.PENALTY,
    Decision.Outcome.REVERSED: _Kind.REVERSAL,
    Decision.Outcome.WAIVED: _Kind.WAIVER,
}


@contextmanager
def writing_to(city: Jurisdiction, *, now: datetime) -> Iterator[Ledger]:
    """The city's ledger, for the only writer of this moment: others wait until this transaction ends.

    Take every other lock before this one (complaint, contract, finding): it is the last in the order, and never waits for
    any of them.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_SPACE, city.pk])
        yield Ledger(city, now=now)


def charge_decision(decision_id: int, *, now: datetime) -> list[LedgerEntry]:
    """Enter a decision in the ledger if it is in force and not entered yet; what was added. Bears any number of calls.

    Decisions are entered in the transaction that makes them: this is for whoever repeats or repairs.
    """
    decision = (
        Decision.objects.select_related("finding__jurisdiction", "finding__contract", "decided_by", "signature")
        .prefetch_related("finding__contract__versions")
        .get(pk=decision_id)
    )
    if LedgerEntry.objects.filter(decision=decision).exists():
        return []
    with writing_to(decision.finding.jurisdiction, now=now) as ledger:
        return ledger.charge(decision, actor=decision.decided_by)


def content_of(entry: LedgerEntry, city_code: str) -> Content:
    """What is hashed of an entry."""
    return Content(
        city=city_code,
        seq=entry.seq,
        at=entry.at,
        day=entry.day,
        kind=str(entry.kind),
        contract=entry.contract_id,
        period=entry.period,
        amount_centimes=entry.amount_centimes,
        finding=entry.finding_id,
        decision=entry.decision_id,
        cause=entry.cause_id,
        turnover=entry.turnover_id,
        order=entry.order_id,
        payment=entry.payment_id,
        actor=entry.actor_id,
        facts=entry.facts,
    )


def charge_facts(decision: Decision) -> dict[str, Any]:
    """What a ledger's entry says of the decision behind it."""
    finding = decision.finding
    facts: dict[str, Any] = {
        "finding": finding.number,
        "occurred_on": finding.occurred_on.isoformat(),
        "outcome": decision.outcome,
        "decided_at": decision.decided_at.isoformat(),
        "decided_by": decision.decided_by_id,
        "reasons_sha256": text_hash(decision.reasons),
    }
    signature = decision.signature_or_none
    if signature is not None:
        facts["signed_by"] = signature.signed_by_id
    if decision.authority:
        facts["authority"] = decision.authority
    return facts | {f"calculation_{name}": value for name, value in decision.calculation.items()}


def decisions_in_force(finding: Finding) -> list[int]:
    """The decisions about a finding that took effect: signed where two people were needed."""
    in_force = Q(needs_second=False) | Q(signature__agreed=True)
    return list(finding.decisions.filter(in_force).values_list("pk", flat=True))


def carried_sums(contract: Contract, period: date) -> tuple[int, int]:
    """`sums_of`, as the month's newest entry carries it: the end of a month costs no more than its beginning.

    Entries from before they carried anything are summed.
    """
    rows = LedgerEntry.objects.filter(contract=contract, period=period, kind__in=CHARGED)
    facts = rows.order_by("-seq").values_list("facts", flat=True).first()
    if facts is None:
        return 0, 0
    if MONTH_CHARGED not in facts:
        return sums_of(contract, period)
    return facts[MONTH_CHARGED], facts[MONTH_ADJUSTED]


def sums_of(contract: Contract, period: date) -> tuple[int, int]:
    """What a month's entries charge before its cap, and what was adjusted so far."""
    rows = LedgerEntry.objects.filter(contract=contract, period=period)
    found = rows.aggregate(
        charged=Sum("amount_centimes", filter=Q(kind__in=CAPPED), default=0),
        adjusted=Sum("amount_centimes", filter=Q(kind=_Kind.CAP_ADJUSTMENT), default=0),
    )
    return found["charged"], found["adjusted"]


def cap_of(contract: Contract, period: date) -> int | None:
    """The cap of a month: of the terms in force on its last day, and of the turnover as entered last."""
    return _cap_under(version_on(contract, last_day(period)), contract, period)


def _cap_under(terms: ContractVersion | None, contract: Contract, period: date) -> int | None:
    if terms is None:
        return None
    turnover = turnover_of(contract, period) if terms.cap_percent is not None else None
    return monthly_cap(
        percent=terms.cap_percent,
        fixed_centimes=terms.cap_centimes,
        turnover_centimes=turnover.amount_centimes if turnover else None,
    )


def turnover_of(contract: Contract, period: date) -> Turnover | None:
    """The turnover of a month, as entered last."""
    return Turnover.objects.filter(contract=contract, month=period).order_by("-pk").first()
