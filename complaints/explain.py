""" "Why here?" in words: one sentence or two for a routing decision, in the current language."""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.models import Category
from catalogue.translated import text_in
from complaints.models import RoutingDecision
from complaints.routing import Decision
from districts.models import ServiceArea
from districts.selectors import AreaMatch

Names = Mapping[str, str]
_Reason = RoutingDecision.Reason
_Rule = RoutingDecision.Rule


class _Area(NamedTuple):
    """What the sentence needs to know of a service area."""

    name: Names
    unit: Names
    priority: int
    for_category: bool
    schedule: Names | None


class _Grounds(NamedTuple):
    language: str
    reason: str
    unit: Names
    service: Names
    category: Names
    district: Names | None
    area: _Area | None
    edition: int | None
    runner_up: _Area | None
    rule: str
    by_fallback: bool
    passed_over: _Area | None
    outside_by_m: float | None

    def named(self, names: Names) -> str:
        return text_in(names, self.language)


def explain(decision: Decision) -> str:
    """The sentence for a decision just made (api `reason`, preview)."""
    catalogue = decision.catalogue

    def area(match: AreaMatch | None) -> _Area | None:
        if match is None:
            return None
        schedule = catalogue.schedules.get(match.schedule_id) if match.schedule_id else None
        unit = catalogue.units[match.unit_id]
        return _Area(match.name, unit.name, match.priority, match.for_category, schedule.name if schedule else None)

    return _sentences(
        _Grounds(
            language=get_language() or "fr",
            reason=decision.reason,
            unit=decision.unit.name,
            service=decision.category.service.name,
            category=decision.category.name,
            district=decision.place.district_name,
            area=area(decision.area),
            edition=decision.area.edition_number if decision.area else None,
            runner_up=area(decision.runner_up),
            rule=decision.rule,
            by_fallback=decision.by_fallback,
            passed_over=area(decision.passed_over),
            outside_by_m=decision.place.outside_by_m,
        )
    )


def explain_stored(row: RoutingDecision) -> str:
    """The sentence for a stored decision. Load it with EXPLAINED related rows."""

    def area(stored: ServiceArea | None) -> _Area | None:
        if stored is None:
            return None
        schedule = stored.schedule.name if stored.schedule else None
        return _Area(stored.name, stored.unit.name, stored.priority, stored.category_id is not None, schedule)

    return _sentences(
        _Grounds(
            language=get_language() or "fr",
            reason=row.reason,
            unit=row.unit.name,
            service=row.category.service.name,
            category=row.category.name,
            district=row.district.name if row.district else None,
            area=area(row.service_area),
            edition=row.edition.number if row.edition else None,
            runner_up=area(row.runner_up),
            rule=row.rule,
            by_fallback=row.by_fallback,
            passed_over=area(row.passed_over),
            outside_by_m=row.outside_by_m,
        )
    )


def explain_publicly(row: RoutingDecision, precision: str) -> str:
    """The sentence for the world. Areas and metres would tell more of a place that is public as a cell or a district."""
    if precision == Category.Publication.EXACT:
        return explain_stored(row)
    language = get_language() or "fr"
    return _("%(unit)s answers for the service “%(service)s” there.") % {
        "unit": text_in(row.unit.name, language),
        "service": text_in(row.category.service.name, language),
    }


EXPLAINED = (
    "unit",
    "category__service",
    "district",
    "edition",
    "service_area__unit",
    "service_area__schedule",
    "runner_up__unit",
    "runner_up__schedule",
    "passed_over__unit",
    "passed_over__schedule",
)


def _sentences(grounds: _Grounds) -> str:
    parts = [_main(grounds), _hours(grounds), _passed_over(grounds), _second(grounds), _edge(grounds)]
    return " ".join(part for part in parts if part)


def _main(grounds: _Grounds) -> str:
    words: dict[str, object] = {
        "unit": grounds.named(grounds.unit),
        "service": grounds.named(grounds.service),
        "category": grounds.named(grounds.category),
        "district": grounds.named(grounds.district) if grounds.district else "",
        "area": grounds.named(grounds.area.name) if grounds.area else "",
        "edition": grounds.edition or 0,
    }
    if grounds.by_fallback:
        text = _(
            "The place lies in “%(area)s” (edition %(edition)d). Outside the hours of that area, %(unit)s answers there."
        )
        return text % words
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
    if grounds.reason == _Reason.BROKEN_RULE:
        return _("The rule for this place cannot be read at present: %(unit)s decides who will answer.") % words
    return _("No unit answers for the service “%(service)s” at this place yet: %(unit)s decides who will.") % words


def _hours(grounds: _Grounds) -> str:
    if grounds.area is None or grounds.area.schedule is None:
        return ""
    return _("Hours of this area: %(schedule)s.") % {"schedule": grounds.named(grounds.area.schedule)}


def _passed_over(grounds: _Grounds) -> str:
    other = grounds.passed_over
    if other is None:
        return ""
    words = {"area": grounds.named(other.name), "unit": grounds.named(other.unit)}
    if grounds.reason == _Reason.BROKEN_RULE:
        return _("The fault lies in “%(area)s” (%(unit)s).") % words
    if other.schedule is None:
        return _("“%(area)s” (%(unit)s) covers it too, but did not answer at that hour.") % words
    words["schedule"] = grounds.named(other.schedule)
    return _("“%(area)s” (%(unit)s) covers it too, but answers at other hours: %(schedule)s.") % words


def _second(grounds: _Grounds) -> str:
    winner, other = grounds.area, grounds.runner_up
    if winner is None or other is None:
        return ""
    words = {"area": grounds.named(other.name), "unit": grounds.named(other.unit)}
    rule = grounds.rule or _rule_between(winner, other)
    if rule == _Rule.CATEGORY:
        return _("“%(area)s” (%(unit)s) covers it too, but an area drawn for the category comes first.") % words
    if rule == _Rule.PRIORITY:
        return _("“%(area)s” (%(unit)s) covers it too, but has a lower priority.") % words
    if rule == _Rule.SMALLER:
        return _("“%(area)s” (%(unit)s) covers it too, but is the larger area.") % words
    return _("“%(area)s” (%(unit)s) covers it too and is just as large: the order of their codes decides.") % words


def _rule_between(winner: _Area, other: _Area) -> str:
    """For decisions of the time before the rule was kept."""
    if winner.for_category and not other.for_category:
        return _Rule.CATEGORY
    return _Rule.PRIORITY if winner.priority != other.priority else _Rule.SMALLER


def _edge(grounds: _Grounds) -> str:
    if grounds.outside_by_m is None or grounds.district is None:
        return ""
    return _("The place is %(metres)d m outside the city's edge and counts with %(district)s.") % {
        "metres": max(1, round(grounds.outside_by_m)),
        "district": grounds.named(grounds.district),
    }
