"""The desk's list with nothing open, its map's feed, and what people keep of it: filters and columns."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import staff_page
from catalogue.translated import text_in
from complaints.desk.columns import choose_columns
from complaints.desk.pins import pins
from complaints.desk.saved import delete_filter, save_filter
from complaints.disclosure import disclosure
from complaints.errors import NotAFilter
from complaints.filters import FilterError
from complaints.models import Complaint
from complaints.views.desk.listing import desk_queue
from complaints.views.desk.screen import screen
from complaints.views.staff import DESK_ROLES, city_of, staff_user
from complaints.workflow import State


@staff_page(DESK_ROLES)
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """List, counts and map of the complaints that this person's memberships cover."""
    return screen(request, city_of(request, DESK_ROLES), timezone.now())


@staff_page(DESK_ROLES)
@require_safe
def points(request: HttpRequest) -> JsonResponse:
    """What the desk's map shows of its box: pins, or counted cells when there are too many. No words of people."""
    user, city, now = staff_user(request), city_of(request, DESK_ROLES), timezone.now()
    zoom = request.GET.get("zoom", "")
    try:
        queue = desk_queue(user, city, request.GET, now)
    except FilterError as error:
        return JsonResponse({"detail": str(error.message), "parameter": error.parameter}, status=400)
    n, rows, cells = pins(queue, min(max(int(zoom), 0), 22) if zoom.isdecimal() and len(zoom) < 4 else 12)
    answer: dict[str, Any] = {"kind": "cells" if cells else "points", "n": n}
    answer["cells"] = [_cell(cell) for cell in cells]
    answer["points"] = [_point(complaint, disclosure(user, complaint).sees_place, now) for complaint in rows]
    response = JsonResponse(answer)
    response["Cache-Control"] = "private, no-store"
    return response


@staff_page(DESK_ROLES)
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the list's filter under a name, for oneself or for the unit."""
    user, city = staff_user(request), city_of(request, DESK_ROLES)
    query = QueryDict(request.POST.get("query", "")[:2000])
    try:
        queue = desk_queue(user, city, query, timezone.now())
        saved = save_filter(queue, request.POST.get("name", ""), shared="shared" in request.POST, now=timezone.now())
    except (NotAFilter, FilterError) as refused:
        messages.error(request, str(refused.message))
    else:
        messages.success(request, _("The filter “%(name)s” is kept.") % {"name": saved.name})
    return HttpResponseRedirect(f"{reverse('desk')}?{query.urlencode()}")


@staff_page(DESK_ROLES)
@require_POST
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one of one's own saved filters."""
    delete_filter(staff_user(request), pk)
    messages.success(request, _("The filter is deleted."))
    return back(request)


@staff_page(DESK_ROLES)
@require_POST
def columns(request: HttpRequest) -> HttpResponse:
    """Remember which columns this person wants to see."""
    choose_columns(staff_user(request), request.POST.getlist("column"))
    return back(request)


def back(request: HttpRequest) -> HttpResponseRedirect:
    """To where the form stood (`next`), else to the list."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(wanted if wanted and safe else reverse("desk"))


def _point(complaint: Complaint, exact: bool, now: datetime) -> dict[str, object]:
    place = complaint.point if exact else complaint.public_point
    return {
        "tracking_number": complaint.tracking_number,
        "lon": place.x if place else None,
        "lat": place.y if place else None,
        "service": complaint.category.service.code,
        "category": text_in(complaint.category.name, get_language() or "fr"),
        "state": complaint.state,
        "state_label": str(State(complaint.state).label),
        "late": complaint.is_late(now),
        "reports": complaint.reports,
        "url": reverse("desk_complaint", args=[complaint.tracking_number]),
    }


def _cell(cell: dict[str, Any]) -> dict[str, object]:
    return {
        "lon": cell["lon"],
        "lat": cell["lat"],
        "n": cell["n"],
        "open": cell["open"],
        "late": cell["late"],
        "service": cell["first_service"] if cell["first_service"] == cell["last_service"] else None,
        "bbox": [cell["west"], cell["south"], cell["east"], cell["north"]],
    }
