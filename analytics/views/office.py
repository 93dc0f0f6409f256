"""The mayor's office: what got worse, where, who is late; every figure leads to its list."""

import csv
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import wraps
from itertools import pairwise
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import load_memberships
from accounts.models import User
from analytics import recurrence
from analytics.backlog import TARGET_DAYS, backlog_rows
from analytics.comparisons import comparisons
from analytics.equity import equity_rows
from analytics.hotspots.searching import ask_for_search
from analytics.hotspots.shown import HotSpots, hot_spot_rows
from analytics.legends import legend
from analytics.measures import UNITS, Measure, measure_asked, unit_by_district, usual_measure
from analytics.monthly import MONTHS, Monthly
from analytics.months import Months
from analytics.office import Office
from analytics.periods import QUICK_DAYS, Period, latest, months_until
from analytics.readiness import FEWEST, WINDOW_DAYS, readiness_rows
from analytics.reports import recent_reports
from analytics.scope import OFFICE_ROLES, office_filters
from analytics.scorecards import csv_rows
from analytics.squares import Squares, square_rows
from analytics.weekly import subscription_of
from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from catalogue.translated import colon
from complaints.filters import FilterError, Filters
from complaints.views.map_settings import NUMBER, TILES, map_settings
from complaints.views.staff import city_of

_KEPT = ("service", "category", "district", "unit", "state", "late", "from", "to", "measure")

View = Callable[..., HttpResponseBase]


def office_page(view: View) -> View:
    """Signed in, with a role of the office; to others the page does not exist."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        assert isinstance(request.user, User)
        if not any(membership.role in OFFICE_ROLES for membership in load_memberships(request.user)):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@office_page
@require_safe
def office(request: HttpRequest) -> HttpResponse:
    """The page. What of its address cannot be read is named and left out."""
    user, city, now = _user(request), city_of(request, OFFICE_ROLES), timezone.now()
    faults: list[FilterError] = []
    try:
        filters = office_filters(request.GET, user, city, now)
    except FilterError as error:
        faults.append(error)
        filters = office_filters(QueryDict(), user, city, now)
    shown = Office(user, filters, now)
    try:
        measure = measure_asked(request.GET, shown.measures)
    except FilterError as error:
        faults.append(error)
        measure = usual_measure(shown.measures)
    drawing, hot_spots = shown.map_of_districts(measure), HotSpots(filters, shown.language)
    monthly = Monthly(shown)
    months, by_squares = monthly.months(measure), request.GET.get("by") == "squares"
    faults += _not_here(request.GET, months)
    compared = _compared(shown, months, request.GET, by_squares=by_squares)
    context = {
        "now": now,
        "fault": " ".join(_left_out(fault) for fault in faults),
        "office": shown,
        "filters": filters,
        "period": shown.period,
        "target_days": TARGET_DAYS,
        "measure": measure,
        "measures": shown.measures,
        "map_of_districts": drawing,
        "corrected": shown.corrected(),
        "window_days": WINDOW_DAYS,
        "fewest_duplicates": FEWEST,
        "hot_spots": hot_spots,
        "drawn_spots": hot_spots.on(drawing),
        "legend": legend(shown.district_limits(measure), measure),
        "unit_of_measure": unit_by_district(measure),
        "measure_source": shown.source_of(measure),
        "squares": Squares(shown, measure),
        "recurrence": recurrence,
        "comparisons": comparisons(shown),
        "trends": monthly.trends(),
        "months": months,
        "by_squares": by_squares,
        "compared": compared,
        "months_legend": legend(compared[0]["squares"].limits if by_squares else months.limits, measure),
        "months_unit": UNITS[measure] if by_squares else unit_by_district(measure),
        "months_json": months.as_json() | {"squares": _address_of_squares(filters, measure) if by_squares else ""},
        # What the form of the months must not lose.
        "kept": [(name, value) for name in _KEPT for value in request.GET.getlist(name) if value],
        "quick_periods": _quick_periods(filters, city, now, measure),
        "query": filters.query_string(),
        "heat": _heat_settings(filters, measure, shown, hot_spots),
        "reports": recent_reports(user, city),
        "weekly": subscription_of(user, city),
    }
    return city_page(request, city, "analytics/office.html", context, status=400 if faults else 200)


@office_page
@require_safe
def table(request: HttpRequest, code: str) -> HttpResponse:
    """One of the page's tables as CSV, under the same filter."""
    user, city, now = _user(request), city_of(request, OFFICE_ROLES), timezone.now()
    try:
        shown = Office(user, office_filters(request.GET, user, city, now), now)
        rows = _file_rows(shown, code)
    except FilterError as error:
        return HttpResponse(f"{error.parameter}: {error.message}", status=400, content_type="text/plain; charset=utf-8")
    except KeyError:
        raise Http404 from None
    name = f"{city.code}-{code}-{shown.period.first}-{shown.period.last}.csv"
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    # Spreadsheets take the file for Latin letters without the mark.
    response.write("\ufeff")
    csv.writer(response).writerows(rows)
    return response


@office_page
@require_safe
def month_squares(request: HttpRequest) -> HttpResponse:
    """One month's squares under the page's filter, drawn and as rows of a table; the last month unless another is asked for."""
    user, city, now = _user(request), city_of(request, OFFICE_ROLES), timezone.now()
    try:
        shown = Office(user, office_filters(request.GET, user, city, now), now)
        measure = measure_asked(request.GET, shown.measures)
    except FilterError as error:
        return JsonResponse({"detail": f"{error.parameter}: {error.message}"}, status=400)
    squares = Squares(shown, measure, _month_asked(request.GET.get("month", ""), shown.period))
    told = {
        "n": squares.heat.n,
        "drawn": render_to_string("analytics/_month_squares.html", {"squares": squares}),
        "rows": render_to_string("analytics/_month_square_rows.html", {"squares": squares}),
    }
    return JsonResponse(told)


def _month_asked(text: str, period: Period) -> Period:
    """Such as 2026-10, at most a year and a month before the period's last."""
    known = months_until(period.last, MONTHS)
    for first, end in pairwise(known):
        if f"{first:%Y-%m}" == text or (not text and end == known[-1]):
            return Period(first, end - timedelta(days=1), period.zone)
    raise Http404


@office_page
@require_POST
def look_for_hot_spots(request: HttpRequest) -> HttpResponse:
    """Ask for a search of the filter's service and months; a task does it."""
    user, city, now = _user(request), city_of(request, OFFICE_ROLES), timezone.now()
    query = QueryDict(request.POST.get("query", ""))
    try:
        filters = office_filters(query, user, city, now)
    except FilterError as error:
        return HttpResponse(f"{error.parameter}: {error.message}", status=400, content_type="text/plain; charset=utf-8")
    asked = HotSpots(filters, "")
    ask_for_search(city, asked.service, asked.last_month, now=now)
    return redirect(f"{reverse('office')}?{query.urlencode()}#hot-spots-title")


def _file_rows(shown: Office, code: str) -> Iterable[list[str]]:
    """KeyError for a table that is none."""
    if code == "backlog":
        return backlog_rows(shown.backlog())
    if code == "hot-spots":
        return hot_spot_rows(HotSpots(shown.filters, shown.language))
    if code == "readiness":
        return readiness_rows(shown.readiness)
    if code == "equity":
        return equity_rows(shown.equity)
    if code == "squares":
        return square_rows(shown)
    return csv_rows(shown.scorecard(code))


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _left_out(fault: FilterError) -> str:
    return _("%(parameter)s: %(message)s The filter was left out.") % {
        "parameter": fault.parameter,
        "message": fault.message,
    }


def _not_here(query: QueryDict, months: Months) -> list[FilterError]:
    """What the address says of the months compared that the page does not have."""
    known = {"", *(month.key for month in months.every)}
    choices = {"month": known, "against": known, "by": {"", "districts", "squares"}}
    return [FilterError(name) for name, values in choices.items() if query.get(name, "") not in values]


def _compared(shown: Office, months: Months, query: QueryDict, *, by_squares: bool) -> list[dict[str, Any]]:
    """Two months with their maps: those asked for, else the last that is over and the one before it."""
    latest = -2 if months.every[-1].partial else -1
    found = []
    for letter, name, otherwise in (("A", "against", latest - 1), ("B", "month", latest)):
        month = months.named(query.get(name, ""), otherwise)
        side = {"letter": letter, "name": name, "month": month, "map": months.drawn(month), "rows": months.rows(month)}
        squares = Squares(shown, months.measure, Period(month.first, month.last, shown.period.zone))
        found.append(side | {"squares": squares, "n": squares.heat.n if by_squares else month.n})
    return found


def _address_of_squares(filters: Filters, measure: Measure) -> str:
    """Of one month's squares, for the page's script; MONTH stands for the month."""
    asked = filters.query_string(jurisdiction=filters.jurisdiction.code, measure=measure.value)
    return f"{reverse('office_month_squares')}?{asked}&month=MONTH"


def _quick_periods(filters: Filters, city: Jurisdiction, now: datetime, measure: Measure) -> list[dict[str, Any]]:
    links = []
    for days in QUICK_DAYS:
        period = latest(days, city, now)
        span = {"from": period.first.isoformat(), "to": period.end.isoformat()}
        links.append(
            {
                "days": days,
                "url": f"?{filters.query_string(**span)}&measure={measure.value}",
                "current": filters.since == period.since and filters.until == period.until,
            }
        )
    return links


def _complaints_settings(filters: Filters) -> dict[str, Any]:
    """The complaints themselves on the same map: those of the public's tiles, under the page's filter."""
    drawn = map_settings(filters.catalogue, tiles=TILES, complaint=reverse("desk_complaint", args=[NUMBER]))
    return drawn | {"query": filters.query_string(jurisdiction=filters.jurisdiction.code, bbox=None)}


def _heat_settings(filters: Filters, measure: Measure, shown: Office, hot_spots: HotSpots) -> dict[str, Any]:
    """What the page's script needs to draw the heat: addresses and words."""
    span = {"from": shown.period.first.isoformat(), "to": shown.period.end.isoformat()}
    asked = filters.query_string(jurisdiction=filters.jurisdiction.code, measure=measure.value, **span)
    return {
        "complaints": _complaints_settings(filters),
        "url": f"/api/v1/heat.json?{asked}",
        "list": shown.link(state=["open", "closed"]),
        "hotSpots": hot_spots.for_map(),
        "percent": measure.is_share,
        "words": {
            "title": str(measure.label),
            "tooFew": _("too few to say"),
            "fewer": _("less than {to}"),
            "range": _("{from} to less than {to}"),
            "more": _("{from} and more"),
            "facts": _("n = {n}, {from} – {to}"),
            "unplaced": _("{n} more are known by their district only and stand in no square."),
            "cell": _("{value} ({n} complaints in this square)"),
            "unknown": _("Too few complaints in this square to say anything."),
            "open": _("Show the list"),
            "source": f"{_('Source')}{colon()}{shown.source_of(measure)}",
            "hotSpots": _("Outlined and numbered: the hot spots of the list below."),
            "failed": _("The squares could not be loaded. The tables below say the same."),
        },
    }
