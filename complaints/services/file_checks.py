"""The sweep over uploaded files: each is rebuilt in a child process with limits, or refused with a reason.

Nothing is held while the child works. The result counts only if the row is still ours; whoever lost it removes what it
wrote. The upload leaves quarantine last, so a death at any point is followed by one more attempt.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from catalogue.models import Category
from complaints.models import Attachment, Complaint, Event
from complaints.services.files import media_path
from complaints.services.history import new_event
from queueing.failpoints import failpoint
from queueing.models import QueueState, claims, fail, finish, put_back
from sandbox.child import SandboxFailed, SandboxKilled
from sandbox.sniffing import FileKind
from sandbox.storage import write_atomically
from sandbox.uploads import WALL_SECONDS, ProcessedDocument, ProcessedImage, UploadRefused, process_upload

logger = logging.getLogger(__name__)

# Longer than the child may run.
LEASE = timedelta(seconds=WALL_SECONDS + 60)
DISK_TROUBLE = timedelta(minutes=1)
# Refusals that are not the file's content.
FILE_LOST = "file_lost"
COULD_NOT_CHECK = "could_not_check"


@dataclass(frozen=True)
class _Kept:
    """What was written for a row, as columns of it."""

    path: str
    thumbnail_path: str = ""
    width: int | None = None
    height: int | None = None
    look: int | None = None


def process_due_attachments(*, now: datetime, limit: int = 20) -> int:
    """Check the files that wait, oldest first, for about 20 s; how many were looked at."""
    looked_at = 0
    for attachment in claims(Attachment, now=now, limit=limit, lease=LEASE):
        _process(attachment, now)
        looked_at += 1
    return looked_at


def give_up_on_poison() -> int:
    """Files whose every check ended with the death of its worker are refused, so that their senders are told."""
    poisoned = Attachment.objects.filter(queue_state=QueueState.FAILED, status=Attachment.Status.CHECKING)
    return poisoned.update(status=Attachment.Status.REFUSED, refused_code=COULD_NOT_CHECK)


def _process(attachment: Attachment, now: datetime) -> None:
    try:
        data = media_path(attachment.quarantine_path).read_bytes()
    except FileNotFoundError:
        logger.error("the upload of file %s is not in quarantine", attachment.pk)
        _refuse(attachment, FILE_LOST)
        return
    try:
        result = process_upload(data, FileKind(attachment.kind))
        failpoint("files.processed")
        kept = _write(attachment, result)
    except UploadRefused as refused:
        _refuse(attachment, refused.code)
        return
    except OSError as trouble:
        # The disk is full or away: no fault of the file, which waits.
        put_back(attachment, f"{type(trouble).__name__}: {trouble}", until=now + DISK_TROUBLE)
        return
    except (SandboxKilled, SandboxFailed) as trouble:
        if fail(attachment, f"{type(trouble).__name__}: {trouble}", now=now) == QueueState.FAILED:
            logger.error("file %s could not be checked", attachment.pk)
            give_up_on_poison()
        return
    failpoint("files.written")
    if not _store(attachment, kept, now):
        _delete(kept.path, kept.thumbnail_path)
        return
    failpoint("files.stored")
    _leave_quarantine(attachment)


def _write(attachment: Attachment, result: ProcessedImage | ProcessedDocument) -> _Kept:
    """Write what is kept. The attempt is part of the name: two workers never write the same file."""
    stem = f"files/{attachment.public_id.hex[:2]}/{attachment.public_id.hex}-{attachment.attempts}"
    if isinstance(result, ProcessedDocument):
        write_atomically(media_path(f"{stem}.pdf"), result.data)
        return _Kept(f"{stem}.pdf")
    write_atomically(media_path(f"{stem}.jpg"), result.picture.data)
    write_atomically(media_path(f"{stem}-small.jpg"), result.thumbnail.data)
    size = result.picture.size
    return _Kept(f"{stem}.jpg", f"{stem}-small.jpg", size.width, size.height, result.look)


@transaction.atomic
def _store(attachment: Attachment, kept: _Kept, now: datetime) -> bool:
    """Row and history together; False if the row is not ours any more (another worker's, or erased)."""
    policy = Category.objects.values_list("publish_photos", flat=True).get(complaints=attachment.complaint_id)
    review = Complaint.Review.WITHHELD if policy == Category.Release.NEVER else Complaint.Review.PENDING
    stored = finish(
        attachment,
        status=Attachment.Status.READY,
        path=kept.path,
        thumbnail_path=kept.thumbnail_path,
        width=kept.width,
        height=kept.height,
        look=kept.look,
        review=review,
    )
    if stored:
        data: dict[str, object] = {"files": [str(attachment.public_id)], "purpose": attachment.purpose}
        new_event(attachment.complaint, Event.Kind.FILE_ADDED, now=now, data=data).save(force_insert=True)
    return stored


def _refuse(attachment: Attachment, code: str) -> None:
    if finish(attachment, status=Attachment.Status.REFUSED, refused_code=code):
        _leave_quarantine(attachment)


def _leave_quarantine(attachment: Attachment) -> None:
    """Delete the upload, then forget its path: a path in a row whose file is gone is harmless, the reverse is not."""
    if attachment.quarantine_path:
        _delete(attachment.quarantine_path)
        Attachment.objects.filter(pk=attachment.pk).update(quarantine_path="")


def _delete(*relative_paths: str) -> None:
    for relative in relative_paths:
        if relative:
            media_path(relative).unlink(missing_ok=True)


def remove_left_uploads() -> int:
    """Delete uploads whose check is over but whose worker died before it could; how many there were."""
    left = Attachment.objects.exclude(quarantine_path="").exclude(status=Attachment.Status.CHECKING)
    for attachment in left:
        _leave_quarantine(attachment)
    return len(left)
