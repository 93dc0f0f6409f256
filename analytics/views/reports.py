"""Stand-alone maps: ask for one, watch it being drawn, download it."""

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from analytics.folium_map import STEPS
from analytics.models import Report
from analytics.reports import TooManyWaiting, ask_for_report
from analytics.views.office import OFFICE_ROLES, measure_of, office_filters, office_page
from catalogue.pages import city_page
from complaints.filters import FilterError
from complaints.views.staff import city_of, staff_user
from queueing.models import QueueState


@office_page
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Put a report of the filter in the form in the queue and show its page."""
    user, city, now = staff_user(request), city_of(request, OFFICE_ROLES), timezone.now()
    query = QueryDict(request.POST.get("query", ""))
    try:
        filters = office_filters(query, user, city, now)
        row = ask_for_report(
            user,
            city,
            query=filters.query_string(),
            measure=measure_of(request.POST),
            language=get_language() or "fr",
            now=now,
        )
    except FilterError as error:
        messages.error(request, f"{error.parameter}: {error.message}")
        return redirect("office")
    except TooManyWaiting:
        messages.warning(request, _("Your earlier reports are still being made."))
        return redirect("office")
    return redirect("office_report", public_id=row.public_id)


@office_page
@require_safe
def report(request: HttpRequest, public_id: str) -> HttpResponse:
    """How far a report is; the page asks again by itself until it is there."""
    row = _own(staff_user(request), public_id)
    waiting = row.queue_state == QueueState.DUE
    context = {
        "report": row,
        "waiting": waiting,
        "failed": row.queue_state == QueueState.FAILED,
        "steps": STEPS,
        "office_url": f"{reverse('office')}?{row.query}",
    }
    response = city_page(request, row.jurisdiction, "analytics/report.html", context)
    if waiting:
        # Without a script too: the browser asks again.
        response["Refresh"] = "2"
    return response


@office_page
@require_safe
def download(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The file itself: always saved, never shown on our own address."""
    row = _own(staff_user(request), public_id)
    path = Path(settings.MEDIA_ROOT) / row.path
    if not row.path or not path.is_file():
        raise Http404
    day = row.requested_at.date().isoformat()
    response = FileResponse(path.open("rb"), as_attachment=True, filename=f"{row.jurisdiction.code}-{day}.html")
    response["Cache-Control"] = "private, no-store"
    return response


def _own(user: User, public_id: str) -> Report:
    return get_object_or_404(Report.objects.select_related("jurisdiction"), public_id=public_id, requested_by=user)
