"""A case on paper: facts, map, history and photos as a PDF, as far as whoever asks may see them; never the reporter."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import staff_page
from catalogue.translated import text_in
from complaints.casefile import CaseFile, casefile
from complaints.models import Attachment, Complaint
from complaints.services.quarantine import media_path
from complaints.views.staff import DESK_ROLES, complaint_of, staff_user
from districts.place_map import place_map
from documents.pdf import PdfFailed, make_pdf
from queueing.alone import alone

MAX_PHOTOS = 12
_RETRY_SECONDS = 10


@staff_page(DESK_ROLES)
@never_cache
@require_safe
def case_pdf(request: HttpRequest, tracking_number: str) -> HttpResponse:
    """The case as a PDF. Typesetting takes seconds: one at a time, who comes meanwhile is asked to come again (503)."""
    complaint = complaint_of(staff_user(request), tracking_number)
    now = timezone.now()
    case = casefile(complaint, staff_user(request), now)
    photos = _photos(case)
    with timezone.override(ZoneInfo(complaint.jurisdiction.time_zone)):
        html = render_to_string("complaints/desk/paper.html", _facts(complaint, case, photos) | {"dated": now})
    with alone("case-pdf") as is_mine:
        if not is_mine:
            return _later(_("Another document is being made. Please try again in a moment."))
        try:
            pdf = make_pdf(html, pictures={name: data for name, _label, data in photos})
        except PdfFailed:
            return _later(_("The document could not be made just now. Please try again in a moment."))
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{complaint.tracking_number}.pdf"'
    return response


def _facts(complaint: Complaint, case: CaseFile, photos: list[tuple[str, str, bytes]]) -> dict[str, object]:
    language = get_language() or "fr"
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


def _later(words: str) -> HttpResponse:
    response = HttpResponse(words, status=503, content_type="text/plain; charset=utf-8")
    response["Retry-After"] = str(_RETRY_SECONDS)
    return response
