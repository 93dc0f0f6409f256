"""GET /api/v1/heat.json: a measure over the city in square cells; the figures are analytics/heat.py's."""

import hashlib

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema

from analytics import heat
from analytics.layers.amounts import layers_of
from analytics.measures import Measure, measures_of
from analytics.tally.versions import version_of
from api import documents
from api.base import JSON, PublicView, cached, count_look, tag_at_hand
from api.maps import zoom_of
from api.problems import Refused
from complaints.filter_grammar import parse_filters
from complaints.filters import Filters

SECONDS = 5


class Heat(PublicView):
    """A measure over the city in squares."""

    @extend_schema(
        operation_id="get_heat",
        summary="A measure in squares",
        description=str(heat.__doc__),
        parameters=[
            OpenApiParameter("measure", enum=list(Measure.values), default="count"),
            documents.zoom("Zoom of the map; squares are three zooms finer."),
            *documents.FILTERS,
        ],
        responses={200: documents.HeatDocument, 304: None} | documents.problems(400, 429),
        tags=["maps"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        now = timezone.now()
        count_look(request, now=now)
        measure = request.GET.get("measure", "").strip() or "count"
        if measure not in Measure.values:
            raise Refused.parameter("measure", _("There is no such value here."))
        zoom = zoom_of(request.GET.get("zoom", ""))
        filters = parse_filters(request.GET, now=now)
        if Measure(measure).layer is not None and measure not in measures_of(layers_of(filters.jurisdiction)):
            raise Refused.parameter("measure", _("This city has not loaded what complaints would be measured by."))
        if known := _known(request, filters):
            return cached(request, HttpResponse(content_type=JSON), etag=known, seconds=SECONDS)
        told = heat.heat(filters, Measure(measure), zoom, now=now)
        answer = orjson.dumps(told.as_json())
        etag = f"{_prefix(filters, told.version)}{hashlib.sha256(answer).hexdigest()[:32]}"
        return cached(request, HttpResponse(answer, content_type=JSON), etag=etag, seconds=SECONDS)


def _known(request: HttpRequest, filters: Filters) -> str:
    """The tag of the caller's copy if it still says what is so; then nothing is counted."""
    if "If-None-Match" not in request.headers or filters.q:
        return ""
    version = version_of(filters.jurisdiction.pk, now=filters.now)
    return tag_at_hand(request, _prefix(filters, version.number)) if version.settled else ""


def _prefix(filters: Filters, version: int) -> str:
    """Words of the answer are in a language; residents and k come with the city's data."""
    return f"{version}-{filters.jurisdiction.catalogue_version}-{get_language()}-"
