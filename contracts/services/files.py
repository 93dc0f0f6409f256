"""Files that the parties send: in quarantine at once, rebuilt or refused by a sweep, served only when ready."""

import hashlib
import logging
import os
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import User
from complaints.services.files import NewFile, media_path
from contracts.errors import FileRefused, FileTooLarge, TooManyFiles
from contracts.models import Finding, FindingFile
from queueing.models import QueueState, claims, fail, finish, put_back
from sandbox.child import SandboxFailed, SandboxKilled
from sandbox.sniffing import FileKind
from sandbox.storage import write_atomically
from sandbox.uploads import WALL_SECONDS, ProcessedImage, UploadRefused, check_upload, process_upload

logger = logging.getLogger(__name__)

MAX_FILES = 5
LEASE = timedelta(seconds=WALL_SECONDS + 60)
DISK_TROUBLE = timedelta(minutes=1)
# A transaction that writes files is over long before.
ORPHANS_KEPT = timedelta(hours=24)
FOLDER = "findings"


def keep_files(
    finding: Finding, files: Sequence[NewFile], *, party: FindingFile.Party, acting_user: User | None, now: datetime
) -> list[FindingFile]:
    """Store what a party sent, to be checked. Raises TooManyFiles, FileTooLarge or FileRefused; then nothing is stored."""
    if len(files) > MAX_FILES:
        raise TooManyFiles
    kinds = [_kind(file) for file in files]
    rows = [
        _row(finding, file, kind, party=party, acting_user=acting_user, now=now)
        for file, kind in zip(files, kinds, strict=True)
    ]
    return FindingFile.objects.bulk_create(rows)


def _kind(file: NewFile) -> str:
    try:
        return check_upload(file.data).value
    except UploadRefused as refused:
        raise (FileTooLarge if refused.code == "file_too_large" else FileRefused) from refused


def _row(
    finding: Finding, file: NewFile, kind: str, *, party: FindingFile.Party, acting_user: User | None, now: datetime
) -> FindingFile:
    public_id = uuid.uuid4()
    relative = f"{FOLDER}/quarantine/{public_id.hex}"
    write_atomically(media_path(relative), file.data)
    return FindingFile(
        public_id=public_id,
        finding=finding,
        party=party,
        name=os.path.basename(file.name.replace("\\", "/"))[:200] or "file",
        kind=kind,
        size=len(file.data),
        sha256=hashlib.sha256(file.data).hexdigest(),
        quarantine_path=relative,
        uploaded_by=acting_user,
        uploaded_at=now,
        next_attempt_at=now,
    )


def check_due_files(*, now: datetime, limit: int = 20) -> int:
    """Check the files that wait, oldest first; how many were looked at. It may run twice, or die anywhere."""
    looked_at = 0
    for row in claims(FindingFile, now=now, limit=limit, lease=LEASE):
        _check(row, now)
        looked_at += 1
    return looked_at


def _check(row: FindingFile, now: datetime) -> None:
    try:
        data = media_path(row.quarantine_path).read_bytes()
    except FileNotFoundError:
        logger.error("the upload of finding file %s is not in quarantine", row.pk)
        _refuse(row, "file_lost")
        return
    try:
        result = process_upload(data, FileKind(row.kind))
        kept = result.picture.data if isinstance(result, ProcessedImage) else result.data
        ending = "jpg" if isinstance(result, ProcessedImage) else "pdf"
        path = f"{FOLDER}/kept/{row.public_id.hex}-{row.attempts}.{ending}"
        write_atomically(media_path(path), kept)
    except UploadRefused as refused:
        _refuse(row, refused.code)
        return
    except OSError as trouble:
        put_back(row, f"{type(trouble).__name__}: {trouble}", until=now + DISK_TROUBLE)
        return
    except (SandboxKilled, SandboxFailed) as trouble:
        if fail(row, f"{type(trouble).__name__}: {trouble}", now=now) == QueueState.FAILED:
            FindingFile.objects.filter(pk=row.pk).update(
                status=FindingFile.Status.REFUSED, refused_code="could_not_check"
            )
        return
    stored = finish(
        row, status=FindingFile.Status.READY, path=path, kept_sha256=hashlib.sha256(kept).hexdigest(),
    )  # fmt: skip
    if not stored:
        media_path(path).unlink(missing_ok=True)
        return
    _leave_quarantine(row)


def _refuse(row: FindingFile, code: str) -> None:
    if finish(row, status=FindingFile.Status.REFUSED, refused_code=code):
        _leave_quarantine(row)


def _leave_quarantine(row: FindingFile) -> None:
    """Delete the upload, then forget its path: a path in a row whose file is gone is harmless, the reverse is not."""
    media_path(row.quarantine_path).unlink(missing_ok=True)
    FindingFile.objects.filter(pk=row.pk).update(quarantine_path="")


def remove_orphans(*, now: datetime) -> int:
    """Delete files that no row knows: uploads of transactions that failed, remains of workers that died; how many."""
    removed = 0
    for folder in ("quarantine", "kept"):
        for path in media_path(f"{FOLDER}/{folder}").glob("*"):
            relative = f"{FOLDER}/{folder}/{path.name}"
            if path.stat().st_mtime > (now - ORPHANS_KEPT).timestamp():
                continue
            if not FindingFile.objects.filter(Q(quarantine_path=relative) | Q(path=relative)).exists():
                path.unlink(missing_ok=True)
                removed += 1
    return removed
