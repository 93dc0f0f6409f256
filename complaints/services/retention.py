"""What the nights remove: personal data past their time, and what nothing refers to any more."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Q

from accounts.models import QuotaWindow
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, IdempotencyKey
from complaints.querysets import ComplaintQuerySet
from complaints.services.erasure import erase_reporter, remove_erased_remains
from complaints.services.mail_replies import forget_old
from complaints.services.paper_files import remove_old_papers, remove_stray_papers
from complaints.services.quarantine import give_up_on_poison, remove_left_uploads
from notifications.outbox import remove_orphaned_mails

KEYS_KEPT = timedelta(days=7)
QUOTAS_KEPT = timedelta(days=2)
# A transaction that writes files is over long before.
ORPHANS_KEPT = timedelta(hours=24)
FOLDERS = ("quarantine", "files")
BATCH = 1000


def apply_retention(*, now: datetime) -> dict[str, int]:
    """Erase reporters whose complaints were closed long enough ago; forget old keys, quotas and sessions.

    Each erasure is a transaction of its own: a night that is cut short goes on in the next.
    """
    erased = 0
    for city in Jurisdiction.objects.order_by("code"):
        for complaint_id in list(past_retention(city, now).values_list("pk", flat=True)):
            erase_reporter(complaint_id, now=now, by_system=True)
            erased += 1
    keys, _ = IdempotencyKey.objects.filter(created_at__lt=now - KEYS_KEPT).delete()
    forget_old(now=now)
    windows, _ = QuotaWindow.objects.filter(window_start__lt=now - QUOTAS_KEPT).delete()
    remove_old_papers(now=now)
    SessionStore.clear_expired()
    return {"reporters": erased, "idempotency_keys": keys, "quota_windows": windows}


def past_retention(city: Jurisdiction, now: datetime) -> ComplaintQuerySet:
    """Complaints closed for longer than the city keeps reporters (`reporter_days_after_close`), and not erased yet.

    Records that were imported without a reporter may hold her words all the same.
    """
    closed_before = now - timedelta(days=city.reporter_days_after_close)
    known = Q(reporter__isnull=False, reporter__erased_at=None)
    words_only = Q(reporter=None) & ~Q(description="", location_text="")
    return Complaint.objects.closed().filter(known | words_only, jurisdiction=city, closed_at__lt=closed_before)


def remove_orphans(*, now: datetime) -> dict[str, int]:
    """Delete files that no row knows: uploads of transactions that failed, remains of workers that died."""
    poisoned = give_up_on_poison(Attachment)
    remove_stray_papers(before=now - ORPHANS_KEPT)
    left = remove_erased_remains() + remove_left_uploads(Attachment)
    removed = 0
    files = _old_files(now - ORPHANS_KEPT)
    while batch := list(islice(files, BATCH)):
        removed += _remove_unknown(batch)
    return {"files": removed + left, "mails": remove_orphaned_mails(now=now), "refused": poisoned}


def _old_files(before: datetime) -> Iterator[str]:
    """Paths under MEDIA_ROOT of files last written before `before`."""
    root = Path(settings.MEDIA_ROOT)
    for name in FOLDERS:
        for folder, _, files in os.walk(root / name):
            for file in files:
                path = Path(folder) / file
                try:
                    if path.stat().st_mtime < before.timestamp():
                        yield str(path.relative_to(root))
                except FileNotFoundError:
                    continue


def _remove_unknown(paths: list[str]) -> int:
    """Paths in a row keep their files, whatever its state: other sweeps remove those. Each file is named by its row."""
    columns = Attachment.objects.filter(public_id__in=filter(None, map(_public_id, paths))).values_list(
        "quarantine_path", "path", "thumbnail_path"
    )
    known = {path for row in columns for path in row}
    unknown = [path for path in paths if path not in known]
    for path in unknown:
        (Path(settings.MEDIA_ROOT) / path).unlink(missing_ok=True)
    return len(unknown)


def _public_id(path: str) -> UUID | None:
    try:
        return UUID(hex=Path(path).name[:32])
    except ValueError:
        return None
