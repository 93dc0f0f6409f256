"""A case on paper: ask for it, watch it being made, download it again as long as it is kept."""

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import staff_page
from catalogue.pages import city_page
from complaints.models import CasePaper
from complaints.papers import STEPS, TooManyWaiting, ask_for_paper, papers_of, waiting_before
from complaints.services.paper_files import KEPT, paper_path
from complaints.views.staff import DESK_ROLES, complaint_of, staff_user
from queueing.models import QueueState


@staff_page(DESK_ROLES)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def papers(request: HttpRequest, tracking_number: str) -> HttpResponse:
    """One's own papers of a case, and asking for one. While one is made the page looks again by itself."""
    user, language = staff_user(request), get_language() or "fr"
    complaint = complaint_of(user, tracking_number)
    if request.method == "POST":
        try:
            ask_for_paper(complaint, user, language=language, now=timezone.now())
        except TooManyWaiting:
            messages.warning(request, _("Your earlier documents are still being made."))
        return redirect("desk_papers", complaint.tracking_number)
    rows = papers_of(complaint, user)
    waiting = next((row for row in rows if row.queue_state == QueueState.DUE), None)
    context = {
        "complaint": complaint,
        "papers": [_shown(row) for row in rows if row.queue_state != QueueState.DUE],
        "waiting": waiting,
        "before": waiting_before(waiting) if waiting else 0,
        "steps": STEPS,
        # One in another language is no reason not to make this one.
        "stale": not any(
            row.requested_at >= complaint.updated_at for row in rows if row.path and row.language == language
        ),
        "case_url": reverse("desk_complaint", args=[complaint.tracking_number]),
    }
    response = city_page(request, complaint.jurisdiction, "complaints/desk/papers.html", context)
    if waiting:
        # Without a script too: the browser asks again.
        response["Refresh"] = "2"
    return response


def _shown(row: CasePaper) -> dict[str, object]:
    return {
        "row": row,
        "failed": row.queue_state == QueueState.FAILED,
        "language": get_language_info(row.language)["name_translated"],
        "url": reverse("desk_paper_file", args=[row.complaint.tracking_number, row.public_id]),
        "kept_until": row.requested_at + KEPT,
    }


@staff_page(DESK_ROLES)
@require_safe
def download(request: HttpRequest, tracking_number: str, public_id: UUID) -> HttpResponseBase:
    """The file, to who asked for it and may still open the case."""
    user = staff_user(request)
    complaint = complaint_of(user, tracking_number)
    row = CasePaper.objects.filter(public_id=public_id, complaint=complaint, requested_by=user).exclude(path="").first()
    if row is None or not paper_path(row).is_file():
        raise Http404
    name = f"{complaint.tracking_number}-{row.language}.pdf"
    response = FileResponse(paper_path(row).open("rb"), as_attachment=True, filename=name)
    response["Content-Type"] = "application/pdf"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
