"""The desk's screen: list, complaint and map side by side, as a whole page or (for the script) as its panes alone."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html
from django.utils.translation import gettext as _

from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from complaints.filters import FilterError, Filters
from complaints.models import Complaint
from complaints.permissions import DESK
from complaints.staff_actions import ACTIONS, Action, bulk_actions
from complaints.views.desk.listing import Listing, listing
from complaints.views.map_settings import NUMBER, map_settings
from complaints.views.staff import DESK_ROLES, cities_of, staff_user

# The script asks for the panes only, with this header; the map stays where it is.
PANES = "X-Desk-Panes"


def screen(
    request: HttpRequest,
    city: Jurisdiction,
    now: datetime,
    *,
    case: Mapping[str, Any] | None = None,
    number: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render the desk; `case` is the context of the complaint that is open beside the list, `number` its number."""
    user, fault = staff_user(request), ""
    try:
        shown = listing(user, city, request.GET, now, current=number)
    except FilterError as error:
        fault = _("%(parameter)s: %(message)s The filter was left out.") % {
            "parameter": error.parameter,
            "message": error.message,
        }
        shown = listing(user, city, QueryDict(), now, current=number)
    context = {
        "now": now,
        "fault": fault,
        "list": shown,
        "cities": cities_of(user, DESK_ROLES),
        "map_settings": _map_settings(city, shown),
        "bulk_actions": bulk_actions(shown.queue.scope.roles),
        "key_table": [(action.key, action.label) for action in ACTIONS if action.key],
        "finds_people": bool(shown.queue.scope.roles & DESK),
        "may_file": bool(shown.queue.scope.roles & DESK),
        "is_open": case is not None,
        "back_url": f"{reverse('desk')}?{shown.query}" if shown.query else reverse("desk"),
    }
    template = "complaints/desk/_panes.html" if PANES in request.headers else "complaints/desk/page.html"
    status = 400 if fault and status == 200 and case is None else status
    response = city_page(request, city, template, context | dict(case or {}), status=status)
    patch_vary_headers(response, [PANES])
    response["Cache-Control"] = "private, no-store"
    return response


def say_done(request: HttpRequest, text: str, batch: uuid.UUID) -> None:
    """Say that something was done, with a button that undoes it while it can be undone."""
    messages.success(request, text, extra_tags=str(batch))


def say_done_to(request: HttpRequest, action: Action, complaint: Complaint, batch: uuid.UUID) -> None:
    """The same of one complaint; its number stays on one line."""
    number = format_html('<span class="tracking-number">{}</span>', complaint.tracking_number)
    say_done(request, format_html(_("Done: {action} ({number})"), action=action.label, number=number), batch)


def _map_settings(city: Jurisdiction, shown: Listing) -> dict[str, object]:
    filters: Filters = shown.filters
    tiles = reverse("desk_tile", args=[0, 0, 0]).replace("0/0/0", "{z}/{x}/{y}")
    drawn = map_settings(filters.catalogue, tiles=tiles, complaint=reverse("desk_complaint", args=[NUMBER]))
    query = filters.query_string(jurisdiction=city.code, bbox=None, page_size=None, order=None)
    squares = shown.queue.squares
    box = filters.bbox or (squares.box if squares else None)
    return drawn | {"query": query, "bbox": box, "desk": reverse("desk")}
