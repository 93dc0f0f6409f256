"""One complaint at the desk: everything this person may know of it, and what she may do about it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import staff_page
from accounts.models import User
from complaints.casefile import CaseFile, casefile
from complaints.desk.replies import ReplyOffered, filled_reply, languages_of, replies_for
from complaints.disclosure import disclosure
from complaints.grouped import group_shown, verdicts_shown
from complaints.models import Complaint
from complaints.offers import merge_offers
from complaints.permissions import MODERATING, WORKING, hats
from complaints.replies import Filled
from complaints.services import presence
from complaints.services.handovers import open_handover
from complaints.services.undo import Undone, undo
from complaints.staff_actions import ACTIONS, BY_SLUG, Action
from complaints.staff_forms import StaffForm
from complaints.timeline import Entry
from complaints.views.desk.foretell import Foretold, foretell
from complaints.views.desk.performing import perform
from complaints.views.desk.screen import say_done_to, screen
from complaints.views.staff import DESK_ROLES, complaint_of, staff_user

_REFUSED = 422


@dataclass(frozen=True)
class Offer:
    """An action on the page: open when it was just tried and refused. `key`: the letter that opens it."""

    slug: str
    label: str | Promise
    icon: str
    look: str
    key: str
    advances: bool
    form: StaffForm
    url: str
    is_open: bool
    replies: list[ReplyOffered]
    # Whether this page can show what people would read.
    previews: bool
    # Below "Other actions".
    rare: bool = False


@dataclass(frozen=True)
class Tried:
    """What was just asked for and is still open: refused, or only looked at (`foretold`), or with a text put in (`filled`)."""

    action: Action
    form: StaffForm
    foretold: Foretold | None = None
    filled: Filled | None = None


@staff_page(DESK_ROLES)
@never_cache
@require_safe
def desk_complaint(request: HttpRequest, tracking_number: str) -> HttpResponse:
    """The page of one complaint, with the list that it was opened from beside it."""
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
    if "insert" in request.POST:
        return _with_reply(request, complaint, action, now)
    form = action.form(complaint, request.POST, request.FILES, slug=slug)
    batch = uuid.uuid4()
    if "preview" in request.POST:
        foretold = foretell(action, complaint, form, user, now) if form.is_valid() else None
        fresh = complaint_of(user, tracking_number)
        status = 200 if foretold else _REFUSED
        return _page(request, fresh, now=now, tried=Tried(action, form, foretold), status=status)
    if form.is_valid() and perform(action, complaint, form, user, now, batch=batch):
        say_done_to(request, action, complaint, batch)
        return HttpResponseRedirect(_next_page(request, user, complaint))
    fresh = complaint_of(user, tracking_number)
    return _page(request, fresh, now=now, tried=Tried(action, form), status=_REFUSED)


def _with_reply(request: HttpRequest, complaint: Complaint, action: Action, now: datetime) -> HttpResponse:
    """The form again with a ready-made text in it; nothing is judged yet, and what was chosen stays."""
    form = action.form(complaint, slug=action.slug)
    form.initial = {**form.initial, **{name: request.POST[name] for name in form.fields if name in request.POST}}
    filled = filled_reply(complaint, action.slug, request.POST.get("reply", "")) if form.words else None
    if filled is not None:
        typed = request.POST.get(form.words, "").strip()
        # Her own words stay; only a text that was put in before, and not touched since, makes room.
        mine = typed if typed.split() != request.POST.get("put", "").split() else ""
        form.initial[form.words] = f"{mine}\n\n{filled.text}" if mine else filled.text
    return _page(request, complaint, now=now, tried=Tried(action, form, filled=filled))


@staff_page(WORKING | MODERATING)
@require_POST
def undo_deed(request: HttpRequest) -> HttpResponse:
    """Take back what this person has just done, all of it, each complaint on its own."""
    try:
        batch = uuid.UUID(request.POST.get("batch", ""))
    except ValueError:
        return HttpResponseBadRequest()
    user = staff_user(request)
    results = undo(batch, acting_user=user, now=timezone.now())
    undone = [result for result in results if not result.refusal]
    if undone:
        text = ngettext(
            "Undone: %(n)d complaint is as it was.", "Undone: %(n)d complaints are as they were.", len(undone)
        )
        messages.info(request, text % {"n": len(undone)})
    for result in results:
        if result.refusal:
            messages.error(request, f"{result.complaint.tracking_number}: {result.refusal}")
    if not results:
        messages.error(request, _("There is nothing to undo any more."))
    return HttpResponseRedirect(_after_undo(request, user, results))


@staff_page(DESK_ROLES)
@require_POST
def here(request: HttpRequest, tracking_number: str) -> HttpResponse:
    """The page says that it is still open, or (`gone`) that it was left."""
    user = staff_user(request)
    if "gone" in request.POST:
        presence.leave(tracking_number, user)
    else:
        presence.arrive(complaint_of(user, tracking_number), user, now=timezone.now())
    return HttpResponse(status=204)


def _after_undo(request: HttpRequest, user: User, results: Sequence[Undone]) -> str:
    """To the complaint that is as it was, with the list beside it; after a bulk action to the list."""
    page = "desk" if any(m.role in DESK_ROLES for m in user.memberships.all()) else "field"
    url = reverse(page)
    if len(results) == 1 and not results[0].refusal:
        url = reverse(f"{page}_complaint", args=[results[0].complaint.tracking_number])
    query = request.POST.get("query", "")[:2000] if page == "desk" else ""
    return f"{url}?{query}" if query else url


def _wanted(request: HttpRequest) -> str:
    """The address that a form asks to go to, if it is one of ours."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else ""


def _next_page(request: HttpRequest, user: User, complaint: Complaint) -> str:
    """Where the form says; else back to the complaint, or to the list when it is no longer this person's."""
    if wanted := _wanted(request):
        return wanted
    query = request.GET.urlencode()
    if Complaint.objects.visible_to(user).filter(pk=complaint.pk).exists():
        url = reverse("desk_complaint", args=[complaint.tracking_number])
    else:
        url = reverse("desk")
    return f"{url}?{query}" if query else url


def _page(
    request: HttpRequest,
    complaint: Complaint,
    *,
    now: datetime,
    tried: Tried | None = None,
    status: int = 200,
) -> HttpResponse:
    user = staff_user(request)
    case = casefile(complaint, user, now)
    presence.arrive(complaint, user, now=now)
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    languages = languages_of(complaint)
    replies = replies_for(complaint, languages)
    offers = [_offer(action, complaint, tried, query, replies) for action in _offered(user, complaint, tried)]
    rare = [offer for offer in offers if offer.rare]
    context = {
        "case": case,
        "group": group_shown(complaint, user),
        "suggestions": merge_offers(complaint, user, now=now),
        "verdicts": verdicts_shown(complaint, user),
        "offers": offers,
        "rare_offers": rare,
        "rare_open": any(offer.is_open for offer in rare),
        "read_in": languages,
        "refused": tried.form if tried else None,
        "foretold": tried.foretold if tried else None,
        "filled": tried.filled if tried else None,
        "meanwhile": _meanwhile(case, tried),
        "handover": open_handover(complaint),
        "others_here": _others_here(complaint, user, now),
        "seen": complaint.updated_at.isoformat(),
        "here_url": reverse("desk_here", args=[complaint.tracking_number]),
        "review_text_url": reverse("desk_action", args=[complaint.tracking_number, "review-text"]) + query,
        "black_out_url": reverse("desk_action", args=[complaint.tracking_number, "black-out"]) + query,
        "review_photo_url": reverse("desk_action", args=[complaint.tracking_number, "review-photo"]) + query,
    }
    return screen(request, complaint.jurisdiction, now, case=context, number=complaint.tracking_number, status=status)


def _meanwhile(case: CaseFile, tried: Tried | None) -> list[Entry]:
    """What others did since this person looked at the page on which she decided, newest first."""
    since = tried.form.changed_since if tried else None
    return [entry for entry in case.timeline if entry.at > since] if since is not None else []


def _others_here(complaint: Complaint, user: User, now: datetime) -> list[str]:
    """Colleagues who have it open, by name where colleagues know each other."""
    here = presence.others(complaint, user, now=now)
    if here and not disclosure(user, complaint).sees_notes:
        return [_("A colleague")]
    return [person.user.get_full_name() or person.user.get_username() for person in here]


def _offered(user: User, complaint: Complaint, tried: Tried | None) -> list[Action]:
    """What may be done now, and what was just tried: its words must not be lost although it may be too late for it."""
    return [
        action
        for action in ACTIONS
        if action.allowed(user, complaint) or (tried is not None and tried.action is action)
    ]


def _offer(
    action: Action, complaint: Complaint, tried: Tried | None, query: str, replies: dict[str, list[ReplyOffered]]
) -> Offer:
    is_open = tried is not None and tried.action is action
    form = tried.form if tried and is_open else action.form(complaint, slug=action.slug)
    if form.is_bound:
        # She has now seen the newer state; sending it again is her decision.
        form.data = {**{name: form.data[name] for name in form.data}, "seen": complaint.updated_at.isoformat()}
    url = reverse("desk_action", args=[complaint.tracking_number, action.slug]) + query
    return Offer(
        action.slug,
        action.label,
        action.icon,
        action.look,
        action.key,
        action.advances,
        form,
        url,
        is_open,
        replies.get(action.slug, []),
        bool(form.words),
        action.rare,
    )
