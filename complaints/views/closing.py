"""Is it settled? The page behind the links in a message about a closing. Opening it changes nothing: a button does.

Programs that check mail open links, so a link must not confirm. The token in the address is the right to answer, and to
nothing else.
"""

from collections.abc import Callable
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from accounts.quotas import Quota, spend
from catalogue.pages import city_page
from complaints.errors import ComplaintError
from complaints.models import Complaint, ContestReason, Message
from complaints.services.verdicts import Voice, asked, confirm, contest, rate
from complaints.tracking import CLOSING, complaint_id_of, secret_token, token_matches
from complaints.workflow import NoteRequired, WorkflowError

SATISFACTION = (
    (5, gettext_lazy("very satisfied")),
    (4, gettext_lazy("satisfied")),
    (3, gettext_lazy("neither")),
    (2, gettext_lazy("dissatisfied")),
    (1, gettext_lazy("very dissatisfied")),
)


class ContestForm(forms.Form):
    """One tap names the reason; words are welcome, and needed where no reason fits."""

    reason = forms.ChoiceField(choices=ContestReason.choices, required=False)
    words = forms.CharField(
        label=gettext_lazy("What is still wrong?"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )


class RateForm(forms.Form):
    """One question and an optional sentence."""

    satisfaction = forms.TypedChoiceField(
        label=gettext_lazy("How satisfied are you with how it was dealt with?"),
        choices=SATISFACTION,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of the answers.")},
    )
    remark = forms.CharField(
        label=gettext_lazy("What should we know?"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


@csrf_exempt
@never_cache
def closing(request: HttpRequest, token: str) -> HttpResponse:
    """The reporter's answer, by the link in her message."""
    spend(request, Quota.REPORTER_ACTION if request.method == "POST" else Quota.SECRET_PAGE, now=timezone.now())
    rows = Complaint.objects.select_related("jurisdiction", "reporter")
    complaint = rows.filter(pk=complaint_id_of(token) or 0).first()
    if complaint is None or not token_matches(token, complaint.pk, complaint.link_version, purpose=CLOSING):
        raise Http404
    return closing_page(request, complaint, Voice.of_reporter(complaint.pk))


def closing_page(request: HttpRequest, complaint: Complaint, voice: Voice) -> HttpResponse:
    """The page for one voice: what was done, and what she may say of it. Address and right are the caller's business."""
    now = timezone.now()
    action = request.POST.get("action", "") if request.method == "POST" else ""
    contest_form, rate_form = ContestForm(), RateForm()
    if action == "contest":
        contest_form = ContestForm(request.POST)
    elif action == "rate":
        rate_form = RateForm(request.POST)
    if action in _DONE:
        form = rate_form if action == "rate" else contest_form
        refused = _act(complaint, voice, action, form, now=now)
        if refused is None:
            messages.success(request, _DONE[action]())
            return _private(redirect(request.path))
        if refused:
            messages.error(request, refused)
    rows = Complaint.objects.select_related("category__service", "unit", "jurisdiction")
    primary = rows.get(pk=complaint.merged_into_id or complaint.pk)
    may = asked(primary, voice)
    last_words = primary.messages.filter(audience=Message.Audience.PUBLIC, from_reporter=False).last()
    context = {
        "now": now,
        "complaint": complaint,
        "primary": primary,
        "asked": may,
        "answer": request.GET.get("answer", ""),
        "last_words": last_words,
        "contest_form": contest_form,
        "rate_form": rate_form,
        "reasons": [(value, label) for value, label in ContestReason.choices if value != ContestReason.OTHER],
        "satisfaction": SATISFACTION,
        "action": action,
    }
    # What was done is shown on the page one is sent to: here something was refused.
    status = 400 if action in _DONE else 200
    page = city_page(request, primary.jurisdiction, "complaints/closing.html", context, status=status)
    return _private(page)


_DONE: dict[str, Callable[[], str]] = {
    "confirm": lambda: _("Thank you. You confirmed that the matter is settled."),
    "contest": lambda: _("The complaint is open again. The unit was told why."),
    "rate": lambda: _("Thank you for telling us."),
}


def _act(complaint: Complaint, voice: Voice, action: str, form: forms.Form, *, now: datetime) -> str | None:
    """Carry out what a button asks. Else the reason why not; it is empty where the form's own errors say it."""
    if action != "confirm" and not form.is_valid():
        return ""
    try:
        if action == "confirm":
            confirm(complaint.pk, voice=voice, now=now)
        elif action == "contest":
            given = form.cleaned_data
            contest(complaint.pk, voice=voice, now=now, reason=given["reason"], words=given["words"])
        else:
            given = form.cleaned_data
            rate(complaint.pk, voice=voice, now=now, satisfaction=given["satisfaction"], remark=given["remark"])
    except NoteRequired as error:
        form.add_error("words", str(error.message))
        return ""
    except (ComplaintError, WorkflowError) as error:
        return str(error.message)
    return None


def closing_path_token(complaint: Complaint) -> str:
    """The token of the reporter's closing page, for links on her other pages."""
    return secret_token(complaint.pk, complaint.link_version, purpose=CLOSING)


def _private(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Cache-Control"] = "no-store, private"
    return response
