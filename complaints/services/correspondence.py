"""What staff says about a complaint: public answers, notes among colleagues, photos of the work."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from complaints.errors import MessageEmpty
from complaints.models import Attachment, Complaint, Event, Handover, Message
from complaints.notices import answer_news
from complaints.permissions import (
    ANSWERING,
    MODERATING,
    WORKING,
    can_add_photos,
    can_answer,
    can_note,
    hats,
    require,
)
from complaints.services.escalation import catch_up
from complaints.services.files import new_attachments
from complaints.services.handovers import settle
from complaints.services.history import new_event, record
from complaints.services.locking import lock, lock_acting
from complaints.services.quarantine import NewFile
from complaints.services.transitions import acting_role, change_state
from complaints.workflow import State, Verb
from notifications.models import OutboxMessage


@transaction.atomic
def answer(complaint_id: int, text: str, *, acting_user: User, now: datetime) -> Message:
    """Tell the reporter and the public something; the first answer keeps (or misses) the promise of an answer.

    A complaint that was only received is accepted by it. The reporter gets it by mail if she left an address. Raises
    ActorNotAllowed or MessageEmpty.
    """
    complaint = lock_acting(complaint_id)
    require(can_answer(acting_user, complaint))
    catch_up(complaint, now=now)
    if complaint.state == State.RECEIVED:
        complaint = change_state(complaint_id, Verb.ACCEPT, acting_user=acting_user, now=now, tell=False)
    settle(complaint, Handover.Outcome.TAKEN, now=now)
    if complaint.answered_at is None:
        complaint.answered_at = now
    message = _keep(complaint, text, Message.Audience.PUBLIC, acting_user, now)
    complaint.updated_at = now
    complaint.save(update_fields=["answered_at", "updated_at"])
    event = new_event(
        complaint,
        Event.Kind.ANSWERED,
        now=now,
        actor=acting_user,
        actor_role=acting_role(ANSWERING, hats(acting_user, complaint)),
        is_public=True,
        data={"message": message.pk},
    )
    record(complaint, event)
    OutboxMessage.objects.bulk_create(answer_news(complaint, message, now=now))
    return message


@transaction.atomic
def add_note(complaint_id: int, text: str, *, acting_user: User, now: datetime) -> Message:
    """Keep a note that only colleagues read. Changes nothing else of the complaint.

    Raises ActorNotAllowed or MessageEmpty.
    """
    complaint = lock(complaint_id)
    require(can_note(acting_user, complaint))
    message = _keep(complaint, text, Message.Audience.INTERNAL, acting_user, now)
    event = new_event(
        complaint,
        Event.Kind.NOTED,
        now=now,
        actor=acting_user,
        actor_role=acting_role(WORKING | MODERATING, hats(acting_user, complaint)),
        data={"message": message.pk},
    )
    record(complaint, event)
    return message


@transaction.atomic
def add_photos(
    complaint_id: int,
    files: Sequence[NewFile],
    purpose: Attachment.Purpose,
    *,
    acting_user: User,
    now: datetime,
    position: tuple[float, float] | None = None,
) -> list[Attachment]:
    """Keep photos taken before or after the work; `position` is where the phone is that sends them.

    Raises ActorNotAllowed or a file refusal; then nothing is stored.
    """
    complaint = lock_acting(complaint_id)
    require(can_add_photos(acting_user, complaint))
    photos = new_attachments(complaint, files, now=now, purpose=purpose, uploaded_by=acting_user, position=position)
    Attachment.objects.bulk_create(photos)
    complaint.updated_at = now
    complaint.save(update_fields=["updated_at"])
    event = new_event(
        complaint,
        Event.Kind.FILE_ADDED,
        now=now,
        actor=acting_user,
        actor_role=acting_role(WORKING, hats(acting_user, complaint)),
        data={"files": [str(photo.public_id) for photo in photos], "purpose": purpose.value},
    )
    record(complaint, event)
    return photos


def keep_note(complaint: Complaint, text: str, author: User, now: datetime) -> dict[str, object]:
    """Store optional words as an internal note; the reference for the event's data, empty when there are none."""
    if not text.strip():
        return {}
    return {"message": _keep(complaint, text, Message.Audience.INTERNAL, author, now).pk}


def _keep(complaint: Complaint, text: str, audience: Message.Audience, author: User, now: datetime) -> Message:
    if not text.strip():
        raise MessageEmpty
    return Message.objects.create(
        complaint=complaint, audience=audience, author=author, text=text.strip(), created_at=now
    )
