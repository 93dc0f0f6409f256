"""The open alerts of routing: complaints that came to triage because a rule is missing or cannot be read. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, QuerySet

from accounts.models import Membership, Role
from catalogue.models import Jurisdiction, Service
from complaints.models import RoutingAlert
from complaints.workflow import OPEN_STATES

# Who looks after the rules of the whole city, or at them.
OVERSEEING = frozenset({Role.ADMINISTRATOR, Role.TRIAGE_OFFICER, Role.OFFICE})


@dataclass(frozen=True)
class AlertGroup:
    """Open complaints of one service that lack a rule for one reason; `numbers`: the newest of them."""

    kind: str
    label: str
    service: Service
    n: int
    numbers: list[str]


def sees_alerts(memberships: Sequence[Membership], city: Jurisdiction) -> bool:
    return any(m.jurisdiction_id == city.pk and m.role in OVERSEEING for m in memberships)


def open_alerts(city: Jurisdiction) -> QuerySet[RoutingAlert]:
    """Those of open complaints, in no order, by the index routing_alert_open."""
    return RoutingAlert.objects.filter(
        jurisdiction=city, closed_at=None, complaint__state__in=OPEN_STATES, complaint__merged_into=None
    ).order_by()


def alert_groups(city: Jurisdiction, *, shown: int = 5) -> list[AlertGroup]:
    """The open alerts by service and reason, most first."""
    open_ones = open_alerts(city)
    services = {service.pk: service for service in Service.objects.filter(jurisdiction=city)}
    groups = []
    counted = open_ones.values_list("kind", "service_id").annotate(n=Count("pk"), newest=Max("raised_at"))
    for kind, service_id, n, _newest in sorted(counted, key=lambda row: (-row[2], row[0], row[1])):
        mine = open_ones.filter(kind=kind, service_id=service_id).order_by("-raised_at", "-pk")[:shown]
        numbers = list(mine.values_list("complaint__tracking_number", flat=True))
        groups.append(AlertGroup(kind, str(RoutingAlert.Kind(kind).label), services[service_id], n, numbers))
    return groups
