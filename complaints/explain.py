""" "Why here?" in words: one sentence or two for a routing decision, in the current language."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.translated import text_in
from complaints.models import RoutingDecision
from complaints.routing import Decision

Names = Mapping[str, str]
_Reason = RoutingDecision.Reason


@dataclass(frozen=True)
class _Area:
    """What the sentence needs to know of a service area."""

    name: Names
    unit: Names
    priority: int
    for_category: bool


@dataclass(frozen=True)
class _Grounds:
    reason: str
    unit: Names
    service: Names
    category: Names
    district: Names | None
    area: _Area | None
    edition: int | None
    runner_up: _Area | None
    outside_by_m: float | None


def explain(decision: Decision) -> str:
    """The sentence for a decision just made (api `reason`, preview)."""
    units = decision.catalogue.units
    areas = [
        _Area(match.name, units[match.unit_id].name, match.priority, match.for_category) if match else None
        for match in (decision.area, decision.runner_up)
    ]
    return _sentences(
        _Grounds(
            reason=decision.reason,
            unit=decision.unit.name,
            service=decision.category.service.name,
            category=decision.category.name,
            district=decision.place.district_name,
            area=areas[0],
            edition=decision.area.edition_number if decision.area else None,
            runner_up=areas[1],
            outside_by_m=decision.place.outside_by_m,
        )
    )


def explain_stored(row: RoutingDecision) -> str:
    """The sentence for a stored decision. Load it with EXPLAINED related rows."""
    areas = [
        _Area(area.name, area.unit.name, area.priority, area.category_id is not None) if area else None
        for area in (row.service_area, row.runner_up)
    ]
    return _sentences(
        _Grounds(
            reason=row.reason,
            unit=row.unit.name,
            service=row.category.service.name,
            category=row.category.name,
            district=row.district.name if row.district else None,
            area=areas[0],
            edition=row.edition.number if row.edition else None,
            runner_up=areas[1],
            outside_by_m=row.outside_by_m,
        )
    )


EXPLAINED = ("unit", "category__service", "district", "service_area__unit", "runner_up__unit", "edition")


def _sentences(grounds: _Grounds) -> str:
    parts = [_main(grounds), _second(grounds), _edge(grounds)]
    return " ".join(part for part in parts if part)


def _main(grounds: _Grounds) -> str:
    words: dict[str, object] = {
        "unit": _name(grounds.unit),
        "service": _name(grounds.service),
        "category": _name(grounds.category),
        "district": _name(grounds.district) if grounds.district else "",
        "area": _name(grounds.area.name) if grounds.area else "",
        "edition": grounds.edition or 0,
    }
    if grounds.reason == _Reason.CATEGORY_AREA:
        text = _(
            "The place lies in “%(area)s” (edition %(edition)d), drawn for “%(category)s”: %(unit)s answers there."
        )
        return text % words
    if grounds.reason == _Reason.SERVICE_AREA:
        text = _(
            "The place lies in “%(area)s” (edition %(edition)d), an area of “%(service)s”: %(unit)s answers there."
        )
        return text % words
    if grounds.reason == _Reason.DEFAULT_UNIT:
        return _("%(unit)s answers for the service “%(service)s” wherever no service area says otherwise.") % words
    if grounds.reason == _Reason.BY_HAND:
        return _("A member of staff chose %(unit)s.") % words
    return _("No unit answers for the service “%(service)s” at this place yet: %(unit)s decides who will.") % words


def _second(grounds: _Grounds) -> str:
    winner, other = grounds.area, grounds.runner_up
    if winner is None or other is None:
        return ""
    words = {"area": _name(other.name), "unit": _name(other.unit)}
    if winner.for_category and not other.for_category:
        return _("“%(area)s” (%(unit)s) covers it too, but an area drawn for the category comes first.") % words
    if winner.priority != other.priority:
        return _("“%(area)s” (%(unit)s) covers it too, but has a lower priority.") % words
    return _("“%(area)s” (%(unit)s) covers it too, but is the larger area.") % words


def _edge(grounds: _Grounds) -> str:
    if grounds.outside_by_m is None or grounds.district is None:
        return ""
    return _("The place is %(metres)d m outside the city's edge and counts with %(district)s.") % {
        "metres": max(1, round(grounds.outside_by_m)),
        "district": _name(grounds.district),
    }


def _name(names: Names) -> str:
    return text_in(names, get_language() or "fr")
