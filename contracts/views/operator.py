"""The operator's desk: its own cases by time left, findings that wait for its answer, and its statements."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.db.models.functions import Coalesce, Least
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from catalogue.translated import text_in
from complaints.errors import Refusal
from complaints.models import Complaint
from complaints.views.staff import city_of
from complaints.workflow import State
from contracts.cases import balance_of
from contracts.explain import contract_currency
from contracts.finding_page import exhibit_url_for, finding_shown
from contracts.forms import ArgumentsForm, MoreFilesForm
from contracts.models import Contract, Finding
from contracts.permissions import verbs_of
from contracts.procedure import FindingState, FindingVerb
from contracts.services.findings import accept_finding, add_files, appeal_finding, contest_finding
from contracts.services.papers import ask_for_exchange
from contracts.views.common import REFUSED, contract_of, finding_of, operator_page, refuse, sent_form, user_of
from contracts.views.money import line_page, month_in, statement_facts
from contracts.views.treasury import contract_facts

ROLES = frozenset({Role.OPERATOR_USER})
CASES_SHOWN = 30
V = FindingVerb
# States in which files may still be added.
TAKES_FILES = frozenset({FindingState.NOTIFIED, FindingState.CONTESTED, FindingState.APPEALED})


@operator_page
@never_cache
@require_safe
def operator(request: HttpRequest) -> HttpResponse:
    """What waits for this operator, by time left."""
    city, user, now = city_of(request, ROLES), user_of(request), timezone.now()
    # What can still be appealed against stands in its own list.
    appealable = Q(state=FindingState.JUSTIFIED, appeal_due_at__gte=now)
    contracts = list(
        Contract.objects.visible_to(user).filter(jurisdiction=city).select_related("unit").prefetch_related("versions")
    )
    findings = Finding.objects.visible_to(user).filter(jurisdiction=city).select_related("clause", "contract")
    cases = _cases(user, city)
    context = {
        "now": now,
        "contracts": [
            {
                "contract": contract,
                "balance": balance_of(contract),
                "currency": contract_currency(contract),
                "statements": list(contract.statements.select_related("order")[:6]),
            }
            for contract in contracts
        ],
        "to_answer": list(findings.filter(state=FindingState.NOTIFIED).order_by("answer_due_at")),
        "to_appeal": list(findings.filter(appealable).order_by("appeal_due_at")),
        "running": list(findings.running().exclude(state=FindingState.NOTIFIED).order_by("-updated_at")[:CASES_SHOWN]),
        "finished": list(findings.exclude(appealable).exclude(pk__in=findings.running()).order_by("-updated_at")[:10]),
        "cases": [_case_row(case) for case in cases[:CASES_SHOWN]],
        "cases_total": cases.count(),
        "late_total": Complaint.objects.visible_to(user).filter(jurisdiction=city).late(now).count(),
    }
    return city_page(request, city, "contracts/operator.html", context)


def _cases(user: User, city: Jurisdiction) -> Any:
    """Open cases by the promise that runs out first."""
    return (
        Complaint.objects.visible_to(user)
        .filter(jurisdiction=city, merged_into=None, unit__memberships__user=user)
        .open()
        .select_related("category__service", "district")
        .annotate(next_due=Least(Coalesce("answer_due_at", "resolution_due_at"), "resolution_due_at"))
        .distinct()
        .order_by("next_due", "pk")
    )


def _case_row(case: Complaint) -> dict[str, Any]:
    answer_next = case.answered_at is None and case.answer_due_at is not None
    return {
        "case": case,
        "url": reverse("desk_complaint", args=[case.tracking_number]),
        "state_label": State(case.state).label,
        "due_at": case.answer_due_at if answer_next else case.resolution_due_at,
        "due_label": _("First answer by") if answer_next else _("Resolution by"),
    }


@operator_page
@never_cache
@require_safe
def operator_contract(request: HttpRequest, code: str) -> HttpResponse:
    """The operator's own contract: the same figures as the city sees."""
    contract = contract_of(request, code)
    context = contract_facts(contract, timezone.now()) | {
        "for_operator": True,
        "unit": text_in(contract.unit.name, get_language() or "fr"),
    }
    return city_page(request, contract.jurisdiction, "contracts/contract.html", context)


@operator_page
@never_cache
@require_safe
def operator_finding(request: HttpRequest, number: str) -> HttpResponse:
    """One finding, to answer."""
    return _page(request, finding_of(request, number))


@operator_page
@never_cache
@require_POST
def operator_accept(request: HttpRequest, number: str) -> HttpResponse:
    """Accept it."""
    finding, form = finding_of(request, number), forms.Form(request.POST)
    form.is_valid()
    try:
        accept_finding(finding.pk, acting_user=user_of(request), now=timezone.now())
    except Refusal as refused:
        refuse(form, refused)
        return _page(request, finding, refused=form)
    messages.success(request, _("You accepted finding %(number)s.") % {"number": number})
    return redirect("operator_finding", number)


@operator_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def operator_argue(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """Contest or appeal: the arguments on one page, then the finding again."""
    finding, user = finding_of(request, number), user_of(request)
    return argue(
        request,
        finding,
        verb,
        user,
        done_url=reverse("operator_finding", args=[number]),
        action_url=request.path,
    )


def argue(
    request: HttpRequest, finding: Finding, verb: str, user: User | None, *, done_url: str, action_url: str
) -> HttpResponse:
    """The page of a contest or an appeal, by account (`user`) or by the single-case link (None)."""
    services = {"contest": contest_finding, "appeal": appeal_finding}
    if verb not in services:
        raise Http404
    form = ArgumentsForm(*sent_form(request))
    now = timezone.now()
    if request.method == "POST" and form.is_valid():
        try:
            services[verb](finding.pk, form.arguments, files=form.cleaned_data["files"], acting_user=user, now=now)
        except Refusal as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("Your arguments were handed in. Each will be replied to before a decision."))
            return redirect(done_url)
    allowed = FindingVerb(verb) in verbs_of(user, finding)
    context = {
        "now": now,
        "number": finding.number,
        "verb": verb,
        "form": form,
        "allowed": allowed,
        "due_at": finding.answer_due_at if verb == "contest" else finding.appeal_due_at,
        "grounds": finding.grounds,
        "back_url": done_url,
        "action_url": action_url,
    }
    status = REFUSED if form.is_bound and form.errors else 200
    return city_page(request, finding.jurisdiction, "contracts/argue.html", context, status=status)


@operator_page
@never_cache
@require_POST
def operator_files(request: HttpRequest, number: str) -> HttpResponse:
    """More files for an answer that was given, or before it is."""
    finding = finding_of(request, number)
    return more_files(request, finding, user_of(request), done_url=reverse("operator_finding", args=[number]))


def more_files(request: HttpRequest, finding: Finding, user: User | None, *, done_url: str) -> HttpResponse:
    form = MoreFilesForm(request.POST, request.FILES)
    files = form.cleaned_data["files"] if form.is_valid() else []
    if not files:
        messages.error(request, _("Choose at least one file."))
        return redirect(done_url)
    try:
        add_files(finding.pk, files, acting_user=user, now=timezone.now())
    except Refusal as refused:
        messages.error(request, str(refused.message))
    else:
        messages.success(request, _("The files were received and are being checked."))
    return redirect(done_url)


@operator_page
@require_POST
def operator_exchange(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for the whole exchange as one file."""
    finding = finding_of(request, number)
    ask_for_exchange(finding, get_language() or "fr", acting_user=user_of(request), now=timezone.now())
    messages.info(request, _("The file is being made; it appears on this page in a moment."))
    return redirect(reverse("operator_finding", args=[number]) + "#papers")


@operator_page
@never_cache
@require_safe
def operator_statement(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """A statement that was issued; months that are not issued yet are shown as they stand."""
    contract = contract_of(request, code)
    context = statement_facts(contract, month_in(month)) | {
        "now": timezone.now(),
        "for_operator": True,
        "line_url": "operator_line",
        "back_url": reverse("operator_contract", args=[contract.code]),
    }
    return city_page(request, contract.jurisdiction, "contracts/statement.html", context)


@operator_page
@never_cache
@require_safe
def operator_line(request: HttpRequest, seq: int) -> HttpResponse:
    """How one entry of this operator's account came about."""
    return line_page(
        request, city_of(request, ROLES), seq, finding_url="operator_finding", statement_url="operator_statement"
    )


def _page(request: HttpRequest, finding: Finding, *, refused: forms.Form | None = None) -> HttpResponse:
    number = finding.number
    context = operator_page_context(finding, user_of(request), exhibit_url=exhibit_url_for(finding)) | {
        "refused": refused,
        "accept_url": reverse("operator_accept", args=[number]),
        "contest_url": reverse("operator_argue", args=[number, "contest"]),
        "appeal_url": reverse("operator_argue", args=[number, "appeal"]),
        "files_url": reverse("operator_files", args=[number]),
        "exchange_url": reverse("operator_exchange", args=[number]),
        "back_url": reverse("operator"),
    }
    status = REFUSED if refused else 200
    return city_page(request, finding.jurisdiction, "contracts/operator_finding.html", context, status=status)


def operator_page_context(finding: Finding, user: User | None, *, exhibit_url: Any) -> dict[str, Any]:
    """What the operator's page of a finding shows, by account or link."""
    now: datetime = timezone.now()
    verbs = verbs_of(user, finding)
    late_answer = finding.state == FindingState.NOTIFIED and finding.answer_due_at < now
    late_appeal = finding.appeal_due_at is not None and finding.appeal_due_at < now
    return {
        "now": now,
        "finding": finding_shown(finding, to_operator=True, exhibit_url=exhibit_url, now=now),
        "may_accept": V.ACCEPT in verbs and not late_answer,
        "may_contest": V.CONTEST in verbs and not late_answer,
        "may_appeal": V.APPEAL in verbs and not late_appeal,
        "files_form": MoreFilesForm() if finding.state in TAKES_FILES else None,
    }
