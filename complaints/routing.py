"""Which unit answers for a point and a category, and why. Reads districts, writes nothing."""

from dataclasses import dataclass

from catalogue.models import Category, Unit
from catalogue.snapshot import Snapshot, snapshot
from complaints.errors import OutsideJurisdictions, UnknownCategory
from complaints.models import RoutingDecision
from districts.selectors import AreaMatch, PlaceMatch, place_at, service_areas_at


@dataclass(frozen=True)
class Decision:
    """The answer to "why here?" before it is stored."""

    catalogue: Snapshot
    place: PlaceMatch
    category: Category
    unit: Unit
    area: AreaMatch | None
    runner_up: AreaMatch | None
    reason: RoutingDecision.Reason

    @property
    def triage(self) -> bool:
        return self.reason == RoutingDecision.Reason.TRIAGE


def decide(longitude: float, latitude: float, category_code: str, *, jurisdiction_id: int | None = None) -> Decision:
    """Route a WGS 84 point (degrees, longitude first) for a category code.

    Order (contract.md §5): areas of the category, then of the service, by priority, smaller area, code; then the service's
    default unit; then the triage unit. Two SQL statements. Raises OutsideJurisdictions or UnknownCategory.
    """
    place = place_at(longitude, latitude, jurisdiction_id=jurisdiction_id)
    if place is None:
        raise OutsideJurisdictions
    catalogue = snapshot(place.jurisdiction_id, place.catalogue_version)
    category = catalogue.categories.get(category_code)
    if category is None or not category.is_active or not category.service.is_active:
        raise UnknownCategory
    areas = service_areas_at(longitude, latitude, service_id=category.service_id, category_id=category.pk)
    return _decision(catalogue, place, category, areas)


def _decision(catalogue: Snapshot, place: PlaceMatch, category: Category, areas: list[AreaMatch]) -> Decision:
    reasons = RoutingDecision.Reason
    winner = areas[0] if areas else None
    runner_up = areas[1] if len(areas) > 1 else None
    if winner is not None:
        reason = reasons.CATEGORY_AREA if winner.for_category else reasons.SERVICE_AREA
        unit = catalogue.units[winner.unit_id]
    elif category.service.default_unit_id is not None:
        reason, unit = reasons.DEFAULT_UNIT, catalogue.units[category.service.default_unit_id]
    else:
        reason, unit = reasons.TRIAGE, catalogue.triage_unit
    return Decision(catalogue, place, category, unit, winner, runner_up, reason)
