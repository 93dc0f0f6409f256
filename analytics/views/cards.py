"""Public scorecards of services and operators: a page, its tables as files, and the script that makes them again."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics.cards import DEFINITIONS, VERSIONS, csv_rows, operator_cards, service_cards
from analytics.periods import QUICK_DAYS, Period, latest, period_between, refuse_no_period
from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from complaints.filter_grammar import jurisdiction_of, parse_filters
from complaints.filters import FilterError
from contracts.models import Contract, ContractVersion
from documents.csvs import make_csv

SCRIPT = "recompute_scorecards.py"
_TABLES = {"services": service_cards, "operators": operator_cards}


@require_safe
def scorecards(request: HttpRequest) -> HttpResponse:
    """The page. A period that cannot be read is named, and the usual one shown."""
    city, now, fault = jurisdiction_of(request), timezone.now(), ""
    try:
        period = _period(request.GET, city)
    except FilterError as error:
        fault = f"{error.parameter}: {error.message}"
        period = _period(QueryDict(), city)
    language = get_language() or "fr"
    query = urlencode({"jurisdiction": city.code, "from": period.first.isoformat(), "to": period.end.isoformat()})
    context = {
        "now": now,
        "fault": fault,
        "period": period,
        "quick_periods": _quick_periods(city, period),
        "tables": [
            _table("services", _("Services"), city, period, language),
            _table("operators", _("Delegated operators"), city, period, language),
        ],
        # Where no operator has a contract, nothing is alleged and nothing charged.
        "has_contracts": Contract.objects.filter(jurisdiction=city).exists(),
        "currency": _currency(city),
        "definitions": DEFINITIONS,
        "versions": VERSIONS,
        "query": query,
        "files": [(name, f"/api/v1/{name}?{query}") for name in ("complaints.csv", "findings.csv", "ledger.csv")],
        "command": f"python3 {SCRIPT} {settings.PUBLIC_URL} --jurisdiction {city.code}"
        f" --from {period.first.isoformat()} --to {period.end.isoformat()}",
    }
    return city_page(request, city, "analytics/scorecards.html", context, status=400 if fault else 200)


@require_safe
def scorecard_table(request: HttpRequest, code: str) -> HttpResponse:
    """One table as CSV, for the same period."""
    city = jurisdiction_of(request)
    if code not in _TABLES:
        raise Http404
    try:
        period = _period(request.GET, city)
    except FilterError as error:
        return HttpResponse(f"{error.parameter}: {error.message}", status=400, content_type="text/plain; charset=utf-8")
    cards = _TABLES[code](city, period, language=get_language() or "fr", now=timezone.now())
    response = HttpResponse(make_csv(csv_rows(cards), mark=False), content_type="text/csv; charset=utf-8")
    name = f"{city.code}-{code}-{period.first}-{period.last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
def recomputation(request: HttpRequest) -> HttpResponse:
    """The script that makes the figures again from the open data."""
    text = (settings.BASE_DIR / "docs" / SCRIPT).read_bytes()
    response = HttpResponse(text, content_type="text/x-python; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{SCRIPT}"'
    return response


def _period(query: QueryDict, city: Jurisdiction) -> Period:
    """The days asked for; without a beginning a year, without an end up to today. Raises FilterError."""
    now = timezone.now()
    only = QueryDict(mutable=True)
    only.update({name: query.get(name, "") for name in ("from", "to") if query.get(name, "").strip()})
    filters = parse_filters(only, now=now, jurisdiction=city)
    if filters.since is None and filters.until is None:
        return latest(QUICK_DAYS[-1], city, now)
    refuse_no_period(filters)
    return period_between(filters.since, filters.until, city, now, days=QUICK_DAYS[-1])


def _quick_periods(city: Jurisdiction, shown: Period) -> list[dict[str, Any]]:
    periods = [latest(days, city, timezone.now()) for days in QUICK_DAYS]
    return [
        {
            "days": period.days,
            "url": f"?{urlencode({'jurisdiction': city.code, 'from': period.first, 'to': period.end})}",
            "current": period == shown,
        }
        for period in periods
    ]


def _table(code: str, title: str, city: Jurisdiction, period: Period, language: str) -> dict[str, Any]:
    cards = _TABLES[code](city, period, language=language, now=timezone.now())
    return {
        "code": code,
        "title": title,
        "cards": cards,
        "is_services": code == "services",
        "url": reverse("scorecard_table", args=[code]),
    }


def _currency(city: Jurisdiction) -> str:
    newest = ContractVersion.objects.filter(contract__jurisdiction=city).order_by("-valid_from", "-pk").first()
    return newest.currency if newest else "MAD"
