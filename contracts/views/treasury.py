"""The treasury's pages: what waits, each contract by month, statements, orders and payments, the ledger itself."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from catalogue.pages import city_page
from catalogue.translated import text_in
from complaints.errors import Refusal
from complaints.views.staff import city_of
from contracts.cases import balance_of, by_month, candidates, cases_of, waiting_for_the_city
from contracts.chart import columns
from contracts.explain import contract_currency, per_words
from contracts.forms import IndexForm, TurnoverForm
from contracts.models import CollectionOrder, Contract, Finding
from contracts.months import local_day, month_of, previous_month
from contracts.permissions import ENTERING, ISSUING, city_hats
from contracts.querysets import TREASURY_ROLES
from contracts.services.figures import enter_index, enter_turnover
from contracts.services.ledger import turnover_of
from contracts.services.payments import reconcile
from contracts.services.statements import open_months
from contracts.views.common import REFUSED, contract_of, refuse, treasury_page, user_of
from contracts.views.findings import LOOK_BACK

MONTHS = 12
PAGE_SIZE = 50


@treasury_page
@never_cache
@require_safe
def treasury(request: HttpRequest) -> HttpResponse:
    """What waits for somebody, and each contract's money."""
    city, user, now = city_of(request, TREASURY_ROLES), user_of(request), timezone.now()
    today = local_day(now, city.time_zone)
    contracts = list(
        Contract.objects.visible_to(user).filter(jurisdiction=city).select_related("unit").prefetch_related("versions")
    )
    orders = CollectionOrder.objects.filter(jurisdiction=city).select_related("statement__contract__unit")
    reconciled = reconcile(orders, today=today)
    context = {
        "now": now,
        "waiting": waiting_for_the_city(Finding.objects.visible_to(user).filter(jurisdiction=city)),
        "contracts": [_contract_row(contract, today, now) for contract in contracts],
        "overdue": [row for row in reconciled if row.is_overdue],
        "to_collect": sum(row.left for row in reconciled if row.left > 0),
        "to_issue": [(contract, month) for contract in contracts for month in open_months(contract, today=today)],
        "may_issue": bool(ISSUING & city_hats(user, city.pk)),
    }
    return city_page(request, city, "contracts/treasury.html", context)


def _contract_row(contract: Contract, today: date, now: Any) -> dict[str, Any]:
    return {
        "contract": contract,
        "currency": contract_currency(contract),
        "running": contract.findings.running().count(),
        "candidates": candidates(contract, since=now - LOOK_BACK).count(),
        "balance": balance_of(contract),
        "turnover_missing": _turnover_missing(contract, today),
        "is_over": contract.ends_on < today,
    }


def _turnover_missing(contract: Contract, today: date) -> bool:
    """Last month's turnover is to be entered: its cap hangs on it."""
    versions = list(contract.versions.all())
    capped = any(version.cap_percent is not None for version in versions)
    month = previous_month(month_of(today))
    return capped and contract.starts_on < month and turnover_of(contract, month) is None


@treasury_page
@never_cache
@require_safe
def contract_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One contract: what it asks for, and by month its cases, findings and money."""
    return _contract_page(request, contract_of(request, code))


@treasury_page
@never_cache
@require_POST
def contract_figures(request: HttpRequest, code: str) -> HttpResponse:
    """Enter a month's turnover, or the index of a month."""
    contract, user, now = contract_of(request, code), user_of(request), timezone.now()
    is_index = "value" in request.POST
    form: forms.Form = (
        IndexForm(request.POST, auto_id="index-%s") if is_index else TurnoverForm(request.POST, auto_id="turnover-%s")
    )
    if form.is_valid():
        try:
            month = form.cleaned_data["month"]
            if is_index:
                enter_index(contract.pk, month, form.cleaned_data["value"], acting_user=user, now=now)
            else:
                enter_turnover(contract.pk, month, form.cleaned_data["amount"], acting_user=user, now=now)
        except Refusal as refused:
            refuse(form, refused)
        else:
            messages.success(request, _("Entered. The operator sees it, too."))
            return redirect("treasury_contract", code)
    return _contract_page(request, contract, tried=form, status=REFUSED)


def _contract_page(
    request: HttpRequest, contract: Contract, *, tried: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    user, now, language = user_of(request), timezone.now(), get_language() or "fr"
    context = contract_facts(contract, now) | {
        "may_enter": bool(ENTERING & city_hats(user, contract.jurisdiction_id)),
        "turnover_form": tried if isinstance(tried, TurnoverForm) else TurnoverForm(auto_id="turnover-%s"),
        "index_form": tried if isinstance(tried, IndexForm) else IndexForm(auto_id="index-%s"),
        "refused": tried,
        "unit": text_in(contract.unit.name, language),
    }
    return city_page(request, contract.jurisdiction, "contracts/contract.html", context, status=status)


def contract_facts(contract: Contract, now: Any) -> dict[str, Any]:
    """What the pages of a contract show on either side."""
    today = local_day(now, contract.jurisdiction.time_zone)
    this_month = month_of(today)
    months = by_month(contract, until=this_month, months=MONTHS, now=now)
    mirrored = get_language() == "ar"
    oldest_first = list(reversed(months))
    versions = sorted(contract.versions.all(), key=lambda row: (row.valid_from, row.number), reverse=True)
    currency = contract_currency(contract)
    return {
        "now": now,
        "contract": contract,
        "currency": currency,
        "months": months,
        "money_chart": columns(
            [row.net for row in oldest_first], [row.month for row in oldest_first], mirrored=mirrored
        ),
        "cases_chart": columns(
            [row.cases for row in oldest_first], [row.month for row in oldest_first], mirrored=mirrored
        ),
        "versions": [
            {
                "version": version,
                "clauses": [
                    {"clause": clause, "rate": per_words(clause, version.currency)} for clause in version.clauses.all()
                ],
            }
            for version in versions
        ],
        "services": contract.services.all(),
        "open_cases": cases_of(contract).open().count(),
        "balance": balance_of(contract),
        "turnovers": list(contract.turnovers.order_by("-month", "-pk").select_related("entered_by")[:12]),
        "is_indexed": any(version.index_base is not None for version in versions),
        "indexes": list(contract.index_values.order_by("-month", "-pk")[:12]),
        "open_months": open_months(contract, today=today),
    }
