"""One complaint at the desk: everything this person may know of it, and what she may do about it."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import staff_page
from accounts.models import User
from complaints.casefile import casefile
from complaints.errors import ComplaintError
from complaints.grouped import group_shown
from complaints.models import Complaint
from complaints.permissions import hats
from complaints.services.locking import unchanged_since
from complaints.staff_actions import ACTIONS, BY_SLUG, Action
from complaints.staff_forms import StaffForm
from complaints.views.cities import city_page
from complaints.views.staff import DESK_ROLES, complaint_of, staff_user
from complaints.workflow import ActorNotAllowed, WorkflowError

_REFUSED = 422


@dataclass(frozen=True)
class Offer:
    """An action on the page: open when it was just tried and refused."""

    slug: str
    label: str | Promise
    icon: str
    look: str
    form: StaffForm
    url: str
    is_open: bool


@staff_page(DESK_ROLES)
@never_cache
@require_safe
def desk_complaint(request: HttpRequest, tracking_number: str) -> HttpResponse:
    """The page of one complaint."""
    complaint = complaint_of(staff_user(request), tracking_number)
    if complaint.tracking_number != tracking_number:
        return redirect("desk_complaint", complaint.tracking_number)
    return _page(request, complaint, now=timezone.now())


@staff_page(DESK_ROLES)
@never_cache
@require_POST
def desk_action(request: HttpRequest, tracking_number: str, slug: str) -> HttpResponse:
    """Do one thing, then show the page again; what was refused stays in its form with the reason."""
    user, now = staff_user(request), timezone.now()
    complaint = complaint_of(user, tracking_number)
    action = BY_SLUG.get(slug)
    if action is None or not action.roles & hats(user, complaint):
        raise PermissionDenied
    form = action.form(complaint, request.POST, request.FILES, slug=slug)
    if form.is_valid() and perform(action, complaint, form, user, now):
        messages.success(request, _("Done: %(action)s (%(number)s)") % _told(action, complaint))
        return HttpResponseRedirect(_next_page(request, user, complaint))
    fresh = complaint_of(user, tracking_number)
    return _page(request, fresh, now=now, tried=(action, form), status=_REFUSED)


def perform(action: Action, complaint: Complaint, form: StaffForm, user: User, now: datetime) -> bool:
    """Run an action on what a form checked. False with the reason in the form, and nothing stored, if it was refused.

    Raises PermissionDenied if none of the person's roles may do it.
    """
    try:
        also = action.touches(complaint, form, user)
        with unchanged_since(complaint.pk, form.cleaned_data.get("seen"), also=also):
            action.run(complaint, form, user, now)
    except (ComplaintError, WorkflowError) as refused:
        if isinstance(refused, ActorNotAllowed) and not action.roles & hats(user, complaint):
            raise PermissionDenied from None
        field = getattr(refused, "field", "")
        form.add_error(field if field in form.fields else None, str(refused.message))
        return False
    return True


def _told(action: Action, complaint: Complaint) -> dict[str, object]:
    return {"action": action.label, "number": complaint.tracking_number}


def _next_page(request: HttpRequest, user: User, complaint: Complaint) -> str:
    """Back to where the form stood; to the list when the complaint is no longer this person's."""
    wanted = request.POST.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    if Complaint.objects.visible_to(user).filter(pk=complaint.pk).exists():
        return reverse("desk_complaint", args=[complaint.tracking_number])
    return reverse("desk")


def _page(
    request: HttpRequest,
    complaint: Complaint,
    *,
    now: datetime,
    tried: tuple[Action, StaffForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    user = staff_user(request)
    case = casefile(complaint, user, now)
    context = {
        "now": now,
        "case": case,
        "offers": [_offer(action, complaint, tried) for action in _offered(user, complaint, tried)],
        "group": group_shown(complaint, user),
        "refused": tried[1] if tried else None,
        "seen": complaint.updated_at.isoformat(),
        "review_text_url": reverse("desk_action", args=[complaint.tracking_number, "review-text"]),
        "review_photo_url": reverse("desk_action", args=[complaint.tracking_number, "review-photo"]),
    }
    return city_page(request, complaint.jurisdiction, "complaints/desk/complaint.html", context, status=status)


def _offered(user: User, complaint: Complaint, tried: tuple[Action, StaffForm] | None) -> list[Action]:
    """What may be done now, and what was just tried: its words must not be lost although it may be too late for it."""
    return [
        action for action in ACTIONS if action.allowed(user, complaint) or (tried is not None and tried[0] is action)
    ]


def _offer(action: Action, complaint: Complaint, tried: tuple[Action, StaffForm] | None) -> Offer:
    is_open = tried is not None and tried[0] is action
    form = tried[1] if tried and is_open else action.form(complaint, slug=action.slug)
    if is_open:
        # She has now seen the newer state; sending it again is her decision.
        form.data = {**{name: form.data[name] for name in form.data}, "seen": complaint.updated_at.isoformat()}
    url = reverse("desk_action", args=[complaint.tracking_number, action.slug])
    return Offer(action.slug, action.label, action.icon, action.look, form, url, is_open)
