"""The checks of complaints' files: what is kept of each, and what its row and the history say then."""

from datetime import datetime

from django.db import transaction

from catalogue.models import Category
from complaints.models import Attachment, Complaint, Event
from complaints.services.history import new_event
from complaints.services.quarantine import Kept, Processed, check_due, media_path
from queueing.models import finish
from sandbox.storage import write_atomically
from sandbox.uploads import ProcessedDocument


def process_due_attachments(*, now: datetime, limit: int = 20) -> int:
    """Check the files that wait, oldest first, for about 20 s; how many were looked at."""
    return check_due(Attachment, write=_write, store=lambda row, kept: _store(row, kept, now), now=now, limit=limit)


def _write(attachment: Attachment, result: Processed) -> Kept:
    stem = f"files/{attachment.public_id.hex[:2]}/{attachment.public_id.hex}-{attachment.attempts}"
    if isinstance(result, ProcessedDocument):
        write_atomically(media_path(f"{stem}.pdf"), result.data)
        return Kept({"path": f"{stem}.pdf"})
    write_atomically(media_path(f"{stem}.jpg"), result.picture.data)
    write_atomically(media_path(f"{stem}-small.jpg"), result.thumbnail.data)
    size = result.picture.size
    return Kept(
        {"path": f"{stem}.jpg", "thumbnail_path": f"{stem}-small.jpg"},
        {"width": size.width, "height": size.height, "look": result.look},
    )


@transaction.atomic
def _store(attachment: Attachment, kept: Kept, now: datetime) -> bool:
    """Row and history together."""
    policy = Category.objects.values_list("publish_photos", flat=True).get(complaints=attachment.complaint_id)
    review = Complaint.Review.WITHHELD if policy == Category.Release.NEVER else Complaint.Review.PENDING
    stored = finish(attachment, status=Attachment.Status.READY, review=review, **kept.columns)
    if stored:
        data: dict[str, object] = {"files": [str(attachment.public_id)], "purpose": attachment.purpose}
        new_event(attachment.complaint, Event.Kind.FILE_ADDED, now=now, data=data).save(force_insert=True)
    return stored
