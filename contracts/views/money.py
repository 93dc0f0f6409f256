"""The treasury's money: statements, what each line means, the ledger, collection orders and payments."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from catalogue.translated import text_in
from complaints.errors import Refusal
from complaints.views.staff import city_of
from contracts.explain import contract_currency, currency_of, explain, short
from contracts.forms import CorrectionForm, PaymentForm
from contracts.models import CollectionOrder, Contract, LedgerEntry, Payment, Statement
from contracts.months import local_day, next_month, parse_month, previous_month
from contracts.permissions import CASHING, ISSUING, city_hats
from contracts.querysets import TREASURY_ROLES
from contracts.services.heads import heads
from contracts.services.payments import correct_payment, reconcile, record_payment
from contracts.services.statements import account, issue_statement
from contracts.statement_files import lines_of, payments_of
from contracts.verification import verify
from contracts.views.common import REFUSED, contract_of, refuse, treasury_page, user_of

PAGE_SIZE = 50


@treasury_page
@never_cache
@require_safe
def statement(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """A month's statement: as issued, or as it stands."""
    contract = contract_of(request, code)
    return _statement_page(request, contract, month_in(month))


@treasury_page
@never_cache
@require_POST
def issue(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """Issue a month's statement and lock it."""
    contract, wanted = contract_of(request, code), month_in(month)
    form = forms.Form(request.POST)
    form.is_valid()
    try:
        issue_statement(contract.pk, wanted, acting_user=user_of(request), now=timezone.now())
    except Refusal as refused:
        refuse(form, refused)
        return _statement_page(request, contract, wanted, refused=form)
    messages.success(request, _("The statement is issued and locked; its files are being made."))
    return redirect("treasury_statement", code, month)


def _statement_page(
    request: HttpRequest, contract: Contract, month: date, *, refused: forms.Form | None = None
) -> HttpResponse:
    user, now = user_of(request), timezone.now()
    today = local_day(now, contract.jurisdiction.time_zone)
    is_next = next_month(month) <= today and not contract.statements.filter(month__gt=month).exists()
    context = statement_facts(contract, month) | {
        "now": now,
        "refused": refused,
        "may_issue": is_next and bool(ISSUING & city_hats(user, contract.jurisdiction_id)),
        "is_over": next_month(month) <= today,
        "line_url": "treasury_line",
        "back_url": reverse("treasury_contract", args=[contract.code]),
    }
    status = REFUSED if refused else 200
    return city_page(request, contract.jurisdiction, "contracts/statement.html", context, status=status)


def statement_facts(contract: Contract, month: date) -> dict[str, Any]:
    """A month's account for a template: locked facts where it was issued, else what it would be now."""
    issued = Statement.objects.filter(contract=contract, month=month).select_related("issued_by").first()
    currency, language = contract_currency(contract), get_language() or "fr"
    sums: dict[str, int | None]
    if issued is not None:
        entries, payments = lines_of(issued), payments_of(issued)
        sums = {
            "opening": issued.opening_centimes, "total": issued.total_centimes, "paid": issued.paid_centimes,
            "closing": issued.closing_centimes, "turnover": issued.turnover_centimes, "cap": issued.cap_centimes,
        }  # fmt: skip
    else:
        due = account(contract, month)
        entries, payments = list(due.lines), list(due.payments)
        sums = {
            "opening": due.opening, "total": due.total, "paid": due.paid, "closing": due.closing,
            "turnover": due.turnover, "cap": due.cap,
        }  # fmt: skip
    return {
        "contract": contract,
        "contract_name": text_in(contract.name, language),
        "operator": text_in(contract.unit.name, language),
        "month": month,
        "previous": previous_month(month),
        "next": next_month(month),
        "currency": currency,
        "statement": issued,
        "order": getattr(issued, "order", None) if issued else None,
        "sums": sums,
        "lines": [{"entry": entry, "why": short(entry, currency)} for entry in entries],
        "payments": payments,
        "papers": list(issued.papers.order_by("format", "language")) if issued else [],
    }


# --- one line


@treasury_page
@never_cache
@require_safe
def line(request: HttpRequest, seq: int) -> HttpResponse:
    """How one entry came about."""
    city = city_of(request, TREASURY_ROLES)
    return line_page(request, city, seq, finding_url="treasury_finding", statement_url="treasury_statement")


def line_page(
    request: HttpRequest, city: Jurisdiction, seq: int, *, finding_url: str, statement_url: str
) -> HttpResponse:
    """The explanation of an entry of a contract that this person may see. Http404 for all others."""
    contracts = Contract.objects.visible_to(user_of(request)).filter(jurisdiction=city)
    entry = (
        LedgerEntry.objects.filter(jurisdiction=city, seq=seq, contract__in=contracts)
        .select_related(
            "contract__unit", "contract__jurisdiction", "finding__clause", "finding__version", "finding__complaint",
            "finding__jurisdiction", "decision__decided_by", "decision__signature__signed_by", "decision__finding__jurisdiction",
            "cause", "turnover", "line__statement", "order__statement", "payment__order__statement", "actor",
        )
        .prefetch_related("contract__versions", "finding__evidence")
        .first()
    )  # fmt: skip
    if entry is None:
        raise Http404
    context = {
        "now": timezone.now(),
        "entry": entry,
        "currency": currency_of(entry),
        "lines": explain(entry),
        "finding_url": reverse(finding_url, args=[entry.finding.number]) if entry.finding else "",
        "statement": entry.line.statement if hasattr(entry, "line") else None,
        "statement_url": statement_url,
        "evidence": list(entry.finding.evidence.all()) if entry.finding else [],
    }
    return city_page(request, city, "contracts/line.html", context)


# --- the ledger, its heads, orders and payments


@treasury_page
@never_cache
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """The chain, newest first, and whether it is whole."""
    city = city_of(request, TREASURY_ROLES)
    entries = (
        LedgerEntry.objects.filter(jurisdiction=city)
        .select_related("contract", "finding", "order", "payment", "actor")
        .order_by("-seq")
    )
    known = list(heads(city))
    context = {
        "now": timezone.now(),
        "page": Paginator(entries, PAGE_SIZE).get_page(request.GET.get("page")),
        "verified": verify(city, known) if request.GET.get("verify") else None,
        "heads": list(reversed(known))[:14],
        "heads_count": len(known),
    }
    return city_page(request, city, "contracts/ledger.html", context)


@treasury_page
@require_safe
def ledger_heads(request: HttpRequest) -> HttpResponse:
    """Every daily head as a line of text: to keep elsewhere, for `verify_ledger --heads`."""
    city = city_of(request, TREASURY_ROLES)
    content = "".join(f"{head.line()}\n" for head in heads(city))
    response = HttpResponse(content, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="ledger-heads-{city.code}.txt"'
    return response


@treasury_page
@never_cache
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """Every collection order beside what came in for it."""
    city, now = city_of(request, TREASURY_ROLES), timezone.now()
    rows = CollectionOrder.objects.filter(jurisdiction=city).select_related("statement__contract__unit")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "now": now,
        "page": page,
        "orders": reconcile(page.object_list, today=local_day(now, city.time_zone)),
    }
    return city_page(request, city, "contracts/orders.html", context)


@treasury_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, year: int, number: int) -> HttpResponse:
    """One order: what it is for, what came in, and a form for what comes in."""
    city, user, now = city_of(request, TREASURY_ROLES), user_of(request), timezone.now()
    found = get_object_or_404(
        CollectionOrder.objects.select_related("statement__contract__unit", "issued_by"),
        jurisdiction=city, year=year, number=number,
    )  # fmt: skip
    today = local_day(now, city.time_zone)
    state = reconcile([found], today=today)[0]
    form = PaymentForm(request.POST if request.method == "POST" else None, initial={"paid_on": today})
    if request.method == "POST" and form.is_valid():
        try:
            values = form.cleaned_data
            amount = values["amount"] if found.amount_centimes > 0 else -abs(values["amount"])
            record_payment(
                found.pk, amount, paid_on=values["paid_on"], reference=values["reference"], acting_user=user, now=now
            )
        except Refusal as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("The payment is recorded."))
            return redirect("treasury_order", year, number)
    payments = found.payments.select_related("recorded_by", "corrects").order_by("pk")
    context = {
        "now": now,
        "order": found,
        "state": state,
        "payments": list(payments),
        "corrected": set(payments.exclude(corrects=None).values_list("corrects", flat=True)),
        "form": form,
        "correction": CorrectionForm(auto_id="correction-%s"),
        "may_cash": bool(CASHING & city_hats(user, city.pk)),
        "currency": contract_currency(found.statement.contract),
    }
    status = REFUSED if form.is_bound and form.errors else 200
    return city_page(request, city, "contracts/order.html", context, status=status)


@treasury_page
@require_POST
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a payment that was recorded by mistake."""
    city, user = city_of(request, TREASURY_ROLES), user_of(request)
    payment = get_object_or_404(Payment.objects.select_related("order"), pk=pk, jurisdiction=city)
    form = CorrectionForm(request.POST)
    try:
        reference = form.cleaned_data["reference"] if form.is_valid() else ""
        correct_payment(payment.pk, reference=reference, acting_user=user, now=timezone.now())
        messages.success(request, _("The payment was taken back."))
    except Refusal as refused:
        messages.error(request, str(refused.message))
    return redirect("treasury_order", payment.order.year, payment.order.number)


def month_in(text: str) -> date:
    """The month that an address names. Http404 for what is none."""
    month = parse_month(text)
    if month is None or not 2000 <= month.year < 2200:
        raise Http404
    return month
