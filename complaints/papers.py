"""A case on paper: facts, map, history and photos as a PDF, as far as whoever asks may see them; never the reporter.

Asked for as a row, typeset by a task (it takes seconds), kept for a week for the one who asked.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from catalogue.translated import text_in
from complaints.casefile import CaseFile, casefile
from complaints.models import Attachment, CasePaper, Complaint
from complaints.services.paper_files import FOLDER, paper_path
from complaints.services.quarantine import media_path
from districts.place_map import place_map
from documents.pdf import PdfFailed, make_pdf
from queueing.models import QueueState, claims, fail, finish
from sandbox.storage import write_atomically

MAX_PHOTOS = 12
# One person's papers that wait at the same time.
MOST_WAITING = 5
# Gathered, typeset, written.
STEPS = 3
# A child that hangs is stopped after five minutes.
LEASE = timedelta(minutes=7)


class TooManyWaiting(Exception):
    """This person's earlier papers are not made yet."""


def ask_for_paper(complaint: Complaint, user: User, *, language: str, now: datetime) -> CasePaper:
    """Put a paper in the queue, or find one that waits or shows the case as it is. Raises TooManyWaiting."""
    for paper in papers_of(complaint, user):
        waits = paper.queue_state == QueueState.DUE
        fresh = paper.queue_state == QueueState.DONE and paper.requested_at >= complaint.updated_at
        if paper.language == language and (waits or fresh):
            return paper
    if CasePaper.objects.filter(requested_by=user, queue_state=QueueState.DUE).count() >= MOST_WAITING:
        raise TooManyWaiting
    return CasePaper.objects.create(
        complaint=complaint, requested_by=user, requested_at=now, next_attempt_at=now, language=language
    )


def papers_of(complaint: Complaint, user: User) -> list[CasePaper]:
    """One's own papers of a case, newest first."""
    return list(CasePaper.objects.filter(complaint=complaint, requested_by=user)[:10])


def waiting_before(paper: CasePaper) -> int:
    """How many are made before this one."""
    due = CasePaper.objects.filter(queue_state=QueueState.DUE)
    return due.filter(next_attempt_at__lte=paper.next_attempt_at, pk__lt=paper.pk).count()


def make_due_papers(*, now: datetime) -> int:
    """Typeset what was asked for, one at a time, for about twenty seconds a ring; how many were made.

    It may run twice: the file is replaced at once, and only the claim that still holds marks the row as done.
    """
    made = 0
    for paper in claims(CasePaper, now=now, limit=20, lease=LEASE):
        try:
            made += _make(paper)
        except PdfFailed as failed:
            fail(paper, str(failed), now=now, permanent=failed.permanent)
        except Exception as error:
            fail(paper, type(error).__name__, now=now)
            raise
    return made


def _make(paper: CasePaper) -> bool:
    user = paper.requested_by
    complaint = (
        Complaint.objects.visible_to(user)
        .select_related(
            "jurisdiction", "category__service", "unit", "district", "assigned_to", "reporter", "merged_into"
        )
        .filter(pk=paper.complaint_id)
        .first()
    )
    if complaint is None:
        raise PdfFailed("it is no longer hers to see", permanent=True)
    with translation.override(paper.language), timezone.override(ZoneInfo(complaint.jurisdiction.time_zone)):
        html, pictures = page_of(complaint, user, now=timezone.now())
        _tell(paper, 1)
        pdf = make_pdf(html, pictures=pictures)
    _tell(paper, 2)
    write_atomically(paper_path(paper), pdf)
    done = finish(paper, path=f"{FOLDER}/{paper_path(paper).name}", size=len(pdf), step=STEPS)
    if not CasePaper.objects.filter(pk=paper.pk).exists():
        # Taken away while it was made.
        paper_path(paper).unlink(missing_ok=True)
    return done


def _tell(paper: CasePaper, step: int) -> None:
    CasePaper.objects.filter(pk=paper.pk).update(step=step)


def page_of(complaint: Complaint, user: User, *, now: datetime) -> tuple[str, dict[str, bytes]]:
    """The page in the active language and time zone, and its pictures by name."""
    case = casefile(complaint, user, now)
    photos = _photos(case)
    html = render_to_string("complaints/desk/paper.html", _facts(complaint, case, photos) | {"dated": now})
    return html, {name: data for name, _label, data in photos}


def _facts(complaint: Complaint, case: CaseFile, photos: list[tuple[str, str, bytes]]) -> dict[str, object]:
    language = translation.get_language() or "fr"
    place, svg = case.place or {}, ""
    if place.get("precision") == "exact":
        svg = place_map(
            complaint.jurisdiction,
            complaint.point.x,
            complaint.point.y,
            language=language,
            title=_("Place of the complaint"),
        )
    return {
        "case": case,
        "city_name": text_in(complaint.jurisdiction.name, language),
        "reference": complaint.tracking_number,
        "map": svg,
        # Oldest first: on paper a history is read from its beginning.
        "timeline": list(reversed(case.timeline)),
        "photos": [(name, label) for name, label, _data in photos],
        "photos_left_out": max(0, sum(file.is_image and file.is_ready for file in case.files) - MAX_PHOTOS),
    }


def _photos(case: CaseFile) -> list[tuple[str, str, bytes]]:
    """Name, caption and picture of what this person may see; a file that is gone is left out."""
    wanted = [file for file in case.files if file.is_image and file.is_ready][:MAX_PHOTOS]
    paths = dict(Attachment.objects.filter(pk__in=[file.pk for file in wanted]).values_list("pk", "path"))
    found = []
    for file in wanted:
        path = media_path(paths[file.pk])
        if path.is_file():
            found.append((f"photo-{file.pk}", file.purpose, path.read_bytes()))
    return found
