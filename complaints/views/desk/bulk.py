"""The same done to several complaints: each one on its own, in its own transaction, with its own reason if it is refused."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, get_language_info, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access import staff_page
from accounts.models import User
from catalogue.pages import city_page
from catalogue.translated import text_in
from complaints.desk.replies import filled_reply, replies_among
from complaints.models import Complaint
from complaints.permissions import hats
from complaints.staff_actions import BULK, BY_SLUG, Action
from complaints.staff_forms import MergeTogetherForm, StaffForm
from complaints.views.desk.performing import perform
from complaints.views.desk.screen import say_done
from complaints.views.staff import DESK_ROLES, staff_user

# One page of the list.
MAX_CHOSEN = 50


@dataclass(frozen=True)
class Chosen:
    """A complaint that was chosen. `fault`: why nothing was done to it; empty where it was done, or not tried yet."""

    tracking_number: str
    url: str
    category: str
    state: str
    state_label: str
    seen: str
    fault: str


@staff_page(DESK_ROLES)
@never_cache
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """First the form for what was chosen (an action without questions runs at once), then the outcome, row by row."""
    user, now = staff_user(request), timezone.now()
    action = BY_SLUG.get(request.POST.get("action", ""))
    if action is None or action.slug not in BULK:
        return HttpResponseBadRequest()
    complaints = _chosen(user, request.POST)
    back = f"{reverse('desk')}?{request.POST.get('query', '')[:2000]}".rstrip("?")
    if not complaints:
        messages.error(request, _("Choose at least one complaint first."))
        return HttpResponseRedirect(back)
    shown = _form(action, complaints, None)
    if shown.visible_fields() and request.POST.get("step") != "do":
        return _page(request, action, complaints, shown, back, {})
    batch = uuid.uuid4()
    faults, form = _do(action, complaints, request.POST, user, now, batch)
    target = _target(action, request.POST)
    done = [row for row in complaints if row.pk not in faults and row.tracking_number != target]
    if done:
        text = ngettext("%(action)s: %(n)d complaint done.", "%(action)s: %(n)d complaints done.", len(done))
        say_done(request, text % {"action": action.label, "n": len(done)}, batch)
    if not faults:
        return HttpResponseRedirect(back)
    # What the others are handled under stays among what can be chosen.
    left = [row for row in complaints if row.pk in faults or row.tracking_number == target]
    return _page(request, action, left, form, back, faults, status=422 if not done else 200)


def _do(
    action: Action, complaints: Sequence[Complaint], data: QueryDict, user: User, now: datetime, batch: uuid.UUID
) -> tuple[dict[int, str], StaffForm]:
    """Try it on each; the reasons by id of those that were refused, and the form as it was filled in."""
    faults: dict[int, str] = {}
    target = _target(action, data)
    shown = _form(action, complaints, data)
    if not data.get("reply"):
        shown.is_valid()
    for complaint in complaints:
        if not action.roles & hats(user, complaint):
            faults[complaint.pk] = _("Your role does not allow this.")
            continue
        own = data.copy()
        own["seen"] = data.get(f"seen-{complaint.tracking_number}", "")
        if complaint.tracking_number == target:
            continue
        if fault := _put_reply(own, action, complaint):
            faults[complaint.pk] = fault
            continue
        form = action.form(complaint, own, slug=action.slug)
        if not (form.is_valid() and perform(action, complaint, form, user, now, batch=batch)):
            faults[complaint.pk] = " ".join(str(text) for texts in form.errors.values() for text in texts)
            if "sure" in form.errors and isinstance(shown, MergeTogetherForm):
                shown.ask_whether_sure()
    return faults, shown


def _target(action: Action, data: QueryDict) -> str:
    """The number of the one under which the others are merged: nothing is done to itself."""
    return data.get("number", "") if action.slug == "merge" else ""


def _put_reply(data: QueryDict, action: Action, complaint: Complaint) -> str:
    """A ready-made text in each reporter's own language, where nothing was typed. Why it cannot be used, else empty."""
    words, chosen = action.form.words, data.get("reply", "")
    if not words or not chosen or data.get(words, "").strip():
        return ""
    filled = filled_reply(complaint, action.slug, chosen)
    if filled is None:
        return _("This text is for another unit or category.")
    if not filled.is_translated:
        return _("The reporter reads another language, and the text is not translated into it: %(language)s") % {
            "language": ", ".join(str(get_language_info(code)["name_translated"]) for code in filled.untranslated)
        }
    if filled.missing:
        return _("This complaint has nothing to put in place of: %(names)s") % {"names": ", ".join(filled.missing)}
    data[words] = filled.text
    return ""


def _chosen(user: User, data: QueryDict) -> list[Complaint]:
    """The chosen complaints that this person may open, in the order in which they were listed."""
    numbers = list(dict.fromkeys(data.getlist("n")))[:MAX_CHOSEN]
    rows = (
        Complaint.objects.visible_to(user)
        .filter(tracking_number__in=numbers)
        .select_related(
            "jurisdiction", "category__service", "unit", "district", "assigned_to", "reporter", "merged_into"
        )
    )
    by_number = {row.tracking_number: row for row in rows}
    return [by_number[number] for number in numbers if number in by_number]


def _form(action: Action, complaints: Sequence[Complaint], data: QueryDict | None) -> StaffForm:
    """One form for all: that of the complaint which asks for most. Files are left out: a photo shows one place."""
    if action.slug == "merge":
        return MergeTogetherForm(complaints, data, slug=action.slug)
    forms = [action.form(complaint, data, slug=action.slug) for complaint in complaints]
    form = max(forms, key=lambda each: len(each.fields))
    form.fields.pop("files", None)
    # A ready-made text may stand in for what would be typed.
    form.use_required_attribute = False
    return form


def _page(
    request: HttpRequest,
    action: Action,
    complaints: Sequence[Complaint],
    form: StaffForm,
    back: str,
    faults: dict[int, str],
    *,
    status: int = 200,
) -> HttpResponse:
    language = get_language() or "fr"
    context = {
        "now": timezone.now(),
        "action": action,
        "form": form,
        "rows": [
            Chosen(
                complaint.tracking_number,
                reverse("desk_complaint", args=[complaint.tracking_number]),
                text_in(complaint.category.name, language),
                complaint.state,
                complaint.get_state_display(),
                complaint.updated_at.isoformat(),
                faults.get(complaint.pk, ""),
            )
            for complaint in complaints
        ],
        "failed": len(faults),
        "replies": replies_among(complaints[0].jurisdiction, staff_user(request), action.slug),
        "reply": request.POST.get("reply", ""),
        "query": request.POST.get("query", ""),
        "back_url": back,
    }
    return city_page(request, complaints[0].jurisdiction, "complaints/desk/bulk.html", context, status=status)
