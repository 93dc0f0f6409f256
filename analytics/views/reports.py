"""Files of the office: ask for one, watch it being made, download it; have the brief each Monday."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.quotas import Quota, spend
from analytics.measures import measure_asked
from analytics.models import Report
from analytics.office import Office
from analytics.reports import ENDINGS, KEPT, STEPS, TooManyWaiting, ask_for_report
from analytics.scope import OFFICE_ROLES, office_filters
from analytics.views.office import office_page
from analytics.weekly import end, subscribe, subscription_by_token
from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from complaints.filter_grammar import jurisdiction_of
from complaints.filters import FilterError
from complaints.services.quarantine import media_path
from complaints.views.staff import city_of, staff_user
from queueing.models import QueueState


@office_page
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Put a report of the filter in the form in the queue and show its page."""
    user, city, now = staff_user(request), city_of(request, OFFICE_ROLES), timezone.now()
    query = QueryDict(request.POST.get("query", ""))
    kind = Report.Kind.BRIEF if request.POST.get("kind") == Report.Kind.BRIEF else Report.Kind.MAP
    try:
        filters = office_filters(query, user, city, now)
        row = ask_for_report(
            user,
            city,
            query=filters.query_string(),
            measure=measure_asked(request.POST, Office(user, filters, now).measures),
            language=get_language() or "fr",
            now=now,
            kind=kind,
        )
    except FilterError as error:
        messages.error(request, f"{error.parameter}: {error.message}")
        return redirect(_office_of(city))
    except TooManyWaiting:
        messages.warning(request, _("Your earlier reports are still being made."))
        return redirect(f"{_office_of(city)}&{filters.query_string(jurisdiction=None)}")
    return redirect("office_report", public_id=row.public_id)


@office_page
@require_safe
def report(request: HttpRequest, public_id: str) -> HttpResponse:
    """How far a report is; the page asks again by itself until it is there."""
    row = _own(staff_user(request), public_id)
    waiting = row.queue_state == QueueState.DUE
    context = {
        "report": row,
        "waiting": waiting,
        "failed": row.queue_state == QueueState.FAILED,
        "steps": STEPS[Report.Kind(row.kind)],
        "kept_until": row.requested_at + KEPT[Report.Kind(row.kind)],
        "office_url": f"{reverse('office')}?{row.query}",
    }
    response = city_page(request, row.jurisdiction, "analytics/report.html", context)
    if waiting:
        # Without a script too: the browser asks again.
        response["Refresh"] = "2"
    return response


@office_page
@require_safe
def download(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The file itself: always saved, never shown on our own address."""
    row = _own(staff_user(request), public_id)
    path = media_path(row.path)
    if not row.path or not path.is_file():
        raise Http404
    name = f"{row.jurisdiction.code}-{row.requested_at.date().isoformat()}.{ENDINGS[Report.Kind(row.kind)]}"
    response = FileResponse(path.open("rb"), as_attachment=True, filename=name)
    response["Cache-Control"] = "private, no-store"
    return response


@office_page
@require_POST
def weekly(request: HttpRequest) -> HttpResponse:
    """Have the brief each Monday, or no more."""
    user, city = staff_user(request), city_of(request, OFFICE_ROLES)
    if request.POST.get("wanted") != "yes":
        end(user, city)
        messages.success(request, _("This is over. Nothing more is sent."))
    elif not user.email:
        messages.error(request, _("Your account has no e-mail address. An administrator can add it."))
    else:
        subscribe(user, city, language=get_language() or "fr", now=timezone.now())
        messages.success(request, _("You get the brief each Monday, by e-mail."))
    return redirect(_office_of(city))


@csrf_exempt
@never_cache
def weekly_end(request: HttpRequest, token: str) -> HttpResponse:
    """The end by one POST, which mail programs send by themselves (RFC 8058); a person gets a button. No sign-in."""
    spend(request, Quota.REPORTER_ACTION if request.method == "POST" else Quota.SECRET_PAGE, now=timezone.now())
    found = subscription_by_token(token)
    city = found.jurisdiction if found else jurisdiction_of(request)
    if found is not None and request.method == "POST":
        end(found.user, city)
    ended = found is None or request.method == "POST"
    response = city_page(request, city, "analytics/weekly_end.html", {"ended": ended}, status=200 if found else 404)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def _office_of(city: Jurisdiction) -> str:
    """The page of this city, for who works in several."""
    return f"{reverse('office')}?jurisdiction={city.code}"


def _own(user: User, public_id: str) -> Report:
    return get_object_or_404(Report.objects.select_related("jurisdiction"), public_id=public_id, requested_by=user)
