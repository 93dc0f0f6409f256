"""Who would answer here, and why: routing explained before anything is filed. Stores nothing."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.quotas import Quota, spend
from api import documents
from api.base import PublicView, json_response
from api.problems import Fault, Refused
from api.shapes import DEGREES
from catalogue.translated import Translated, text_in
from complaints.explain import explain
from complaints.promises import with_promises
from complaints.receipts import local_text
from complaints.routing import Decision, decide
from districts.gate import PointRefused, accept_point
from districts.selectors import AreaMatch


class RouteExplanation(PublicView):
    """Which unit answers at a place."""

    @extend_schema(
        operation_id="explain_route",
        summary="Who answers here, why, and by when",
        description="`lon` and `lat` may be written for `longitude` and `latitude`. Nothing is stored.",
        parameters=[
            OpenApiParameter("longitude", OpenApiTypes.DOUBLE, required=True, description="Degrees, WGS 84."),
            OpenApiParameter("latitude", OpenApiTypes.DOUBLE, required=True, description="Degrees, WGS 84."),
            OpenApiParameter("category", required=True, description="A category's code."),
        ],
        responses={200: documents.RouteDocument} | documents.problems(400, 429),
        tags=["complaints"],
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        spend(request, Quota.ROUTE, now=now)
        longitude, latitude, category = _asked(request.GET)
        decision, promises = with_promises(decide(longitude, latitude, category, at=now), at=now)
        place = decision.place
        return json_response(
            {
                "jurisdiction": _named(decision.catalogue.jurisdiction.code, decision.catalogue.jurisdiction.name),
                "district": _named(place.district_code, place.district_name),
                "service": _named(decision.category.service.code, decision.category.service.name),
                "category": _named(decision.category.code, decision.category.name),
                "service_area": _area(decision, decision.area),
                "unit": _named(decision.unit.code, decision.unit.name),
                "triage": decision.triage,
                "runner_up": _area(decision, decision.runner_up),
                "reason": explain(decision),
                "reason_code": decision.reason.value,
                "outside_by_m": place.outside_by_m,
                "deadlines": {
                    "answer": local_text(promises.answer.instant, decision) if promises else None,
                    "resolution": local_text(promises.resolution.instant, decision) if promises else None,
                },
            }
        )


def _asked(query: QueryDict) -> tuple[float, float, str]:
    faults: list[Fault] = []
    values: list[str] = []
    for name, short in (("longitude", "lon"), ("latitude", "lat"), ("category", "category")):
        value = query.get(name, query.get(short, "")).strip()
        if not value:
            faults.append(Fault(name, "required", _("This is needed.")))
        elif name != "category" and not DEGREES.fullmatch(value):
            faults.append(Fault(name, "invalid", _("Give a number of degrees.")))
        values.append(value)
    if faults:
        raise Refused.invalid(*faults)
    try:
        return (*accept_point(values[0], values[1]), values[2])
    except PointRefused as refused:
        raise Refused.parameter(refused.field, refused.message) from None


def _named(code: str, name: Translated) -> dict[str, str]:
    return {"code": code, "name": text_in(name, get_language() or "fr")}


def _area(decision: Decision, area: AreaMatch | None) -> dict[str, Any] | None:
    if area is None:
        return None
    unit = decision.catalogue.units[area.unit_id]
    return _named(area.code, area.name) | {
        "priority": area.priority,
        "edition": area.edition_number,
        "unit": _named(unit.code, unit.name),
    }
