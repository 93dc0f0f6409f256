"""Another rule for a service area, or another unit where no area answers: data that a simulation tries, and that an
administrator puts in force."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from catalogue.models import Jurisdiction, Schedule, Service, Unit
from districts.models import ServiceArea


class RuleGone(Exception):
    """What the change is about is history: other boundaries came into force meanwhile, or the service ended."""


@dataclass(frozen=True)
class RuleChange:
    """Codes; "" for none. `area_id` is of the edition in force."""

    area_id: int
    unit: str
    priority: int
    schedule: str = ""
    fallback_unit: str = ""


@dataclass(frozen=True)
class DefaultChange:
    """Who answers for a service wherever no area of it does. Codes; unit "": nobody, so the triage unit decides."""

    service: str
    unit: str


Change = RuleChange | DefaultChange


def as_data(change: Change) -> dict[str, Any]:
    """What `change_of` reads."""
    return asdict(change)


def change_of(data: Mapping[str, Any]) -> Change | None:
    """What `as_data` made; None where a simulation is of editions."""
    if not data:
        return None
    return DefaultChange(**data) if "service" in data else RuleChange(**data)


def current_rule(subject: ServiceArea | Service) -> Change:
    """The rule that holds in an area, or for a service where no area answers, now."""
    if isinstance(subject, Service):
        return DefaultChange(subject.code, subject.default_unit.code if subject.default_unit else "")
    return RuleChange(
        area_id=subject.pk,
        unit=subject.unit.code,
        priority=subject.priority,
        schedule=subject.schedule.code if subject.schedule else "",
        fallback_unit=subject.fallback_unit.code if subject.fallback_unit else "",
    )


def apply_change(city: Jurisdiction, change: Change) -> ServiceArea | Service:
    """Put the change in force; what was changed. Raises RuleGone."""
    if isinstance(change, DefaultChange):
        return _apply_default(city, change)
    area = ServiceArea.objects.filter(jurisdiction=city, pk=change.area_id, edition__is_active=True).first()
    if area is None:
        raise RuleGone
    units = {unit.code: unit for unit in Unit.objects.filter(jurisdiction=city)}
    area.unit, area.priority = units[change.unit], change.priority
    area.schedule = Schedule.objects.get(jurisdiction=city, code=change.schedule) if change.schedule else None
    area.fallback_unit = units[change.fallback_unit] if change.fallback_unit else None
    area.save(update_fields=["unit", "priority", "schedule", "fallback_unit"])
    return area


def _apply_default(city: Jurisdiction, change: DefaultChange) -> Service:
    service = Service.objects.filter(jurisdiction=city, code=change.service, is_active=True).first()
    if service is None:
        raise RuleGone
    service.default_unit = Unit.objects.get(jurisdiction=city, code=change.unit) if change.unit else None
    service.save(update_fields=["default_unit"])
    return service
