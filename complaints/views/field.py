"""The crew's pages, made for a phone: where to go today, what is there, and proof of the work.

The list is a page that says everything by itself and a small JSON that says the same, so that it can be kept on the phone.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import staff_page
from accounts.models import Role, User
from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from catalogue.translated import text_in
from complaints.casefile import casefile
from complaints.models import Complaint
from complaints.staff_actions import BY_SLUG, Action
from complaints.staff_forms import StaffForm
from complaints.views.desk.case import Offer
from complaints.views.desk.performing import perform
from complaints.views.desk.screen import say_done_to
from complaints.views.staff import city_of, complaint_of, staff_user
from complaints.workflow import State

CREW = (Role.CREW_MEMBER,)
# What a crew does on site, in the order of its work.
STEPS = ("start", "photos", "resolve", "note")
_REFUSED = 422


@dataclass(frozen=True)
class Stop:
    """One assigned complaint on the list. Nothing of the reporter is in it."""

    tracking_number: str
    url: str
    category: str
    service: str
    symbol: str
    state: str
    state_label: str
    district: str
    where: str
    lon: float
    lat: float
    due_at: datetime | None
    late: bool
    urgent: bool

    @property
    def navigate_url(self) -> str:
        """Opens the phone's own map programme; no third party is asked by us."""
        return geo_url(self.lon, self.lat)

    def to_json(self) -> dict[str, object]:
        """What the page's script, or a phone without network, needs of it."""
        known = self.__dict__ | {"due_at": self.due_at.isoformat() if self.due_at else None}
        return known | {"navigate_url": self.navigate_url}


@staff_page(CREW)
@never_cache
@require_safe
def field(request: HttpRequest) -> HttpResponse:
    """Today's assigned complaints; by district and deadline until the phone says where it is."""
    city, now = city_of(request, CREW), timezone.now()
    stops = _stops(staff_user(request), city, now)
    context = {
        "now": now,
        "stops": stops,
        "field_settings": {"stops": [stop.to_json() for stop in stops], "url": reverse("field_points")},
    }
    return city_page(request, city, "complaints/field/list.html", context)


@staff_page(CREW)
@never_cache
@require_safe
def points(request: HttpRequest) -> JsonResponse:
    """The same list for the phone's memory."""
    city, now = city_of(request, CREW), timezone.now()
    stops = _stops(staff_user(request), city, now)
    return JsonResponse({"as_of": now.isoformat(), "stops": [stop.to_json() for stop in stops]})


@staff_page(CREW)
@never_cache
@require_safe
def field_complaint(request: HttpRequest, tracking_number: str) -> HttpResponse:
    """One stop: what is wrong, where exactly, and the steps of the work."""
    return _page(request, complaint_of(staff_user(request), tracking_number))


@staff_page(CREW)
@never_cache
@require_POST
def field_action(request: HttpRequest, tracking_number: str, slug: str) -> HttpResponse:
    """Do one step of the work; what was refused stays in its form with the reason."""
    user, now = staff_user(request), timezone.now()
    complaint = complaint_of(user, tracking_number)
    if slug not in STEPS:
        raise PermissionDenied
    action = BY_SLUG[slug]
    form, batch = action.form(complaint, request.POST, request.FILES, slug=slug), uuid.uuid4()
    if form.is_valid() and perform(action, complaint, form, user, now, batch=batch):
        say_done_to(request, action, complaint, batch)
        return redirect("field") if slug == "resolve" else redirect("field_complaint", complaint.tracking_number)
    return _page(request, complaint_of(user, tracking_number), tried=(action, form), status=_REFUSED)


def geo_url(lon: float, lat: float) -> str:
    """RFC 5870: phones open their map programme with it."""
    return f"geo:{lat:.6f},{lon:.6f}?q={lat:.6f},{lon:.6f}"


def _stops(user: User, city: Jurisdiction, now: datetime) -> list[Stop]:
    rows = (
        Complaint.objects.visible_to(user)
        .primary()
        .open()
        .filter(assigned_to=user, jurisdiction=city)
        .select_related("category__service", "district")
        .defer("description", "answers")
    )
    language = get_language() or "fr"
    stops = [_stop(complaint, language, now) for complaint in rows]
    latest = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(stops, key=lambda stop: (not stop.urgent, stop.district, stop.due_at or latest, stop.tracking_number))


def _stop(complaint: Complaint, language: str, now: datetime) -> Stop:
    category = complaint.category
    return Stop(
        tracking_number=complaint.tracking_number,
        url=reverse("field_complaint", args=[complaint.tracking_number]),
        category=text_in(category.name, language),
        service=category.service.code,
        symbol=category.service.icon,
        state=complaint.state,
        state_label=str(capfirst(State(complaint.state).label)),
        district=text_in(complaint.district.name, language) if complaint.district else "",
        where=complaint.location_text,
        lon=complaint.point.x,
        lat=complaint.point.y,
        due_at=complaint.resolution_due_at,
        late=complaint.is_late(now),
        urgent=category.urgent,
    )


def _page(
    request: HttpRequest, complaint: Complaint, *, tried: tuple[Action, StaffForm] | None = None, status: int = 200
) -> HttpResponse:
    user, now = staff_user(request), timezone.now()
    context = {
        "now": now,
        "case": casefile(complaint, user, now),
        "offers": [offer for slug in STEPS if (offer := _offer(BY_SLUG[slug], user, complaint, tried))],
        "refused": tried[1] if tried else None,
        "navigate_url": geo_url(complaint.point.x, complaint.point.y),
    }
    return city_page(request, complaint.jurisdiction, "complaints/field/complaint.html", context, status=status)


def _offer(action: Action, user: User, complaint: Complaint, tried: tuple[Action, StaffForm] | None) -> Offer | None:
    is_open = tried is not None and tried[0] is action
    if not is_open and not action.allowed(user, complaint):
        return None
    form = tried[1] if tried and is_open else action.form(complaint, slug=action.slug)
    url = reverse("field_action", args=[complaint.tracking_number, action.slug])
    return Offer(action.slug, action.label, action.icon, action.look, "", False, form, url, is_open, [], False)
