"""The reporter's own page, by her secret link."""

from collections.abc import Callable
from datetime import datetime

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from accounts.quotas import Quota, spend
from catalogue.models import Category
from catalogue.pages import city_page
from catalogue.translated import text_in
from complaints.errors import ComplaintError
from complaints.expected import expected_resolution
from complaints.explain import EXPLAINED, explain_stored
from complaints.forms import WordsForm
from complaints.models import Attachment, Complaint, Event, Forwarding
from complaints.refusals import refusal_words
from complaints.services.erasure import ERASED, erase_reporter
from complaints.services.forwarding import forward
from complaints.services.messages import add_reporter_message
from complaints.services.transitions import change_state
from complaints.services.verdicts import Voice, asked, confirm, contest, step_back
from complaints.timeline import reporter_timeline
from complaints.tracking import complaint_id_of, token_matches
from complaints.vicinity import nearby_then
from complaints.views.closing import closing_path_token
from complaints.workflow import State, Verb, WorkflowError, state_label

_HER_PURPOSES = (Attachment.Purpose.REPORT, Attachment.Purpose.MESSAGE, Attachment.Purpose.AFTER)


def complaint_of(token: str) -> Complaint:
    """The complaint a secret link opens. Http404 for a wrong, old or revoked token alike."""
    rows = Complaint.objects.select_related(
        "jurisdiction", "category__service", "unit", "district", "merged_into", "reporter"
    )
    complaint: Complaint | None = rows.filter(pk=complaint_id_of(token) or 0).first()
    if complaint is None or not token_matches(token, complaint.pk, complaint.link_version):
        raise Http404
    return complaint


# The address itself is the right to act: who could forge a request knows it already. And a page that sends no referrer
# sends no origin either, which Django's check would refuse.
@csrf_exempt
@never_cache
def secret_link(request: HttpRequest, token: str) -> HttpResponse:
    """Everything the reporter may see and do: her words, files and messages; add, confirm, contest, withdraw, erase."""
    now = timezone.now()
    spend(request, Quota.REPORTER_ACTION if request.method == "POST" else Quota.SECRET_PAGE, now=now)
    complaint = complaint_of(token)
    form = WordsForm()
    action = request.POST.get("action", "") if request.method == "POST" else ""
    if request.method == "POST":
        form = WordsForm(request.POST, request.FILES)
        if action == "erase" and "sure" not in request.POST:
            return _private(_page(request, complaint, token, WordsForm(), action))
        if _act(complaint, action, form, now=now):
            others = action == "withdraw" and _in_company(complaint)
            messages.success(request, _stepped_back() if others else _DONE[action]())
            # What was done is said at the head of the page; browsers would keep the fragment that the form was sent to.
            return _private(redirect(reverse("secret_link", args=[token]) + "#top"))
    status = 400 if form.errors else 200
    return _private(_page(request, complaint, token, form, action, status=status))


_DONE: dict[str, Callable[[], str]] = {
    "message": lambda: _("Your message was sent."),
    "confirm": lambda: _("Thank you. You confirmed that the matter is settled."),
    "contest": lambda: _("The complaint is open again. The unit was told why."),
    "withdraw": lambda: _("Your complaint is withdrawn."),
    "forward": lambda: _("Your report was passed on."),
    "erase": lambda: _("Your personal data was erased."),
}


def _stepped_back() -> str:
    return _("You step back and get no more news. Others reported it too: it goes on.")


def _act(complaint: Complaint, action: str, form: WordsForm, *, now: datetime) -> bool:
    """Carry out what a button asks. False leaves the reason in the form's errors."""
    if action not in _DONE:
        form.add_error(None, _("This cannot be done."))
        return False
    needs_words = action in ("message", "contest")
    waiting = complaint.state == State.WAITING_REPORTER and complaint.merged_into_id is None
    form.fields["text"].required = action == "contest" or waiting
    if needs_words and not form.is_valid():
        return False
    voice = Voice.of_reporter(complaint.pk)
    text = form.cleaned_data["text"] if needs_words else ""
    files = form.cleaned_data["files"] if needs_words else []
    try:
        if action == "message":
            add_reporter_message(complaint.pk, text=text, files=files, now=now)
        elif action == "forward":
            forward(complaint.pk, acting_user=None, now=now)
        elif action == "erase":
            erase_reporter(complaint.pk, now=now)
        elif action == "confirm":
            confirm(complaint.pk, voice=voice, now=now)
        elif action == "contest":
            contest(complaint.pk, voice=voice, now=now, words=text, files=files)
        elif _in_company(complaint):
            step_back(complaint.pk, now=now)
        else:
            change_state(complaint.pk, Verb.WITHDRAW, acting_user=None, now=now)
    except (ComplaintError, WorkflowError) as error:
        form.is_valid()
        field = getattr(error, "field", "")
        form.add_error(field if field in form.fields else None, str(error.message))
        return False
    return True


def _in_company(complaint: Complaint) -> bool:
    """Others reported it too: it goes on if she withdraws."""
    return complaint.merged_into_id is not None or complaint.merged_count > 0


def _verbs(complaint: Complaint, primary: Complaint, *, erased: bool) -> set[str]:
    """What her page offers now: her word on a closing, and to withdraw from what is open."""
    may = asked(primary, Voice.of_reporter(complaint.pk))
    offered = {"confirm"} if may.may_confirm else set()
    if may.may_contest and not erased:
        offered.add("contest")
    gone = complaint.events.filter(kind=Event.Kind.STEPPED_BACK).exists()
    if primary.is_open and not gone:
        offered.add("withdraw")
    return offered


def _page(
    request: HttpRequest, complaint: Complaint, token: str, form: WordsForm, action: str, *, status: int = 200
) -> HttpResponse:
    primary = complaint.merged_into or complaint
    own = complaint.merged_into_id is None
    decision = complaint.decisions.select_related(*EXPLAINED).first()
    link = request.build_absolute_uri(reverse("secret_link", args=[token]))
    erased = complaint.reporter.erased_at is not None
    place = None if erased else _place(complaint)
    exact = place is not None and place["precision"] == "exact"
    context = {
        "now": timezone.now(),
        "complaint": complaint,
        "primary": primary,
        "reporter": complaint.reporter,
        "erased": erased,
        "token": token,
        "link": link,
        "qr": _qr(link) if "new" in request.GET else "",
        "is_new": "new" in request.GET,
        "form": form,
        "action": action,
        "verbs": _verbs(complaint, primary, erased=erased),
        "closing_token": closing_path_token(complaint) if not primary.is_open else "",
        # One who joined a case of somebody else is not the one who is waited for.
        "state_label": state_label(primary.state, to_reporter=own),
        "waiting": complaint.state == State.WAITING_REPORTER and own,
        "timeline": reporter_timeline(complaint),
        "expected": expected_resolution(primary, now=timezone.now()),
        "forwarding": _forwarding(complaint) if own and not erased else None,
        "answers": _answers(complaint),
        "files": _files(complaint),
        "why": explain_stored(decision) if decision else "",
        "why_nearby": nearby_then(complaint, decision) if decision and exact else "",
        "place": place,
    }
    return city_page(request, complaint.jurisdiction, "complaints/secret_link.html", context, status=status)


def _forwarding(complaint: Complaint) -> Forwarding | None:
    """The body that answers for it, where she may have it passed on there or already has."""
    if complaint.state != State.OUT_OF_SCOPE:
        return None
    return Forwarding.objects.select_related("body").filter(complaint=complaint).first()


def _answers(complaint: Complaint) -> list[tuple[dict[str, str], list[dict[str, str] | str]]]:
    """Her answers to the category's questions: the question's name, and each answer as a translated text or as typed."""
    rows: list[tuple[dict[str, str], list[dict[str, str] | str]]] = []
    for question in complaint.category.questions.all():
        value = complaint.answers.get(question.code)
        if value in (None, "", []):
            continue
        names = {choice["code"]: choice["name"] for choice in question.choices}
        values = value if isinstance(value, list) else [value]
        rows.append((question.name, [names.get(str(item), str(item)) for item in values]))
    return rows


def _files(complaint: Complaint) -> list[tuple[Attachment, str]]:
    """Her files and the proofs of the work, each with the reason where it was refused."""
    rows = complaint.attachments.filter(purpose__in=_HER_PURPOSES).exclude(refused_code=ERASED)
    return [(row, refusal_words(row.refused_code) if row.status == Attachment.Status.REFUSED else "") for row in rows]


def _place(complaint: Complaint) -> dict[str, object]:
    """Where she put it, to the metre: it is hers, whatever the world is shown. Who only chose a district sees its middle."""
    district_only = complaint.place_precision == Category.Publication.DISTRICT != complaint.category.place_precision
    return {
        "longitude": complaint.point.x,
        "latitude": complaint.point.y,
        "precision": "district" if district_only else "exact",
        "service": complaint.category.service.code,
        "icon": complaint.category.service.icon,
        "label": text_in(complaint.category.name, get_language() or "fr"),
    }


def _qr(address: str) -> SafeString:
    """The address as a QR code: an SVG element of our own making, without styles."""
    code = segno.make(address, error="m", micro=False)
    return mark_safe(code.svg_inline(border=2, svgclass="qr", lineclass=None, omitsize=True))  # noqa: S308


def _private(response: HttpResponse) -> HttpResponse:
    """Nobody keeps this page or learns its address: no cache, no referrer, no search engine."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Cache-Control"] = "no-store, private"
    return response
