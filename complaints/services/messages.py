"""What the reporter adds to her complaint by the secret link."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from complaints.errors import MessageEmpty, MessageTooLong
from complaints.models import Attachment, Complaint, Event, Message
from complaints.services.files import new_attachments
from complaints.services.history import new_event, record
from complaints.services.locking import lock_with_primary
from complaints.services.quarantine import NewFile
from complaints.services.transitions import change_state, refuse_erased
from complaints.workflow import REPORTER, State, Verb

MAX_LENGTH = 4000


@transaction.atomic
def add_reporter_message(
    complaint_id: int, *, text: str, files: Sequence[NewFile] = (), now: datetime, via: str = ""
) -> Complaint:
    """Keep the reporter's words and files. While she is asked something they are the answer, and the clock goes on.

    `via`: how they came, if not by her page (a code for the history). Where hers is merged into another complaint, that
    one has changed too. Locks the rows. Raises MessageEmpty (neither words nor files; an answer needs words),
    MessageTooLong, ReporterErased or a file refusal; then nothing is stored.
    """
    words = text.strip()
    if len(words) > MAX_LENGTH:
        raise MessageTooLong
    complaint, primary = lock_with_primary(complaint_id)
    refuse_erased(complaint)
    asked = complaint is primary and complaint.state == State.WAITING_REPORTER
    if asked and words:
        return change_state(complaint_id, Verb.REPLY, acting_user=None, now=now, note=words, files=files)
    if asked or not (words or files):
        raise MessageEmpty
    _keep(complaint, words, files, now, via)
    for touched in {complaint, primary}:
        touched.updated_at = now
        touched.save(update_fields=["updated_at"])
    return complaint


def _keep(complaint: Complaint, words: str, files: Sequence[NewFile], now: datetime, via: str) -> None:
    data: dict[str, object] = {"via": via} if via else {}
    if words:
        message = Message.objects.create(
            complaint=complaint, audience=Message.Audience.REPORTER, from_reporter=True, text=words, created_at=now
        )
        data["message"] = message.pk
    attachments = new_attachments(complaint, files, now=now, purpose=Attachment.Purpose.MESSAGE)
    if attachments:
        Attachment.objects.bulk_create(attachments)
        data["files"] = len(attachments)
    event = new_event(complaint, Event.Kind.MESSAGE_RECEIVED, now=now, actor_role=REPORTER, data=data)
    record(complaint, event)
