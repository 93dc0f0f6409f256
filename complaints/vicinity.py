"""What would change if the pin were a few steps away: the other answers within 50 m, how far and in which direction."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import atan2, degrees, hypot
from typing import Any

import shapely
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

from catalogue.models import Category, Unit
from catalogue.snapshot import Snapshot, current_snapshot
from catalogue.translated import text_in
from complaints.models import Complaint, RoutingDecision
from complaints.routing import Decision, Standing, catalogue_for, decide, decision_among, standing
from districts.models import DISTRICTS_LAYER, BoundaryEdition, service_areas_layer
from districts.selectors import AreaMatch
from districts.vicinity import NearDistrict, Vicinity, place_and_vicinity, vicinity

RADIUS_M = 50
_CODE = re.compile(r"[a-z0-9-]{1,60}")
# Two lines that should be one leave slivers: what a pin can hit is larger.
_LEAST_M2 = 1.0
_PLACE = shapely.Point(0, 0)
_DISC = _PLACE.buffer(RADIUS_M, quad_segs=8)

DIRECTIONS: dict[str, str | Promise] = {
    "n": pgettext_lazy("direction", "to the north"),
    "ne": pgettext_lazy("direction", "to the north-east"),
    "e": pgettext_lazy("direction", "to the east"),
    "se": pgettext_lazy("direction", "to the south-east"),
    "s": pgettext_lazy("direction", "to the south"),
    "sw": pgettext_lazy("direction", "to the south-west"),
    "w": pgettext_lazy("direction", "to the west"),
    "nw": pgettext_lazy("direction", "to the north-west"),
}


@dataclass(frozen=True)
class Change:
    """Another answer nearby: a unit with its area (None: the default or triage unit), or another district."""

    distance_m: int
    direction: str
    unit: Unit | None = None
    area: AreaMatch | None = None
    district: NearDistrict | None = None


def decide_and_look_round(
    longitude: float, latitude: float, category_code: str, *, at: datetime
) -> tuple[Decision, list[Change]]:
    """routing.decide, and what would change nearby; in one statement inside a city. Raises what decide raises."""
    code = category_code if _CODE.fullmatch(category_code) else ""
    found = place_and_vicinity(longitude, latitude, code, radius_m=RADIUS_M)
    if found is None:
        # At most a few metres outside a city: one place in thousands.
        decision = decide(longitude, latitude, category_code, at=at)
        return decision, changes_nearby(longitude, latitude, decision, at=at)
    place, round_it = found
    catalogue, category = catalogue_for(place, category_code)
    decision = decision_among(round_it.covering, catalogue, place, category, at=at)
    return decision, _changes(round_it, catalogue, category, decision.unit.pk, place.district_code, at)


def changes_nearby(longitude: float, latitude: float, decision: Decision, *, at: datetime) -> list[Change]:
    """What would change nearby of a decision just made. Two statements."""
    catalogue, category = decision.catalogue, decision.category
    editions = BoundaryEdition.objects.filter(jurisdiction=catalogue.jurisdiction, is_active=True)
    ids = list(editions.values_list("pk", flat=True))
    round_it = _look_round(longitude, latitude, catalogue, category, ids)
    return _changes(round_it, catalogue, category, decision.unit.pk, decision.place.district_code, at)


def changes_then(complaint: Complaint, row: RoutingDecision) -> list[Change]:
    """What a stored decision would have been nearby: in its own editions, at the hour of filing. At most three statements.

    Where a decision names no edition (default or triage unit), the active one stands in.
    """
    catalogue = current_snapshot(complaint.jurisdiction)
    category = catalogue.categories[row.category.code]
    layer = service_areas_layer(category.service.code)
    known = [row.edition_id, row.district.edition_id if row.district else None]
    editions = set(filter(None, known))
    if len(editions) < len(known):
        layers = ([] if row.edition_id else [layer]) + ([] if row.district else [DISTRICTS_LAYER])
        active = BoundaryEdition.objects.filter(jurisdiction=complaint.jurisdiction, layer__in=layers, is_active=True)
        editions |= set(active.values_list("pk", flat=True))
    place = complaint.point
    round_it = _look_round(place.x, place.y, catalogue, category, sorted(editions))
    district = row.district.code if row.district else ""
    return _changes(round_it, catalogue, category, row.unit_id, district, complaint.submitted_at)


def nearby_then(complaint: Complaint, row: RoutingDecision) -> str:
    """`changes_then` in words; empty where a person chose the unit: there the place decided nothing."""
    return "" if row.reason == RoutingDecision.Reason.BY_HAND else in_words(changes_then(complaint, row))


def in_words(changes: Sequence[Change]) -> str:
    """The changes as sentences in the current language; says so when there are none."""
    if not changes:
        return _("Up to %(metres)d m away nothing would change.") % {"metres": RADIUS_M}
    language = get_language() or "fr"
    sentences = []
    for change in changes:
        words: dict[str, object] = {"metres": change.distance_m, "direction": DIRECTIONS[change.direction]}
        if change.unit is not None:
            words["unit"] = text_in(change.unit.name, language)
            sentences.append(_("%(metres)d m %(direction)s, %(unit)s would answer.") % words)
        elif change.district is not None:
            words["district"] = text_in(change.district.name, language)
            sentences.append(_("%(metres)d m %(direction)s begins %(district)s.") % words)
    return " ".join(sentences)


def _look_round(
    longitude: float, latitude: float, catalogue: Snapshot, category: Category, editions: Sequence[int]
) -> Vicinity:
    return vicinity(
        longitude,
        latitude,
        radius_m=RADIUS_M,
        jurisdiction_id=catalogue.jurisdiction.pk,
        category_id=category.pk,
        editions=editions,
    )


def _changes(
    round_it: Vicinity, catalogue: Snapshot, category: Category, unit_id: int, district_code: str, at: datetime
) -> list[Change]:
    # Most places have no border so near.
    if not round_it.has_border:
        return []
    shapes = round_it.shapes
    districts = zip(round_it.districts, shapes, strict=False)
    areas = list(zip(round_it.areas, shapes[len(round_it.districts) :], strict=True))
    changes: dict[tuple[str, object], Change] = {}
    shares, outside = _shares(districts, _DISC)
    for district, share in shares:
        if district.code != district_code:
            _keep_nearest(changes, ("district", district.code), Change(*_way_to(share), district=district))
    city = _DISC if outside is None else _DISC.difference(outside)
    for unit, area, share in _answers(areas, city, catalogue, category, at):
        if unit.pk != unit_id:
            _keep_nearest(changes, ("unit", unit.pk), Change(*_way_to(share), unit=unit, area=area))
    return sorted(changes.values(), key=lambda change: change.distance_m)


def _keep_nearest(known: dict[tuple[str, object], Change], key: tuple[str, object], change: Change) -> None:
    if key not in known or change.distance_m < known[key].distance_m:
        known[key] = change


def _shares(layer: Iterable[tuple[Any, Any]], ground: Any) -> tuple[list[tuple[Any, Any]], Any | None]:
    """Each polygon with the ground that it gets when the first that covers a place has it, and what is left in the end.

    Shapes that are None cover everything. Slivers are left out.
    """
    shares: list[tuple[Any, Any]] = []
    left = ground.area
    for row, shape in layer:
        if shape is None:
            return [*shares, (row, ground)], None
        share = shape.intersection(ground)
        if share.area >= _LEAST_M2:
            shares.append((row, share))
            left -= share.area
            if left < _LEAST_M2:
                return shares, None
            ground = ground.difference(shape)
    return shares, ground


def _answers(
    areas: Sequence[tuple[AreaMatch, Any]], city: Any, catalogue: Snapshot, category: Category, at: datetime
) -> Iterator[tuple[Unit, AreaMatch | None, Any]]:
    """Who answers where on the city's ground, as routing.decision_among says."""
    states = {area.area_id: standing(catalogue, area.schedule_id, area.fallback_unit_id, at) for area, _ in areas}
    shares, left = _shares((pair for pair in areas if states[pair[0].area_id] is not Standing.RESTS), city)
    for area, share in shares:
        if states[area.area_id] is Standing.BROKEN:
            yield catalogue.triage_unit, None, share
        else:
            by_fallback = states[area.area_id] is Standing.FALLBACK and area.fallback_unit_id is not None
            yield catalogue.units[area.fallback_unit_id if by_fallback else area.unit_id], area, share
    if left is not None:
        yield category.service.default_unit or catalogue.triage_unit, None, left


def _way_to(region: Any) -> tuple[int, str]:
    """Metres (at least 1) and direction from the place to the nearest point of a region."""
    x, y = shapely.get_coordinates(shapely.shortest_line(_PLACE, region))[-1]
    compass = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
    return max(1, round(hypot(x, y))), compass[round(degrees(atan2(x, y)) / 45) % 8]
