"""What a citizen is told before she sends anything: who will answer, by when, why, and what is already known nearby."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.gis.geos import Point
from django.utils.translation import gettext as _

from catalogue.models import Category, Jurisdiction
from complaints.errors import OutsideJurisdictions
from complaints.expected import Expected, expected_from
from complaints.explain import explain
from complaints.models import Complaint
from complaints.places import district_anchor
from complaints.promises import Promises, with_promises
from complaints.routing import Decision, decide
from complaints.suggestions import Suggestion, suggest_to_public
from districts.gate import accept_point
from districts.models import District

_CODE = re.compile(r"[a-z0-9-]{1,60}")


@dataclass(frozen=True)
class Place:
    """Where it is: degrees WGS 84. `district_only`: the point only stands for the district that was chosen."""

    longitude: float
    latitude: float
    district: District | None = None

    @property
    def district_only(self) -> bool:
        return self.district is not None


@dataclass(frozen=True)
class Preview:
    """What she sees before sending: who will answer, by when, why, and what is already known nearby."""

    decision: Decision
    promises: Promises | None
    reason: str
    similar: list[Suggestion]
    district_only: bool
    expected: Expected | None


def given_place(city: Jurisdiction, query: Mapping[str, str]) -> Place | None:
    """The place in a query: coordinates, else a district, else None. Raises PointRefused or OutsideJurisdictions."""
    if query.get("longitude") and query.get("latitude"):
        return Place(*accept_point(query["longitude"], query["latitude"]))
    return district_place(city, query["district"]) if query.get("district") else None


def district_place(city: Jurisdiction, code: str) -> Place:
    """The point that stands for a whole district. Raises OutsideJurisdictions for a code that is none."""
    known = District.objects.active().defer("geometry").filter(jurisdiction=city)
    district = known.filter(code=code).first() if _CODE.fullmatch(code) else None
    if district is None:
        raise OutsideJurisdictions(_("This district is not known here."), field="district")
    anchor = district_anchor(district.pk)
    return Place(anchor.x, anchor.y, district)


def preview(city: Jurisdiction, place: Place, *, category: str, kind: str, now: datetime, text: str = "") -> Preview:
    """What would happen to a report of `category` there, told in `text`; stores nothing.

    Raises OutsideJurisdictions or UnknownCategory."""
    decision, promises = decide(place.longitude, place.latitude, category, at=now, jurisdiction_id=city.pk), None
    if kind in ("", Complaint.Kind.COMPLAINT):
        decision, promises = with_promises(decision, at=now)
    similar: list[Suggestion] = []
    if not place.district_only and decision.category.place_precision == Category.Publication.EXACT:
        point = Point(place.longitude, place.latitude, srid=4326)
        similar = suggest_to_public(point, decision.category, decision.catalogue, text=text, now=now)
    return Preview(
        decision=decision,
        promises=promises,
        reason=explain(decision),
        similar=similar,
        district_only=place.district_only,
        expected=_expected(decision, now) if promises is not None else None,
    )


def _expected(decision: Decision, now: datetime) -> Expected | None:
    """As she will read it on the complaint's page: of the district only where that will be public."""
    shown = decision.category.place_precision == Category.Publication.EXACT
    return expected_from(decision.category.pk, decision.place.district_code if shown else "", now)
