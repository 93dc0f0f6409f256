"""GET /api/v1/heat.json: a measure over the city in square cells; the figures are analytics/heat.py's."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema

from analytics import heat
from api import documents
from api.base import PublicView, json_response
from api.maps import zoom_of
from api.problems import Refused
from complaints.filters import parse_filters


class Heat(PublicView):
    """A measure over the city in squares."""

    @extend_schema(
        operation_id="get_heat",
        summary="A measure in squares",
        description=str(heat.__doc__),
        parameters=[
            OpenApiParameter("measure", enum=list(heat.Measure.values), default="count"),
            documents.zoom("Zoom of the map; squares are three zooms finer."),
            *documents.FILTERS,
        ],
        responses={200: documents.HeatDocument} | documents.problems(400),
        tags=["maps"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        measure = request.GET.get("measure", "").strip() or "count"
        if measure not in heat.Measure.values:
            raise Refused.parameter("measure", _("There is no such value here."))
        zoom, now = zoom_of(request.GET.get("zoom", "")), timezone.now()
        answer = heat.heat(parse_filters(request.GET, now=now), heat.Measure(measure), zoom, now=now)
        return json_response(answer.as_json())
