"""Who would answer here, and why: routing explained before anything is filed. Stores nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.quotas import Quota, spend_from_block
from api import documents
from api.base import PublicView, json_response
from api.problems import Fault, Refused
from api.route_documents import RouteDocument
from api.shapes import DEGREES
from catalogue.translated import Translated, text_in
from complaints.explain import explain
from complaints.promises import Promises, with_promises
from complaints.receipts import local_text
from complaints.routing import Decision
from complaints.vicinity import RADIUS_M, Change, decide_and_look_round, in_words
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
        responses={200: RouteDocument} | documents.problems(400, 429),
        tags=["complaints"],
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        spend_from_block(request, Quota.ROUTE, now=now)
        longitude, latitude, category = _asked(request.GET)
        decided, changes = decide_and_look_round(longitude, latitude, category, at=now)
        decision, promises = with_promises(decided, at=now)
        return json_response(_Words(get_language() or "fr", decision).answer(promises, changes))


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


@dataclass(frozen=True)
class _Words:
    """The answer about one decision, with names in one language."""

    language: str
    decision: Decision

    def answer(self, promises: Promises | None, changes: Sequence[Change]) -> dict[str, Any]:
        decision, place, catalogue = self.decision, self.decision.place, self.decision.catalogue
        return {
            "jurisdiction": self._named(catalogue.jurisdiction.code, catalogue.jurisdiction.name),
            "district": self._named(place.district_code, place.district_name),
            "service": self._named(decision.category.service.code, decision.category.service.name),
            "category": self._named(decision.category.code, decision.category.name),
            "service_area": self._area(decision.area),
            "unit": self._named(decision.unit.code, decision.unit.name),
            "triage": decision.triage,
            "runner_up": self._area(decision.runner_up),
            "reason": explain(decision),
            "reason_code": decision.reason.value,
            "rule": decision.rule or None,
            "by_fallback": decision.by_fallback,
            "passed_over": self._area(decision.passed_over),
            "outside_by_m": place.outside_by_m,
            "nearby": {
                "radius_m": RADIUS_M,
                "sentence": in_words(changes),
                "changes": [self._change(change) for change in changes],
            },
            "deadlines": {
                "answer": local_text(promises.answer.instant, decision) if promises else None,
                "resolution": local_text(promises.resolution.instant, decision) if promises else None,
            },
        }

    def _named(self, code: str, name: Translated) -> dict[str, str]:
        return {"code": code, "name": text_in(name, self.language)}

    def _area(self, area: AreaMatch | None) -> dict[str, Any] | None:
        if area is None:
            return None
        unit = self.decision.catalogue.units[area.unit_id]
        return {
            "code": area.code,
            "name": text_in(area.name, self.language),
            "priority": area.priority,
            "edition": area.edition_number,
            "schedule": self._schedule(area),
            "unit": self._named(unit.code, unit.name),
        }

    def _schedule(self, area: AreaMatch) -> dict[str, str] | None:
        schedule = self.decision.catalogue.schedules.get(area.schedule_id) if area.schedule_id else None
        return self._named(schedule.code, schedule.name) if schedule else None

    def _change(self, change: Change) -> dict[str, Any]:
        unit, area, district = change.unit, change.area, change.district
        return {
            "distance_m": change.distance_m,
            "direction": change.direction,
            "unit": self._named(unit.code, unit.name) if unit else None,
            "service_area": self._named(area.code, area.name) if area else None,
            "district": self._named(district.code, district.name) if district else None,
        }
