"""Findings on the city's side: candidates, opening one, the page of one, and every step that the city takes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from catalogue.pages import city_page
from catalogue.translated import colon, text_in
from complaints.errors import Refusal
from complaints.models import Complaint
from complaints.timeline import public_timeline
from complaints.tracking import normalise_tracking_number
from complaints.views.staff import city_of
from contracts.breaches import Option, history_of, options_for
from contracts.cases import candidates, same_source
from contracts.evidence import operator_reads_words, operator_sees_photo
from contracts.explain import penalty_phrase, per_words, reckoning
from contracts.finding_page import exhibit_url_for, finding_shown
from contracts.forms import NewFindingForm, RulingForm, WordsForm
from contracts.models import Argument, Clause, Contract, Finding
from contracts.permissions import can_open, verbs_of
from contracts.procedure import HEARD, FindingState, FindingVerb
from contracts.querysets import FINDING_ROLES
from contracts.services.decisions import Ruling, calculation_for, decide, sign, withdraw_finding
from contracts.services.findings import open_finding
from contracts.services.papers import ask_for_exchange
from contracts.services.steps import root_of
from contracts.views.common import (
    REFUSED,
    contract_of,
    finding_of,
    finding_page,
    refuse,
    sent_form,
    treasury_page,
    user_of,
)
from contracts.wording import dirhams
from districts.place_map import place_map

PAGE_SIZE = 25
# How far back a missed promise is still offered as a candidate.
LOOK_BACK = timedelta(days=180)
SOURCE_WINDOW = timedelta(days=90)
V = FindingVerb


@dataclass(frozen=True)
class Step:
    """A button of the city's, with its form; `look` as buttons look."""

    verb: FindingVerb
    label: str | Promise
    icon: str
    look: str
    form: forms.Form | None
    url: str
    is_open: bool
    help: str = ""


_LABELS: dict[FindingVerb, tuple[str | Promise, str, str]] = {
    V.JUSTIFY: (gettext_lazy("Decide: justified"), "check", "primary"),
    V.DISMISS: (gettext_lazy("Decide: not justified"), "close", ""),
    V.SIGN: (gettext_lazy("Sign the decision"), "edit", "primary"),
    V.SEND_BACK: (gettext_lazy("Send the decision back"), "refresh", ""),
    V.UPHOLD: (gettext_lazy("Reject the appeal"), "check", ""),
    V.REVERSE: (gettext_lazy("Uphold the appeal: reverse the penalty"), "refresh", ""),
    V.WAIVE: (gettext_lazy("Waive the penalty"), "refresh", ""),
    V.WITHDRAW: (gettext_lazy("Withdraw the finding"), "close", "danger"),
}
_RULINGS = frozenset({V.JUSTIFY, V.DISMISS, V.UPHOLD, V.REVERSE, V.WAIVE})
_TABS: tuple[tuple[str, str | Promise, frozenset[str]], ...] = (
    ("decide", gettext_lazy("To decide"), frozenset({*HEARD, FindingState.APPEALED})),
    ("sign", gettext_lazy("To sign"), frozenset({FindingState.TO_SIGN})),
    ("operator", gettext_lazy("With the operator"), frozenset({FindingState.NOTIFIED})),
    ("all", gettext_lazy("All"), frozenset(FindingState)),
)


@finding_page
@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """The city's findings, those that wait for it first."""
    city = city_of(request, FINDING_ROLES)
    rows = Finding.objects.visible_to(user_of(request)).filter(jurisdiction=city)
    contracts = list(Contract.objects.filter(jurisdiction=city).select_related("unit"))
    chosen = next((row for row in contracts if row.code == request.GET.get("contract")), None)
    if chosen is not None:
        rows = rows.filter(contract=chosen)
    tab = next((tab for tab in _TABS if tab[0] == request.GET.get("tab")), _TABS[0])
    counts = {name: rows.filter(state__in=states).count() for name, _label, states in _TABS}
    listed = rows.filter(state__in=tab[2]).select_related("contract", "clause", "complaint__category__service")
    order = ("answer_due_at", "pk") if tab[0] != "all" else ("-opened_at", "-pk")
    context = {
        "now": timezone.now(),
        "page": Paginator(listed.order_by(*order), PAGE_SIZE).get_page(request.GET.get("page")),
        "tabs": [{"code": name, "label": label, "count": counts[name], "current": name == tab[0]} for name, label, _s in _TABS],
        "tab": tab[0],
        "contracts": contracts,
        "chosen": chosen,
    }  # fmt: skip
    return city_page(request, city, "contracts/findings.html", context)


@treasury_page
@require_safe
def candidate_list(request: HttpRequest, code: str) -> HttpResponse:
    """What an officer may want to look at. Nothing is alleged by being listed."""
    contract, now = contract_of(request, code), timezone.now()
    page = Paginator(candidates(contract, since=now - LOOK_BACK), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"now": now, "contract": contract, "page": page, "may_open": True}
    return city_page(request, contract.jurisdiction, "contracts/candidates.html", context)


@finding_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_finding(request: HttpRequest, tracking_number: str) -> HttpResponse:
    """Open a finding about one complaint: its history, the clauses that it speaks to, and the evidence to choose from."""
    user, now = user_of(request), timezone.now()
    complaint = _complaint_of(user, tracking_number)
    root = root_of(complaint)
    if root.pk != complaint.pk:
        return redirect("finding_new", root.tracking_number)
    live = Finding.objects.filter(complaint=complaint).exclude(state=FindingState.WITHDRAWN).first()
    if live is not None:
        return redirect("treasury_finding", live.number)
    options = options_for(complaint, history_of(complaint), now=now)
    photos = [photo for photo in complaint.attachments.all() if operator_sees_photo(photo, complaint)]
    hidden = sum(photo.is_image and photo.status == "ready" for photo in complaint.attachments.all()) - len(photos)
    choices = {
        "clauses": [(option.clause.pk, option_words(option)) for option in options],
        "photos": [(photo.pk, f"{photo.get_purpose_display()} · {photo.created_at:%Y-%m-%d}") for photo in photos],
    }
    form = NewFindingForm(*sent_form(request), **choices)
    if request.method == "POST" and form.is_valid():
        try:
            finding = open_finding(
                complaint.pk,
                form.cleaned_data["clause"],
                grounds=form.cleaned_data["grounds"],
                photos=form.cleaned_data.get("photos", []),
                files=form.cleaned_data["files"],
                acting_user=user,
                now=now,
            )
        except Refusal as refused:
            refuse(form, refused)
        else:
            messages.success(
                request, _("Finding %(number)s was opened; the operator was told.") % {"number": finding.number}
            )
            return redirect("treasury_finding", finding.number)
    language = get_language() or "fr"
    context = {
        "now": now,
        "complaint": complaint,
        "category": text_in(complaint.category.name, language),
        "unit": text_in(complaint.unit.name, language),
        "timeline": public_timeline(complaint),
        "form": form,
        "options": options,
        "photos": [
            {"pk": photo.pk, "url": reverse("finding_candidate_photo", args=[complaint.tracking_number, photo.pk])}
            for photo in photos
        ],
        "hidden_photos": hidden,
        "words_disclosed": operator_reads_words(complaint),
        "same_source": same_source(complaint, since=now - SOURCE_WINDOW),
        "map": place_map(
            complaint.jurisdiction,
            complaint.point.x,
            complaint.point.y,
            language=language,
            title=_("Place of the complaint"),
        ),
    }
    status = REFUSED if form.is_bound and form.errors else 200
    return city_page(request, complaint.jurisdiction, "contracts/new_finding.html", context, status=status)


def _complaint_of(user: User, tracking_number: str) -> Complaint:
    """A complaint that this person may open a finding about. Http404 for all others."""
    found = (
        Complaint.objects.select_related(
            "jurisdiction", "category__service", "unit", "district", "merged_into", "reporter"
        )
        .prefetch_related("attachments")
        .filter(tracking_number=normalise_tracking_number(tracking_number) or "")
        .first()
    )
    if found is None or not can_open(user, found):
        raise Http404
    return found


def option_words(option: Option) -> str:
    """A clause as a choice: article, name, what it would cost here."""
    language, clause = get_language() or "fr", option.clause
    currency = option.version.currency
    draft = Finding(
        clause=clause,
        version=option.version,
        contract=option.contract,
        occurred_on=option.occurred_on,
        counted_from=option.counted_from,
        counted_to=option.counted_to,
    )
    calculation = calculation_for(draft)
    article = f"{clause.article} · " if clause.article else ""
    amount = dirhams(calculation.amount_centimes, currency)
    how = penalty_phrase(calculation, currency) if clause.per == Clause.Per.DAY_LATE else per_words(clause, currency)
    return f"{article}{text_in(clause.name, language)}{colon()}{amount} ({how})"


@finding_page
@never_cache
@require_safe
def finding_detail(request: HttpRequest, number: str) -> HttpResponse:
    """The page of one finding."""
    return _page(request, finding_of(request, number), now=timezone.now())


@finding_page
@never_cache
@require_POST
def finding_action(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """One step of the city's, then the page again; what was refused stays in its form with the reason."""
    finding, user, now = finding_of(request, number), user_of(request), timezone.now()
    wanted = next((known for known in _LABELS if known.value.replace("_", "-") == verb), None)
    if wanted is None:
        raise Http404
    form = _form(finding, wanted, request.POST)
    if form is None or form.is_valid():
        try:
            _run(finding, wanted, form, request, user, now)
        except Refusal as refused:
            form = form or forms.Form(request.POST)
            form.is_valid()
            refuse(form, refused)
        else:
            messages.success(request, _("Done: %(what)s (%(number)s)") % {"what": _LABELS[wanted][0], "number": number})
            return redirect("treasury_finding", number)
    return _page(request, finding_of(request, number), now=now, tried=(wanted, form))


@finding_page
@require_POST
def exchange(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for the whole exchange as one file, in the page's language."""
    finding = finding_of(request, number)
    ask_for_exchange(finding, get_language() or "fr", acting_user=user_of(request), now=timezone.now())
    messages.info(request, _("The file is being made; it appears on this page in a moment."))
    return redirect(reverse("treasury_finding", args=[number]) + "#papers")


def _run(
    finding: Finding, verb: FindingVerb, form: forms.Form | None, request: HttpRequest, user: User, now: datetime
) -> None:
    if verb == V.WITHDRAW:
        assert form is not None
        withdraw_finding(finding.pk, form.cleaned_data["words"], acting_user=user, now=now)
    elif verb in (V.SIGN, V.SEND_BACK):
        note = form.cleaned_data["words"] if form is not None else ""
        decision = request.POST.get("decision", "")
        number = int(decision) if decision.isdecimal() and len(decision) < 19 else 0
        sign(finding.pk, number, agreed=verb == V.SIGN, note=note, acting_user=user, now=now)
    else:
        assert isinstance(form, RulingForm)
        ruling = Ruling(
            reasons=form.cleaned_data["reasons"],
            replies=form.replies,
            authority=form.cleaned_data.get("authority", ""),
            waived_centimes=form.cleaned_data.get("amount"),
        )
        decide(finding.pk, verb, ruling, acting_user=user, now=now)


def _form(finding: Finding, verb: FindingVerb, data: Any = None) -> forms.Form | None:
    """The form of a step; None for a plain button."""
    auto_id = f"{verb.value}-%s"
    if verb in _RULINGS:
        stage = {V.UPHOLD: Argument.Stage.APPEAL, V.REVERSE: Argument.Stage.APPEAL, V.WAIVE: None}.get(
            verb, Argument.Stage.CONTEST
        )
        arguments = finding.arguments.filter(stage=stage) if stage else ()
        return RulingForm(
            data,
            arguments=arguments,
            with_authority=verb in (V.REVERSE, V.WAIVE),
            with_amount=verb == V.WAIVE,
            auto_id=auto_id,
        )
    return WordsForm(data, auto_id=auto_id) if verb in (V.SEND_BACK, V.WITHDRAW) else None


def _page(
    request: HttpRequest, finding: Finding, *, now: datetime, tried: tuple[FindingVerb, forms.Form | None] | None = None
) -> HttpResponse:
    user = user_of(request)
    verbs = [verb for verb in verbs_of(user, finding) if verb in _LABELS]
    if tried is not None and tried[0] not in verbs:
        # What was typed must not be lost although it is too late for it.
        verbs.append(tried[0])
    pending = finding.decisions.filter(needs_second=True, signature=None).last()
    context = {
        "now": now,
        "finding": finding_shown(finding, to_operator=False, exhibit_url=exhibit_url_for(finding), now=now),
        "steps": [_step(finding, verb, tried) for verb in verbs],
        "refused": tried[1] if tried else None,
        "pending": pending,
        "exchange_url": reverse("finding_exchange", args=[finding.number]),
        "desk_url": reverse("desk_complaint", args=[finding.complaint.tracking_number]),
        "contract": finding.contract,
    }
    status = REFUSED if tried is not None else 200
    return city_page(request, finding.jurisdiction, "contracts/finding.html", context, status=status)


def _step(finding: Finding, verb: FindingVerb, tried: tuple[FindingVerb, forms.Form | None] | None) -> Step:
    label, icon, look = _LABELS[verb]
    is_open = tried is not None and tried[0] == verb
    form = tried[1] if tried and is_open else _form(finding, verb)
    url = reverse("finding_action", args=[finding.number, verb.value.replace("_", "-")])
    return Step(verb, label, icon, look, form, url, is_open, _help(finding, verb))


def _help(finding: Finding, verb: FindingVerb) -> str:
    if verb != V.JUSTIFY:
        return ""
    calculation = calculation_for(finding)
    currency = finding.version.currency
    amount = dirhams(calculation.amount_centimes, currency)
    if how := reckoning(calculation, currency):
        return _("The penalty would be %(amount)s (%(how)s).") % {"amount": amount, "how": how}
    return _("The penalty would be %(amount)s.") % {"amount": amount}
