"""The city's part: deciding a finding, signing a decision, ruling on an appeal, waiving a penalty, withdrawing.

A penalty follows from a decision in force and from nothing else: `_take_effect` is the only place that charges anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q, Sum

from accounts.models import User
from catalogue.snapshot import current_snapshot
from complaints.deadlines import due, parse_duration
from complaints.models import Message
from contracts.errors import AlreadyAlleged, AuthorityMissing, RepliesMissing, WaiverTooLarge
from contracts.models import Argument, Decision, Finding, IndexValue, Reply, Signature
from contracts.months import month_of, next_month
from contracts.notices import to_operator, to_reporters
from contracts.penalties import Calculation, Index, Rule, calculate, days_late
from contracts.procedure import ALWAYS_TWO, PENALISED, STEPS, FindingState, FindingVerb, SamePerson, StepNotAllowed
from contracts.services.ledger import decisions_in_force, writing_to
from contracts.services.steps import lock_with_contract, move, others_about, role_for
from notifications.models import OutboxMessage

_Kind, _Outcome = Decision.Kind, Decision.Outcome
_MEANS: dict[FindingVerb, tuple[Decision.Kind, Decision.Outcome]] = {
    FindingVerb.JUSTIFY: (_Kind.FIRST, _Outcome.JUSTIFIED),
    FindingVerb.DISMISS: (_Kind.FIRST, _Outcome.NOT_JUSTIFIED),
    FindingVerb.UPHOLD: (_Kind.APPEAL, _Outcome.UPHELD),
    FindingVerb.REVERSE: (_Kind.APPEAL, _Outcome.REVERSED),
    FindingVerb.WAIVE: (_Kind.WAIVER, _Outcome.WAIVED),
}
_VERB_OF = {outcome: verb for verb, (_, outcome) in _MEANS.items()}


@dataclass(frozen=True)
class Ruling:
    """What a contract manager writes: reasons, a reply to each argument (by its key), the authority, a part to waive."""

    reasons: str
    replies: Mapping[int, str] = field(default_factory=dict)
    authority: str = ""
    # Of a waiver: how much; None is all that is left.
    waived_centimes: int | None = None


@transaction.atomic
def decide(finding_id: int, verb: FindingVerb, ruling: Ruling, *, acting_user: User, now: datetime) -> Decision:
    """Justify or dismiss a finding, uphold or reverse it on appeal, or waive its penalty.

    Takes effect at once, or when a second person has signed. Locks the thing, the contract and the finding. Raises a
    ProcedureError, RepliesMissing, AuthorityMissing, WaiverTooLarge or AlreadyAlleged; then nothing is stored.
    """
    finding = lock_with_contract(finding_id)
    role = role_for(finding, verb, acting_user, words=ruling.reasons)
    if verb == FindingVerb.JUSTIFY and any(other.state in PENALISED for other in others_about(finding)):
        raise AlreadyAlleged
    if verb in ALWAYS_TWO and not ruling.authority.strip():
        raise AuthorityMissing
    kind, outcome = _MEANS[verb]
    amount, calculation = _amount(finding, verb, ruling)
    decision = Decision.objects.create(
        finding=finding,
        kind=kind,
        outcome=outcome,
        reasons=ruling.reasons.strip(),
        authority=ruling.authority.strip(),
        decided_by=acting_user,
        decided_at=now,
        from_state=finding.state,
        needs_second=verb in ALWAYS_TWO or _passes_threshold(finding, verb, amount, acting_user, now),
        amount_centimes=amount,
        calculation=calculation.facts() if calculation else {},
    )
    _keep_replies(decision, ruling)
    data: dict[str, object] = {"decision": decision.pk, "outcome": decision.outcome}
    if decision.needs_second:
        move(finding, verb, FindingState.TO_SIGN, role=role, actor=acting_user, now=now, data=data)
    else:
        _take_effect(decision, role=role, actor=acting_user, now=now)
    return decision


@transaction.atomic
def sign(
    finding_id: int, decision_id: int, *, agreed: bool, acting_user: User, now: datetime, note: str = ""
) -> Decision:
    """A second person puts a decision in force, or sends it back with a note. Raises SamePerson or another ProcedureError.

    `decision_id` is the decision that she read: another one meanwhile is not signed.
    """
    finding = lock_with_contract(finding_id)
    verb = FindingVerb.SIGN if agreed else FindingVerb.SEND_BACK
    role = role_for(finding, verb, acting_user, words=note)
    decision = finding.decisions.filter(needs_second=True, signature=None).last()
    if decision is None or decision.pk != decision_id:
        raise StepNotAllowed
    if decision.decided_by_id == acting_user.pk:
        raise SamePerson
    Signature.objects.create(decision=decision, agreed=agreed, note=note.strip(), signed_by=acting_user, signed_at=now)
    decision.refresh_from_db()
    decision.finding = finding
    if agreed:
        _take_effect(decision, role=role, actor=acting_user, now=now)
    else:
        data: dict[str, object] = {"decision": decision.pk}
        move(finding, verb, decision.from_state, role=role, actor=acting_user, now=now, data=data)
    return decision


@transaction.atomic
def withdraw_finding(finding_id: int, reasons: str, *, acting_user: User, now: datetime) -> Finding:
    """The city does not pursue it; another finding about the thing may follow. Raises a ProcedureError."""
    finding = lock_with_contract(finding_id)
    role = role_for(finding, FindingVerb.WITHDRAW, acting_user, words=reasons)
    decision = Decision.objects.create(
        finding=finding,
        kind=_Kind.FIRST,
        outcome=_Outcome.WITHDRAWN,
        reasons=reasons.strip(),
        decided_by=acting_user,
        decided_at=now,
        from_state=finding.state,
        needs_second=False,
        amount_centimes=0,
    )
    data: dict[str, object] = {"decision": decision.pk}
    move(finding, FindingVerb.WITHDRAW, FindingState.WITHDRAWN, role=role, actor=acting_user, now=now, data=data)
    OutboxMessage.objects.bulk_create(to_operator(finding, "withdrawn", now=now))
    return finding


def penalty_left(finding: Finding) -> int:
    """What of a finding's penalty still stands: the penalty less what was waived."""
    in_force = finding.decisions.filter(pk__in=decisions_in_force(finding))
    sums = in_force.aggregate(
        charged=Sum("amount_centimes", filter=Q(outcome=_Outcome.JUSTIFIED), default=0),
        taken_back=Sum("amount_centimes", filter=Q(outcome__in=[_Outcome.REVERSED, _Outcome.WAIVED]), default=0),
    )
    return int(sums["charged"] - sums["taken_back"])


def calculation_for(finding: Finding) -> Calculation:
    """What the finding costs under its clause, by its own times and the index of its month as published now."""
    clause, version = finding.clause, finding.version
    days = None
    if clause.per == clause.Per.DAY_LATE and finding.counted_from and finding.counted_to:
        days = days_late(finding.counted_from, finding.counted_to)
    rule = Rule(
        clause=clause.code,
        version=version.number,
        per_day=clause.per == clause.Per.DAY_LATE,
        amount_centimes=clause.amount_centimes,
        most_centimes=clause.most_centimes,
        index_base=version.index_base if clause.indexed else None,
    )
    return calculate(rule, days=days, index=_index_for(finding) if clause.indexed else None)


def _index_for(finding: Finding) -> Index | None:
    month = month_of(finding.occurred_on)
    values = IndexValue.objects.filter(contract=finding.contract_id, month__lte=month)
    newest = values.order_by("-month", "-pk").first()
    return Index(newest.month, newest.value) if newest else None


def _amount(finding: Finding, verb: FindingVerb, ruling: Ruling) -> tuple[int, Calculation | None]:
    if verb == FindingVerb.JUSTIFY:
        calculation = calculation_for(finding)
        return calculation.amount_centimes, calculation
    if verb == FindingVerb.REVERSE:
        return penalty_left(finding), None
    if verb == FindingVerb.WAIVE:
        left = penalty_left(finding)
        amount = left if ruling.waived_centimes is None else ruling.waived_centimes
        if not 0 < amount <= left:
            raise WaiverTooLarge
        return amount, None
    return 0, None


def _passes_threshold(finding: Finding, verb: FindingVerb, amount: int, user: User, now: datetime) -> bool:
    """The contract's four eyes: a penalty of this size, or so many decided by one person in a month."""
    if verb != FindingVerb.JUSTIFY:
        return False
    terms = finding.version
    if terms.second_signature_from_centimes is not None and amount >= terms.second_signature_from_centimes:
        return True
    if terms.second_signature_from_count is None:
        return False
    zone = current_snapshot(finding.jurisdiction).time_zone
    first = month_of(now.astimezone(zone).date())
    start, end = (datetime(day.year, day.month, 1, tzinfo=zone) for day in (first, next_month(first)))
    earlier = Decision.objects.filter(
        finding__contract=finding.contract_id,
        outcome=_Outcome.JUSTIFIED,
        decided_by=user,
        decided_at__gte=start,
        decided_at__lt=end,
    )
    return earlier.count() + 1 >= terms.second_signature_from_count


def _keep_replies(decision: Decision, ruling: Ruling) -> None:
    """Each argument of the stage that is decided has its reply. Raises RepliesMissing."""
    stage = {_Kind.FIRST: Argument.Stage.CONTEST, _Kind.APPEAL: Argument.Stage.APPEAL}.get(_Kind(decision.kind))
    arguments = list(decision.finding.arguments.filter(stage=stage)) if stage else []
    replies = {argument.pk: ruling.replies.get(argument.pk, "").strip() for argument in arguments}
    if not all(replies.values()):
        raise RepliesMissing
    Reply.objects.bulk_create(
        Reply(decision=decision, argument_id=argument_id, text=text) for argument_id, text in replies.items()
    )


def _take_effect(decision: Decision, *, role: str, actor: User, now: datetime) -> None:
    """State, ledger, and news to the operator and to who reported the thing: once, in the caller's transaction."""
    finding = decision.finding
    verb = _VERB_OF[_Outcome(decision.outcome)]
    target = STEPS[verb].target
    assert target is not None
    if decision.outcome == _Outcome.JUSTIFIED:
        finding.appeal_due_at = _appeal_due(finding, now)
    signed = decision.needs_second
    data: dict[str, object] = {"decision": decision.pk, "outcome": decision.outcome}
    move(finding, FindingVerb.SIGN if signed else verb, target, role=role, actor=actor, now=now, data=data)
    mails = to_operator(finding, decision.outcome, now=now, decision=decision)
    told, reporters_mails = to_reporters(finding, decision.outcome, now=now)
    Message.objects.bulk_create(told)
    OutboxMessage.objects.bulk_create([*mails, *reporters_mails], ignore_conflicts=True)
    if decision.amount_centimes:
        with writing_to(finding.jurisdiction, now=now) as ledger:
            ledger.charge(decision, actor=actor)


def _appeal_due(finding: Finding, now: datetime) -> datetime:
    catalogue = current_snapshot(finding.jurisdiction)
    calendar = catalogue.calendar_of(catalogue.units[finding.contract.unit_id], now.date())
    return due(now, parse_duration(finding.version.appeal_within), calendar).instant
