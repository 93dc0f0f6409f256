"""The sweep over uploaded files: each is rebuilt in a child process with limits, or refused with a reason.

Nothing is held while the child works. The result counts only if the row is still ours; whoever lost it removes what it
wrote. The upload leaves quarantine last, so a death at any point is followed by one more attempt.
"""

import hashlib
import logging
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings

from complaints.models import QuarantinedFile
from queueing.failpoints import failpoint
from queueing.models import QueueState, claims, fail, finish, put_back
from sandbox.child import SandboxFailed, SandboxKilled
from sandbox.sniffing import FileKind
from sandbox.storage import write_atomically
from sandbox.uploads import WALL_SECONDS, ProcessedDocument, ProcessedImage, UploadRefused, check_upload, process_upload

logger = logging.getLogger(__name__)

# Longer than the child may run.
LEASE = timedelta(seconds=WALL_SECONDS + 60)
DISK_TROUBLE = timedelta(minutes=1)
# Refusals that are not the file's content.
FILE_LOST = "file_lost"
COULD_NOT_CHECK = "could_not_check"

File = TypeVar("File", bound=QuarantinedFile)
Processed = ProcessedImage | ProcessedDocument


@dataclass(frozen=True)
class NewFile:
    """An uploaded file: the uploader's own name for it, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Kept:
    """What was written for a row: its paths, by column, and what else is known of it now, by column."""

    paths: dict[str, str]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Any]:
        return self.paths | self.facts


def media_path(relative: str) -> Path:
    """Where a stored path lies on disk. The paths are ours (hex names); no name of a user ever becomes one."""
    return Path(settings.MEDIA_ROOT) / relative


def quarantined(file: NewFile, folder: str, *, now: datetime) -> dict[str, Any]:
    """Write a file to quarantine below `folder`; the columns of QuarantinedFile for its row. Raises UploadRefused."""
    kind = check_upload(file.data)
    public_id = uuid.uuid4()
    relative = f"{folder}/{public_id.hex[:2]}/{public_id.hex}"
    write_atomically(media_path(relative), file.data)
    return {
        "public_id": public_id,
        "name": os.path.basename(file.name.replace("\\", "/"))[:200] or "file",
        "kind": kind.value,
        "size": len(file.data),
        "sha256": hashlib.sha256(file.data).hexdigest(),
        "quarantine_path": relative,
        "next_attempt_at": now,
    }


def check_due(
    model: type[File],
    *,
    write: Callable[[File, Processed], Kept],
    store: Callable[[File, Kept], bool],
    now: datetime,
    limit: int,
) -> int:
    """Check the files that wait, oldest first, for about 20 s; how many were looked at.

    `write` keeps what was rebuilt, under a name that holds the attempt: two workers never write the same file. `store`
    finishes the row; False if it is not ours any more (another worker's, or erased).
    """
    looked_at = 0
    for row in claims(model, now=now, limit=limit, lease=LEASE):
        _check(row, write, store, now)
        looked_at += 1
    return looked_at


def _check(
    row: File, write: Callable[[File, Processed], Kept], store: Callable[[File, Kept], bool], now: datetime
) -> None:
    model = type(row)
    try:
        data = media_path(row.quarantine_path).read_bytes()
    except FileNotFoundError:
        logger.error("the upload of %s %s is not in quarantine", model._meta.label, row.pk)
        _refuse(row, FILE_LOST)
        return
    try:
        result = process_upload(data, FileKind(row.kind))
        failpoint("files.processed")
        kept = write(row, result)
    except UploadRefused as refused:
        _refuse(row, refused.code)
        return
    except OSError as trouble:
        # The disk is full or away: no fault of the file, which waits.
        put_back(row, f"{type(trouble).__name__}: {trouble}", until=now + DISK_TROUBLE)
        return
    except (SandboxKilled, SandboxFailed) as trouble:
        if fail(row, f"{type(trouble).__name__}: {trouble}", now=now) == QueueState.FAILED:
            logger.error("%s %s could not be checked", model._meta.label, row.pk)
            give_up_on_poison(model)
        return
    failpoint("files.written")
    if not store(row, kept):
        delete_files(*kept.paths.values())
        return
    failpoint("files.stored")
    _leave_quarantine(row)


def give_up_on_poison(model: type[QuarantinedFile]) -> int:
    """Files whose every check ended with the death of its worker are refused, so that their senders are told."""
    poisoned = model._default_manager.filter(queue_state=QueueState.FAILED, status=model.Status.CHECKING)
    return poisoned.update(status=model.Status.REFUSED, refused_code=COULD_NOT_CHECK)


def remove_left_uploads(model: type[QuarantinedFile]) -> int:
    """Delete uploads whose check is over but whose worker died before it could; how many there were."""
    left = model._default_manager.exclude(quarantine_path="").exclude(status=model.Status.CHECKING)
    for row in left:
        _leave_quarantine(row)
    return len(left)


def _refuse(row: QuarantinedFile, code: str) -> None:
    if finish(row, status=row.Status.REFUSED, refused_code=code):
        _leave_quarantine(row)


def _leave_quarantine(row: QuarantinedFile) -> None:
    """Delete the upload, then forget its path: a path in a row whose file is gone is harmless, the reverse is not."""
    if row.quarantine_path:
        delete_files(row.quarantine_path)
        type(row)._default_manager.filter(pk=row.pk).update(quarantine_path="")


def delete_files(*relative_paths: str) -> None:
    for relative in relative_paths:
        if relative:
            media_path(relative).unlink(missing_ok=True)
