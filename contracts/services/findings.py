"""Opening a finding, and the operator's answer to it. See decisions.py for what the city then makes of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from catalogue.snapshot import current_snapshot
from complaints.deadlines import due, parse_duration
from complaints.models import Complaint
from complaints.services.locking import lock as lock_complaint
from complaints.services.quarantine import NewFile
from contracts.breaches import Option, history_of, options_for
from contracts.errors import AlreadyAlleged, ArgumentsMissing, NoContract, NotABreach, PeriodOver, TooManyArguments
from contracts.evidence import gather
from contracts.models import Argument, Contract, Evidence, Finding, FindingEvent, FindingFile
from contracts.notices import to_operator
from contracts.permissions import acting_role, can_open, city_hats, hats
from contracts.procedure import OPENING, OPERATOR, FindingState, FindingVerb, PersonNotAllowed, WordsRequired
from contracts.services.files import keep_files
from contracts.services.steps import lock, lock_contract, move, role_for, root_of
from contracts.services.webhooks import announce
from notifications.models import OutboxMessage

MAX_ARGUMENTS = 10
# An operator that has not answered is reminded this long before its time is over.
REMIND_BEFORE = timedelta(days=2)


@transaction.atomic
def open_finding(
    complaint_id: int,
    clause_id: int,
    *,
    grounds: str,
    acting_user: User,
    now: datetime,
    photos: Sequence[int] = (),
    files: Sequence[NewFile] = (),
) -> Finding:
    """Allege that an operator broke a clause about one thing, and tell it.

    `photos` are attachments of the complaint, `files` the officer's own. A merged complaint stands for its primary. Raises
    PersonNotAllowed, NoContract, NotABreach, AlreadyAlleged, WordsRequired, EvidenceNotDisclosed or a file refusal.
    """
    complaint = lock_complaint(root_of(Complaint.objects.get(pk=complaint_id)).pk)
    if not can_open(acting_user, complaint):
        raise PersonNotAllowed
    if not grounds.strip():
        raise WordsRequired
    group = [complaint.pk, *complaint.merged.values_list("pk", flat=True)]
    if Finding.objects.filter(complaint__in=group).exclude(state=FindingState.WITHDRAWN).exists():
        raise AlreadyAlleged
    history = history_of(complaint)
    options = options_for(complaint, history, now=now)
    if not options:
        raise NoContract
    option = next((option for option in options if option.clause.pk == clause_id), None)
    if option is None:
        raise NotABreach
    chosen = list(complaint.attachments.filter(pk__in=photos))
    evidence = gather(complaint, history, option, chosen)
    finding = _new_finding(complaint, option, grounds.strip(), acting_user, now)
    finding.save(force_insert=True)
    for piece in evidence:
        piece.finding = finding
    Evidence.objects.bulk_create(evidence)
    keep_files(finding, files, party=FindingFile.Party.CITY, acting_user=acting_user, now=now)
    role = acting_role(OPENING, city_hats(acting_user, complaint.jurisdiction_id))
    event = FindingEvent.objects.create(
        finding=finding, at=now, verb="open", to_state=finding.state, actor_role=role, actor=acting_user
    )
    announce(finding, event)
    OutboxMessage.objects.bulk_create(to_operator(finding, "open", now=now))
    return finding


def _new_finding(complaint: Complaint, option: Option, grounds: str, user: User, now: datetime) -> Finding:
    contract = lock_contract(option.contract.pk)
    catalogue = current_snapshot(complaint.jurisdiction)
    calendar = catalogue.calendar_of(catalogue.units[contract.unit_id], now.date())
    return Finding(
        number=_next_number(contract, now.astimezone(catalogue.time_zone).year),
        jurisdiction=complaint.jurisdiction,
        contract=contract,
        version=option.version,
        clause=option.clause,
        complaint=complaint,
        occurred_on=option.occurred_on,
        due_at=option.due_at,
        met_at=option.met_at,
        counted_from=option.counted_from,
        counted_to=option.counted_to,
        grounds=grounds,
        opened_at=now,
        opened_by=user,
        answer_due_at=due(now, parse_duration(option.version.contest_within), calendar).instant,
        updated_at=now,
    )


def _next_number(contract: Contract, year: int) -> str:
    """The next number of a contract and year, without gaps: the caller holds the contract's lock."""
    start = f"{contract.prefix}-{year}-"
    taken = Finding.objects.filter(number__startswith=start).count()
    return f"{start}{taken + 1:04d}"


@transaction.atomic
def accept_finding(finding_id: int, *, acting_user: User | None, now: datetime) -> Finding:
    """The operator does not dispute it. Raises a ProcedureError, or PeriodOver."""
    finding = lock(finding_id)
    role = role_for(finding, FindingVerb.ACCEPT, acting_user)
    _require_time(finding, now)
    move(finding, FindingVerb.ACCEPT, FindingState.ACCEPTED, role=role, actor=acting_user, now=now)
    return finding


@transaction.atomic
def contest_finding(
    finding_id: int,
    arguments: Sequence[str],
    *,
    acting_user: User | None,
    now: datetime,
    files: Sequence[NewFile] = (),
) -> Finding:
    """The operator disputes it, point by point; each point will be replied to before anything is decided.

    Raises a ProcedureError, ArgumentsMissing, TooManyArguments, PeriodOver or a file refusal; then nothing is stored.
    """
    return _argue(finding_id, FindingVerb.CONTEST, FindingState.CONTESTED, arguments, files, acting_user, now)


@transaction.atomic
def appeal_finding(
    finding_id: int,
    arguments: Sequence[str],
    *,
    acting_user: User | None,
    now: datetime,
    files: Sequence[NewFile] = (),
) -> Finding:
    """The operator asks that a decision be looked at again. Raises as `contest_finding` does."""
    return _argue(finding_id, FindingVerb.APPEAL, FindingState.APPEALED, arguments, files, acting_user, now)


def _argue(
    finding_id: int,
    verb: FindingVerb,
    target: FindingState,
    arguments: Sequence[str],
    files: Sequence[NewFile],
    user: User | None,
    now: datetime,
) -> Finding:
    points = [text.strip() for text in arguments if text.strip()]
    if not points:
        raise ArgumentsMissing
    if len(points) > MAX_ARGUMENTS:
        raise TooManyArguments
    finding = lock(finding_id)
    role = role_for(finding, verb, user, words=points[0])
    _require_time(finding, now)
    stage = Argument.Stage.CONTEST if verb == FindingVerb.CONTEST else Argument.Stage.APPEAL
    Argument.objects.bulk_create(
        Argument(finding=finding, stage=stage, position=position, text=text, made_at=now, made_by=user)
        for position, text in enumerate(points, start=1)
    )
    kept = keep_files(finding, files, party=FindingFile.Party.OPERATOR, acting_user=user, now=now)
    data: dict[str, object] = {"arguments": len(points), "files": [str(file.public_id) for file in kept]}
    move(finding, verb, target, role=role, actor=user, now=now, data=data)
    return finding


@transaction.atomic
def add_files(
    finding_id: int, files: Sequence[NewFile], *, acting_user: User | None, now: datetime
) -> list[FindingFile]:
    """More files of the operator's, until the matter is decided. Raises PersonNotAllowed, PeriodOver or a file refusal."""
    finding = lock(finding_id)
    role = acting_role(OPERATOR, hats(acting_user, finding.contract))
    if finding.state not in (FindingState.NOTIFIED, FindingState.CONTESTED, FindingState.APPEALED):
        raise PeriodOver
    kept = keep_files(finding, files, party=FindingFile.Party.OPERATOR, acting_user=acting_user, now=now)
    data: dict[str, object] = {"files": [str(file.public_id) for file in kept]}
    FindingEvent.objects.create(finding=finding, at=now, verb="file", actor_role=role, actor=acting_user, data=data)
    return kept


def lapse_due(*, now: datetime, limit: int = 500) -> int:
    """Findings whose time to answer is over lapse, each once; how many. May run twice, or for the first time in days."""
    overdue = Finding.objects.filter(state=FindingState.NOTIFIED, answer_due_at__lt=now).order_by("pk")
    lapsed = 0
    for finding_id in list(overdue.values_list("pk", flat=True)[:limit]):
        lapsed += _lapse(finding_id, now)
    return lapsed


@transaction.atomic
def _lapse(finding_id: int, now: datetime) -> bool:
    finding = lock(finding_id)
    if finding.state != FindingState.NOTIFIED or finding.answer_due_at >= now:
        return False
    role = role_for(finding, FindingVerb.LAPSE, None, by_system=True)
    data: dict[str, object] = {"silence": finding.version.silence}
    move(finding, FindingVerb.LAPSE, FindingState.LAPSED, role=role, actor=None, now=now, data=data)
    return True


def remind_due(*, now: datetime) -> int:
    """Remind operators whose time is nearly over, each once (the outbox knows what was put); how many were new."""
    waiting = Finding.objects.filter(
        state=FindingState.NOTIFIED, answer_due_at__gte=now, answer_due_at__lt=now + REMIND_BEFORE
    ).select_related("contract__unit", "version", "clause", "complaint", "jurisdiction")
    fresh = [finding for finding in waiting if finding.opened_at < now - REMIND_BEFORE]
    mails = [mail for finding in fresh for mail in to_operator(finding, "remind", now=now)]
    known = set(
        OutboxMessage.objects.filter(dedup_key__in=[mail.dedup_key for mail in mails]).values_list(
            "dedup_key", flat=True
        )
    )
    new = [mail for mail in mails if mail.dedup_key not in known]
    OutboxMessage.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _require_time(finding: Finding, now: datetime) -> None:
    """An operator's step comes in time, whether or not the sweep has passed by."""
    late_answer = finding.state == FindingState.NOTIFIED and finding.answer_due_at < now
    late_appeal = finding.state == FindingState.JUSTIFIED and (finding.appeal_due_at or now) < now
    if late_answer or late_appeal:
        raise PeriodOver
