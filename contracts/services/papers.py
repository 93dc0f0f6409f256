"""Documents that are asked for as rows and made by a task: statements once, a finding's exchange as of a moment."""

import hashlib
import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone, translation

from accounts.models import User
from complaints.services.quarantine import media_path
from contracts.exchange import exchange_pdf
from contracts.models import Finding, Paper
from contracts.statement_files import statement_csv, statement_pdf, statement_xlsx
from documents.pdf import WALL_SECONDS, PdfFailed
from queueing.models import QueueState, claim, fail, finish
from sandbox.storage import write_atomically

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=WALL_SECONDS + 60)
FOLDER = "papers"
# An exchange is asked for, read and thrown away; the next one is newer.
EXCHANGES_KEPT = timedelta(days=30)


@transaction.atomic
def ask_for_exchange(finding: Finding, language: str, *, acting_user: User | None, now: datetime) -> Paper:
    """The whole exchange of a finding as one dated file. One that already waits in that language is not asked for twice."""
    waiting = Paper.objects.filter(finding=finding, language=language, queue_state=QueueState.DUE)
    known = waiting.order_by("-dated").first()
    if known is not None:
        return known
    return Paper.objects.create(
        finding=finding,
        format=Paper.Format.PDF,
        language=language,
        dated=now,
        requested_by=acting_user,
        next_attempt_at=now,
    )


def make_due_papers(*, now: datetime, limit: int = 5) -> int:
    """Make what was asked for, oldest first; how many were made. May run twice: only the claim that holds counts."""
    made = 0
    for paper in claim(Paper, now=now, limit=limit, lease=LEASE):
        try:
            made += _make(paper)
        except PdfFailed as failed:
            fail(paper, str(failed), now=now, permanent=failed.permanent)
            logger.error("document %s was not made: %s", paper.pk, failed)
        except OSError as trouble:
            fail(paper, f"{type(trouble).__name__}: {trouble}", now=now)
    return made


def remove_old_exchanges(*, now: datetime) -> int:
    """Forget printed exchanges after a month, file first; how many."""
    old = list(Paper.objects.filter(finding__isnull=False, dated__lt=now - EXCHANGES_KEPT))
    for paper in old:
        if paper.path:
            media_path(paper.path).unlink(missing_ok=True)
        paper.delete()
    return len(old)


def _make(paper: Paper) -> bool:
    subject = paper.statement.contract if paper.statement else paper.finding
    assert subject is not None
    zone = ZoneInfo(subject.jurisdiction.time_zone)
    with translation.override(paper.language), timezone.override(zone):
        content = _content(paper)
    path = f"{FOLDER}/{paper.public_id.hex}.{paper.format}"
    write_atomically(media_path(path), content)
    return finish(paper, path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def _content(paper: Paper) -> bytes:
    if paper.statement is None:
        assert paper.finding is not None
        return exchange_pdf(paper.finding, dated=paper.dated)
    match paper.format:
        case Paper.Format.XLSX:
            return statement_xlsx(paper.statement)
        case Paper.Format.CSV:
            return statement_csv(paper.statement)
        case _:
            return statement_pdf(paper.statement)
