"""Long tables of the open data: ask for one, watch it being made, download it. Open to anybody, as the table itself is."""

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.quotas import Quota, spend
from analytics.exports import KEPT, TooManyExports, ask_for_export, query_of, rows_done
from analytics.models import Export
from analytics.tally.totals import matched
from catalogue.pages import city_page
from complaints.filter_grammar import jurisdiction_of, parse_filters
from complaints.filters import FilterError
from complaints.models import Complaint
from queueing.models import QueueState


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Put the table of the filter in the form in the queue and show its page."""
    city, now = jurisdiction_of(request), timezone.now()
    try:
        filters = parse_filters(QueryDict(request.POST.get("query", "")), now=now, jurisdiction=city)
    except FilterError as error:
        messages.error(request, f"{error.parameter}: {error.message}")
        return redirect("open_data")
    spend(request, Quota.EXPORT, now=now)
    query = query_of(filters)
    total = matched(filters, filters.apply(Complaint.objects.public()))
    try:
        row = ask_for_export(city, query=query, site=site_of(request), total=total, now=now)
    except TooManyExports:
        messages.warning(request, _("Other files have to be made first. Please try again in a few minutes."))
        return redirect(f"{reverse('open_data')}?{query}")
    return redirect("export", public_id=row.public_id)


@require_safe
def export(request: HttpRequest, public_id: str) -> HttpResponse:
    """How far a table is; the page asks again by itself until it is there."""
    row = get_object_or_404(Export.objects.select_related("jurisdiction"), public_id=public_id)
    waiting = row.queue_state == QueueState.DUE
    context = {
        "export": row,
        "waiting": waiting,
        "failed": row.queue_state == QueueState.FAILED,
        "done": rows_done(row),
        "kept_until": row.requested_at + KEPT,
        "data_url": f"{reverse('open_data')}?{row.query}",
    }
    response = city_page(request, row.jurisdiction, "analytics/export.html", context)
    if waiting:
        # Without a script too: the browser asks again.
        response["Refresh"] = "2"
    return response


@require_safe
def download(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The file itself."""
    row = get_object_or_404(Export.objects.select_related("jurisdiction"), public_id=public_id)
    path = Path(settings.MEDIA_ROOT) / row.path
    if not row.path or not path.is_file():
        raise Http404
    name = f"complaints-{row.jurisdiction.code}-{row.requested_at:%Y-%m-%d}.csv"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


def site_of(request: HttpRequest) -> str:
    """Scheme and host, as addresses in files begin."""
    return settings.PUBLIC_URL if settings.PUBLIC_URL_IS_GIVEN else f"{request.scheme}://{request.get_host()}"
