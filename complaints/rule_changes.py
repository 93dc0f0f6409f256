"""Another unit, priority or hours for a service area: data that a simulation tries, and that an administrator puts in force."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from catalogue.models import Jurisdiction, Schedule, Unit
from districts.models import ServiceArea


class AreaGone(Exception):
    """Other boundaries came into force meanwhile: the area is history."""


@dataclass(frozen=True)
class RuleChange:
    """Codes; "" for none. `area_id` is of the edition in force."""

    area_id: int
    unit: str
    priority: int
    schedule: str = ""
    fallback_unit: str = ""

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def change_of(data: Mapping[str, Any]) -> RuleChange | None:
    """What `as_data` made; None where a simulation is of editions."""
    return RuleChange(**data) if data else None


def current_rule(area: ServiceArea) -> RuleChange:
    """The rule that holds in an area now."""
    return RuleChange(
        area_id=area.pk,
        unit=area.unit.code,
        priority=area.priority,
        schedule=area.schedule.code if area.schedule else "",
        fallback_unit=area.fallback_unit.code if area.fallback_unit else "",
    )


def apply_change(city: Jurisdiction, change: RuleChange) -> ServiceArea:
    """Give the area its new rule. Raises AreaGone."""
    area = ServiceArea.objects.filter(jurisdiction=city, pk=change.area_id, edition__is_active=True).first()
    if area is None:
        raise AreaGone
    units = {unit.code: unit for unit in Unit.objects.filter(jurisdiction=city)}
    area.unit, area.priority = units[change.unit], change.priority
    area.schedule = Schedule.objects.get(jurisdiction=city, code=change.schedule) if change.schedule else None
    area.fallback_unit = units[change.fallback_unit] if change.fallback_unit else None
    area.save(update_fields=["unit", "priority", "schedule", "fallback_unit"])
    return area
