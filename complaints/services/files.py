"""Files of a complaint: taken in quarantine at once, rebuilt or refused by a sweep, served only when ready."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.contrib.gis.geos import Point

from accounts.models import User
from catalogue.models import Category
from complaints.errors import FileRefused, FileTooLarge, TooManyFiles
from complaints.models import Attachment, Complaint
from complaints.places import metres_between
from complaints.services.quarantine import NewFile, media_path, quarantined
from sandbox.sniffing import FileKind
from sandbox.storage import write_atomically
from sandbox.uploads import Picture, UploadRefused, check_upload
from sandbox.whereabouts import photo_position

MAX_FILES = 5
_OF_THE_WORK = (Attachment.Purpose.BEFORE, Attachment.Purpose.AFTER)


def check_files(files: Sequence[NewFile]) -> None:
    """Refuse at once what can be refused without decoding: number, size, kind by content, header.

    Raises TooManyFiles, FileTooLarge or FileRefused. Belongs before the transaction, so that nothing is stored.
    """
    if len(files) > MAX_FILES:
        raise TooManyFiles
    for file in files:
        try:
            check_upload(file.data)
        except UploadRefused as refused:
            raise (FileTooLarge if refused.code == "file_too_large" else FileRefused) from refused


def new_attachments(
    complaint: Complaint,
    files: Sequence[NewFile],
    *,
    now: datetime,
    purpose: Attachment.Purpose = Attachment.Purpose.REPORT,
    uploaded_by: User | None = None,
    position: tuple[float, float] | None = None,
) -> list[Attachment]:
    """Write each file to quarantine and return unsaved rows. A transaction that fails leaves files that a sweep removes.

    Of photos of the work the distance to the place is kept: where the photo itself says it was taken, else `position`
    (longitude, latitude), where the phone is that sends it.
    """
    check_files(files)
    rows = [_new_attachment(complaint, file, now, purpose, uploaded_by) for file in files]
    if purpose in _OF_THE_WORK:
        for row, file in zip(rows, files, strict=True):
            row.metres_off = _metres_off(complaint, file, FileKind(row.kind), position)
    return rows


def _metres_off(
    complaint: Complaint, file: NewFile, kind: FileKind, position: tuple[float, float] | None
) -> int | None:
    """None where nobody says, and where the complaint's own point only stands for its district."""
    taken_at = photo_position(file.data, kind) or position
    if taken_at is None or complaint.place_precision == Category.Publication.DISTRICT:
        return None
    return round(min(metres_between(Point(*taken_at, srid=4326), complaint.point), 2_000_000_000))


def _new_attachment(
    complaint: Complaint, file: NewFile, now: datetime, purpose: Attachment.Purpose, uploaded_by: User | None
) -> Attachment:
    return Attachment(
        complaint=complaint,
        purpose=purpose,
        uploaded_by=uploaded_by,
        created_at=now,
        **quarantined(file, "quarantine", now=now),
    )


def keep_picture(attachment: Attachment, pictures: tuple[Picture, Picture]) -> None:
    """Write another version of a picture and its thumbnail; the row points to it, and the caller saves that.

    The files it pointed to stay: an undo may need them (services/undo.py deletes them later).
    """
    picture, thumbnail = pictures
    stem = f"files/{attachment.public_id.hex[:2]}/{attachment.public_id.hex}-{uuid.uuid4().hex[:8]}"
    write_atomically(media_path(f"{stem}.jpg"), picture.data)
    write_atomically(media_path(f"{stem}-small.jpg"), thumbnail.data)
    attachment.path, attachment.thumbnail_path = f"{stem}.jpg", f"{stem}-small.jpg"
    attachment.width, attachment.height = picture.size.width, picture.size.height


def remove_files(attachment: Attachment) -> None:
    """Delete whatever lies on disk for a row, then forget the paths: a row never loses track of a file that exists."""
    for relative in (attachment.quarantine_path, attachment.path, attachment.thumbnail_path):
        if relative:
            media_path(relative).unlink(missing_ok=True)
    Attachment.objects.filter(pk=attachment.pk).update(quarantine_path="", path="", thumbnail_path="")
