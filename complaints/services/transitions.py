"""Moving a complaint from state to state. Desk, crew, operator, reporter and API all come through `change_state`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from complaints.errors import ReporterErased
from complaints.models import Attachment, Complaint, Event, Handover, Message, Reporter
from complaints.notices import state_news
from complaints.permissions import hats
from complaints.services.clocks import move_clock
from complaints.services.escalation import catch_up
from complaints.services.evidence import require_evidence
from complaints.services.files import new_attachments
from complaints.services.handovers import settle
from complaints.services.history import new_event, record
from complaints.services.locking import lock_acting
from complaints.services.quarantine import NewFile
from complaints.workflow import (
    OPEN_STATES,
    REPORTER,
    SYSTEM,
    EvidenceReason,
    RejectReason,
    State,
    TransitionNotAllowed,
    Verb,
    check,
)
from notifications.models import OutboxMessage

_WORDS_FOR = {
    # Who reads the note that comes with a verb; others are public answers.
    Verb.ASK: Message.Audience.REPORTER,
    Verb.REPLY: Message.Audience.REPORTER,
    Verb.CONTEST: Message.Audience.REPORTER,
    Verb.WITHDRAW: Message.Audience.REPORTER,
    Verb.CONFIRM: Message.Audience.REPORTER,
    Verb.START: Message.Audience.INTERNAL,
    Verb.RESUME: Message.Audience.INTERNAL,
    Verb.REOPEN: Message.Audience.INTERNAL,
}


@transaction.atomic
def change_state(
    complaint_id: int,
    verb: Verb,
    *,
    acting_user: User | None,
    now: datetime,
    note: str = "",
    reason: str = "",
    files: Sequence[NewFile] = (),
    position: tuple[float, float] | None = None,
    tell: bool = True,
) -> Complaint:
    """Apply `verb` and record who did it; `acting_user` None is the reporter, who came by her secret link.

    `reason` is a RejectReason for REJECT, an EvidenceReason for RESOLVE without a photo. `files` are photos after the
    work, `position` (longitude, latitude) is where the phone that sends them is. `tell` False: the caller writes to the
    reporter himself. Locks the row. Raises a WorkflowError (not allowed, note, reason or evidence missing), MergedAway or
    a file refusal; then nothing is stored.
    """
    complaint = lock_acting(complaint_id)
    if acting_user is None and (note.strip() or files):
        refuse_erased(complaint)
    worn = hats(acting_user, complaint)
    step = check(verb, complaint.state, actors=worn, note=note, reason=reason)
    if step.target is None:
        raise TransitionNotAllowed
    role = acting_role(step.actors, worn)
    photos = new_attachments(
        complaint, files, now=now, purpose=_purpose(verb), uploaded_by=acting_user, position=position
    )
    data: dict[str, object] = {"verb": verb.value}
    if step.evidence:
        data |= require_evidence(complaint, photos, reason)
    Attachment.objects.bulk_create(photos)
    if reason in RejectReason.values or reason in EvidenceReason.values:
        data["reason"] = reason
    if note.strip():
        data["message"] = _keep_words(complaint, verb, note, acting_user, now).pk
    event = move(complaint, step.target, role=role, acting_user=acting_user, now=now, data=data)
    if tell and role != REPORTER:
        OutboxMessage.objects.bulk_create(state_news(complaint, event, note=note))
    return complaint


def move(
    complaint: Complaint,
    target: State,
    *,
    role: str,
    acting_user: User | None,
    now: datetime,
    data: dict[str, object],
) -> Event:
    """Carry out what was found to be allowed: state, clock and ladder, one event. The caller holds the row's lock."""
    event = new_event(
        complaint,
        Event.Kind.STATE_CHANGED,
        now=now,
        actor=acting_user,
        actor_role=role,
        is_public=True,
        from_state=complaint.state,
        to_state=target,
        data=data,
    )
    catch_up(complaint, now=now)
    if role not in (REPORTER, SYSTEM):
        settle(complaint, Handover.Outcome.TAKEN, now=now)
    _apply(complaint, target, now)
    move_clock(complaint, event, now)
    if data.get("verb") == Verb.CONTEST:
        complaint.contested_count += 1
    complaint.save(update_fields=_CHANGED)
    return record(complaint, event)


_CHANGED = [
    "state",
    "updated_at",
    "closed_at",
    "answered_at",
    "paused_at",
    "reopened_count",
    "answer_due_at",
    "answer_due_wall",
    "resolution_due_at",
    "resolution_due_wall",
    "policy_version",
    "next_rung_at",
    "escalation",
    "contested_count",
    "verdict_until",
]


def refuse_erased(complaint: Complaint) -> None:
    """Raises ReporterErased: words and files that came after an erasure would stay for ever."""
    if Reporter.objects.filter(complaint=complaint, erased_at__isnull=False).exists():
        raise ReporterErased


def acting_role(allowed: frozenset[str], worn: frozenset[str]) -> str:
    """The hat under which the event is signed: the first, by name, that allows the verb."""
    return sorted(allowed & worn)[0]


def _purpose(verb: Verb) -> Attachment.Purpose:
    if verb == Verb.RESOLVE:
        return Attachment.Purpose.AFTER
    return Attachment.Purpose.BEFORE if verb == Verb.START else Attachment.Purpose.MESSAGE


def _keep_words(complaint: Complaint, verb: Verb, note: str, user: User | None, now: datetime) -> Message:
    return Message.objects.create(
        complaint=complaint,
        audience=_WORDS_FOR.get(verb, Message.Audience.PUBLIC),
        from_reporter=user is None,
        author=user,
        text=note.strip(),
        created_at=now,
    )


def _apply(complaint: Complaint, target: State, now: datetime) -> None:
    was_open = complaint.is_open
    complaint.state = target
    complaint.updated_at = now
    if target in OPEN_STATES:
        complaint.closed_at = None
    elif was_open:
        complaint.closed_at = now
    if target in (State.RESOLVED, State.REJECTED, State.OUT_OF_SCOPE) and complaint.answered_at is None:
        complaint.answered_at = now
    if target == State.REOPENED:
        complaint.reopened_count += 1
        complaint.escalation = 0
    complaint.next_rung_at = None
    days = timedelta(days=complaint.jurisdiction.verdict_days)
    complaint.verdict_until = now + days if target == State.RESOLVED else None
