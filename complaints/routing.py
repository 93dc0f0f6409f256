"""Which unit answers for a point and a category at an hour, and why. Reads districts, writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from catalogue.models import Category, Unit
from catalogue.snapshot import Snapshot, snapshot
from complaints.errors import OutsideJurisdictions, UnknownCategory
from complaints.models import RoutingAlert, RoutingDecision
from districts.selectors import AreaMatch, PlaceMatch, place_and_areas_at

Reason, Rule, Alert = RoutingDecision.Reason, RoutingDecision.Rule, RoutingAlert.Kind


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
    # Why the area came before the runner-up; "" without one.
    rule: str = ""
    # The area's fallback unit answers: it is outside the area's hours.
    by_fallback: bool = False
    # The best area that covers the place and does not answer at that hour.
    passed_over: AreaMatch | None = None
    # No rule, or one that cannot be read, led to the triage unit: somebody must be told.
    alert: RoutingAlert.Kind | None = None

    @property
    def triage(self) -> bool:
        return self.reason in (Reason.TRIAGE, Reason.BROKEN_RULE)


def decide(
    longitude: float, latitude: float, category_code: str, *, at: datetime, jurisdiction_id: int | None = None
) -> Decision:
    """Route a WGS 84 point (degrees, longitude first) for a category code, as of the instant `at` of its filing.

    Order (contract.md §5): areas of the category, then of the service, by priority, smaller area, code, those out of their
    hours left out; then the service's default unit; then the triage unit. One SQL statement, three just outside the
    city's edge. Raises OutsideJurisdictions or UnknownCategory.
    """
    found = place_and_areas_at(longitude, latitude, category_code, jurisdiction_id=jurisdiction_id)
    if found is None:
        raise OutsideJurisdictions
    return decide_at(*found, category_code, at=at)


def decide_at(place: PlaceMatch, areas: Sequence[AreaMatch], category_code: str, *, at: datetime) -> Decision:
    """As `decide`, for who has asked what is at the place already. Raises UnknownCategory."""
    catalogue, category = catalogue_for(place, category_code)
    return decision_among(areas, catalogue, place, category, at=at)


def catalogue_for(place: PlaceMatch, category_code: str) -> tuple[Snapshot, Category]:
    """The catalogue of a place's city, and one of its open categories. Raises UnknownCategory."""
    catalogue = snapshot(place.jurisdiction_id, place.catalogue_version)
    category = catalogue.categories.get(category_code)
    if category is None or not category.is_active or not category.service.is_active:
        raise UnknownCategory
    return catalogue, category


class Standing(Enum):
    """What an area that covers a place does at an hour."""

    ANSWERS = 1
    FALLBACK = 2
    RESTS = 3
    BROKEN = 4


def standing(catalogue: Snapshot, schedule_id: int | None, fallback_unit_id: int | None, at: datetime) -> Standing:
    """Does an area with this schedule and fallback unit answer at instant `at`? BROKEN: its hours cannot be read."""
    if schedule_id is None:
        return Standing.ANSWERS
    rota = catalogue.rotas.get(schedule_id)
    if rota is None:
        return Standing.BROKEN
    if rota.covers(at.astimezone(catalogue.time_zone)):
        return Standing.ANSWERS
    return Standing.RESTS if fallback_unit_id is None else Standing.FALLBACK


def decision_among(
    areas: Sequence[AreaMatch], catalogue: Snapshot, place: PlaceMatch, category: Category, *, at: datetime
) -> Decision:
    """The decision among the areas that cover a place, which come in the order of decision."""
    answering: list[tuple[AreaMatch, Standing]] = []
    passed_over: AreaMatch | None = None
    for area in areas:
        state = standing(catalogue, area.schedule_id, area.fallback_unit_id, at)
        if state in (Standing.ANSWERS, Standing.FALLBACK):
            answering.append((area, state))
            if len(answering) == 2:
                break
        elif not answering:
            # Nobody knows whether it was this area's turn: no guess is made.
            if state is Standing.BROKEN:
                return _to_triage(catalogue, place, category, Alert.BROKEN_SCHEDULE, area)
            passed_over = passed_over or area
    if not answering:
        return _without_area(catalogue, place, category, passed_over)
    winner, state = answering[0]
    runner_up = answering[1][0] if len(answering) > 1 else None
    by_fallback = state is Standing.FALLBACK
    unit_id = winner.fallback_unit_id if by_fallback else winner.unit_id
    assert unit_id is not None
    return Decision(
        catalogue,
        place,
        category,
        catalogue.units[unit_id],
        winner,
        runner_up,
        Reason.CATEGORY_AREA if winner.for_category else Reason.SERVICE_AREA,
        rule=rule_between(winner, runner_up) if runner_up else "",
        by_fallback=by_fallback,
        passed_over=passed_over,
    )


def rule_between(winner: AreaMatch, other: AreaMatch) -> str:
    """Which step of the order of decision put `winner` before `other`."""
    if winner.for_category != other.for_category:
        return Rule.CATEGORY
    if winner.priority != other.priority:
        return Rule.PRIORITY
    return Rule.SMALLER if winner.area_m2 != other.area_m2 else Rule.CODE


def _without_area(
    catalogue: Snapshot, place: PlaceMatch, category: Category, passed_over: AreaMatch | None
) -> Decision:
    default = category.service.default_unit_id
    if default is None:
        return _to_triage(catalogue, place, category, Alert.NO_UNIT, passed_over)
    return Decision(
        catalogue,
        place,
        category,
        catalogue.units[default],
        None,
        None,
        Reason.DEFAULT_UNIT,
        passed_over=passed_over,
    )


def _to_triage(
    catalogue: Snapshot,
    place: PlaceMatch,
    category: Category,
    alert: RoutingAlert.Kind,
    passed_over: AreaMatch | None,
) -> Decision:
    reason = Reason.TRIAGE if alert == Alert.NO_UNIT else Reason.BROKEN_RULE
    if catalogue.jurisdiction.triage_unit_id is None:
        alert = Alert.NO_TRIAGE_UNIT
    return Decision(
        catalogue, place, category, catalogue.triage_unit, None, None, reason, passed_over=passed_over, alert=alert
    )


def to_triage(decision: Decision, alert: RoutingAlert.Kind) -> Decision:
    """The same filing, given to the triage unit: what was decided cannot be kept (its unit's calendar cannot be read)."""
    return _to_triage(
        decision.catalogue, decision.place, decision.category, alert, decision.area or decision.passed_over
    )
