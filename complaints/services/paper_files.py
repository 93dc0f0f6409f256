"""The files of cases on paper: where they lie, and taking them away with what is no more to be read."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from complaints.models import CasePaper

KEPT = timedelta(days=7)
FOLDER = "papers"


def paper_path(paper: CasePaper) -> Path:
    """Known before the file is there, so that whoever deletes the row deletes what is being written, too."""
    return Path(settings.MEDIA_ROOT) / FOLDER / f"{paper.public_id}.pdf"


def forget_papers(complaint_id: int) -> int:
    """Take away every PDF of a complaint: it shows what was erased, or painted over. In the caller's transaction."""
    return _forget(CasePaper.objects.filter(complaint_id=complaint_id))


def remove_old_papers(*, now: datetime) -> int:
    """Forget PDFs after a week (nightly); how many."""
    return _forget(CasePaper.objects.filter(requested_at__lt=now - KEPT))


def _forget(rows: QuerySet[CasePaper]) -> int:
    gone = list(rows)
    for paper in gone:
        path = paper_path(paper)
        paper.delete()
        transaction.on_commit(partial(path.unlink, missing_ok=True))
    return len(gone)


def remove_stray_papers(*, before: datetime) -> int:
    """Delete files that no row knows, written before `before`: their row went while they were made."""
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    old = [path for path in folder.glob("*") if path.stat().st_mtime < before.timestamp()]
    known = {str(row) for row in CasePaper.objects.values_list("public_id", flat=True)}
    stray = [path for path in old if path.stem not in known]
    for path in stray:
        path.unlink(missing_ok=True)
    return len(stray)
