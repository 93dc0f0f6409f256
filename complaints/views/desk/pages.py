"""The desk: one's own complaints by time left, as a list and on a map."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import staff_page
from catalogue.models import Jurisdiction
from catalogue.translated import text_in
from complaints.desk.pins import pins
from complaints.disclosure import disclosure
from complaints.filters import FilterError, Filters
from complaints.models import Complaint
from complaints.views.cities import city_page
from complaints.views.desk.listing import desk_queue, listing
from complaints.views.staff import DESK_ROLES, cities_of, city_of, staff_user
from complaints.workflow import State


@staff_page(DESK_ROLES)
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """List, counts and map of the complaints that this person's memberships cover."""
    user, city, now, fault = staff_user(request), city_of(request, DESK_ROLES), timezone.now(), ""
    try:
        shown = listing(user, city, request.GET, now)
    except FilterError as error:
        fault = _("%(parameter)s: %(message)s The filter was left out.") % {
            "parameter": error.parameter,
            "message": error.message,
        }
        shown = listing(user, city, QueryDict(), now)
    context = {
        "now": now,
        "fault": fault,
        "list": shown,
        "cities": cities_of(user, DESK_ROLES),
        "map_settings": _map_settings(city, shown.filters),
    }
    return city_page(request, city, "complaints/desk/list.html", context, status=400 if fault else 200)


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


def _map_settings(city: Jurisdiction, filters: Filters) -> dict[str, object]:
    return {
        "url": reverse("desk_points"),
        "query": filters.query_string(jurisdiction=city.code, bbox=None, page_size=None),
        "symbols": {service.code: service.icon for service in filters.catalogue.services.values()},
    }


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
