"""Erasing a person: nothing she wrote, sent or was sent stays in any row, file or mail kept. History and counts stay whole."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from complaints.models import Attachment, Complaint, Erasure, Event, IdempotencyKey, Message, Reporter, mark_of_address
from complaints.permissions import hats
from complaints.services.files import remove_files
from complaints.services.history import new_event, record
from complaints.services.paper_files import forget_papers
from complaints.services.undo import forget_deeds_of
from complaints.services.verdicts import Voice, forget_voice
from complaints.workflow import REPORTER, SYSTEM
from notifications.outbox import erase_messages, remove_mail_files
from queueing.models import QueueState

# Attachment.refused_code of a file that was taken away on request.
ERASED = "erased"


def erase_reporter(
    complaint_id: int, *, now: datetime, acting_user: User | None = None, by_system: bool = False
) -> Complaint:
    """Empty the reporter, her words, files and mails of one complaint. Running it again does nothing more.

    Without `acting_user` it is the reporter who asks, or a sweep (`by_system`). Locks the row. What lies on disk goes
    when the transaction has committed; if the process dies in between, `remove_erased_remains` finds it.
    """
    with transaction.atomic():
        complaint = Complaint.objects.select_for_update(of=("self",)).get(pk=complaint_id)
        email = Reporter.objects.filter(complaint=complaint).values_list("email", flat=True).first()
        _empty_rows(complaint, now)
        if email:
            Erasure.objects.create(complaint=complaint, address=mark_of_address(email), next_attempt_at=now)
        erase_messages(complaint.tracking_number)
        if not complaint.events.filter(kind=Event.Kind.ERASED).exists():
            role = SYSTEM if by_system else _role(acting_user, complaint)
            record(complaint, new_event(complaint, Event.Kind.ERASED, now=now, actor=acting_user, actor_role=role))
        transaction.on_commit(partial(_remove_remains, complaint.pk, complaint.tracking_number))
    return complaint


def _role(user: User | None, complaint: Complaint) -> str:
    if user is None:
        return REPORTER
    return min(hats(user, complaint), default=SYSTEM)


def _empty_rows(complaint: Complaint, now: datetime) -> None:
    complaint.description = complaint.public_description = ""
    complaint.location_text = ""
    complaint.answers = {}
    complaint.text_review = Complaint.Review.WITHHELD
    complaint.updated_at = now
    complaint.save(
        update_fields=["description", "public_description", "location_text", "answers", "text_review", "updated_at"]
    )
    Reporter.objects.filter(complaint=complaint).update(
        name="", email="", phone="", consent_contact=False, consent_sms=False, erased_at=now
    )
    Message.objects.filter(complaint=complaint, from_reporter=True).update(text="", erased_at=now)
    # The paths stay until the files are gone.
    _reporters_files(complaint.pk).update(
        name="",
        sha256="",
        look=None,
        status=Attachment.Status.REFUSED,
        refused_code=ERASED,
        review=Complaint.Review.WITHHELD,
        queue_state=QueueState.CANCELLED,
        leased_until=None,
        last_error="",
    )
    forget_voice(Voice.of_reporter(complaint.pk))
    IdempotencyKey.objects.filter(complaint=complaint).delete()
    forget_papers(complaint.pk)
    forget_deeds_of(complaint)


def _reporters_files(complaint_id: int) -> QuerySet[Attachment]:
    """What she sent; the crew's and the desk's own photos are the city's record."""
    purposes = (Attachment.Purpose.REPORT, Attachment.Purpose.MESSAGE)
    return Attachment.objects.filter(complaint_id=complaint_id, purpose__in=purposes, uploaded_by=None)


def _remove_remains(complaint_id: int, reference: str) -> None:
    for attachment in Attachment.objects.filter(_HAS_REMAINS, complaint_id=complaint_id):
        remove_files(attachment)
    remove_mail_files(reference)


_HAS_REMAINS = Q(refused_code=ERASED) & ~Q(quarantine_path="", path="", thumbnail_path="")


def remove_erased_remains() -> int:
    """Delete files of erased reporters that a dying process left behind; how many attachments had any."""
    left = list(Attachment.objects.filter(_HAS_REMAINS))
    for attachment in left:
        remove_files(attachment)
    return len(left)
