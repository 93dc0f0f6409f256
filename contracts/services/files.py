"""Files that the parties send: in quarantine at once, rebuilt or refused by a sweep, served only when ready."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import User
from complaints.services.files import check_files
from complaints.services.quarantine import (
    Kept,
    NewFile,
    Processed,
    check_due,
    give_up_on_poison,
    media_path,
    quarantined,
    remove_left_uploads,
)
from contracts.models import Finding, FindingFile
from queueing.models import finish
from sandbox.storage import write_atomically
from sandbox.uploads import ProcessedImage

# A transaction that writes files is over long before.
ORPHANS_KEPT = timedelta(hours=24)
FOLDER = "findings"


def keep_files(
    finding: Finding, files: Sequence[NewFile], *, party: FindingFile.Party, acting_user: User | None, now: datetime
) -> list[FindingFile]:
    """Store what a party sent, to be checked. Raises TooManyFiles, FileTooLarge or FileRefused; then nothing is stored."""
    check_files(files)
    rows = [
        FindingFile(
            finding=finding,
            party=party,
            uploaded_by=acting_user,
            uploaded_at=now,
            **quarantined(file, f"{FOLDER}/quarantine", now=now),
        )
        for file in files
    ]
    return FindingFile.objects.bulk_create(rows)


def check_due_files(*, now: datetime, limit: int = 20) -> int:
    """Check the files that wait, oldest first; how many were looked at. It may run twice, or die anywhere."""
    return check_due(FindingFile, write=_write, store=_store, now=now, limit=limit)


def _write(row: FindingFile, result: Processed) -> Kept:
    is_image = isinstance(result, ProcessedImage)
    data = result.picture.data if isinstance(result, ProcessedImage) else result.data
    path = f"{FOLDER}/kept/{row.public_id.hex}-{row.attempts}.{'jpg' if is_image else 'pdf'}"
    write_atomically(media_path(path), data)
    return Kept({"path": path}, {"kept_sha256": hashlib.sha256(data).hexdigest()})


def _store(row: FindingFile, kept: Kept) -> bool:
    return finish(row, status=FindingFile.Status.READY, **kept.columns)


def remove_orphans(*, now: datetime) -> int:
    """Delete files that no row knows: uploads of transactions that failed, remains of workers that died; how many.

    Files that no worker survived are refused on the way.
    """
    give_up_on_poison(FindingFile)
    removed = remove_left_uploads(FindingFile)
    for path in media_path(FOLDER).rglob("*"):
        if not path.is_file() or path.stat().st_mtime > (now - ORPHANS_KEPT).timestamp():
            continue
        relative = str(path.relative_to(media_path("")))
        if not FindingFile.objects.filter(Q(quarantine_path=relative) | Q(path=relative)).exists():
            path.unlink(missing_ok=True)
            removed += 1
    return removed
