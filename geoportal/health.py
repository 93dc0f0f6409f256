"""Is the site able to serve, and is work getting done? Pages, the watchdog and people read the same answer."""

from datetime import datetime
from typing import Any

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Q
from django.utils import timezone

from complaints.models import Attachment, FeedItem, RoutingAlert
from complaints.workflow import OPEN_STATES
from districts.checks import cities_with_holes
from districts.models import BoundaryDraft, EditionActivation
from notifications.models import OutboxMessage
from queueing.models import QueueRow, QueueState

QUEUES: dict[str, type[QueueRow]] = {
    "messages": OutboxMessage,
    "files": Attachment,
    "feed": FeedItem,
    "boundaries": BoundaryDraft,
    "activations": EditionActivation,
}


def readiness(*, detailed: bool) -> dict[str, Any]:
    """`{"status": "ok" | "unavailable", …}`; `detailed` adds what staff should know: how long work has waited, and holes.

    `oldest_due_seconds`: of each queue. `warnings`: sentences about the rules that say who answers, for each city.
    """
    try:
        if not detailed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return {"status": "ok"}
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        ages = oldest_due_seconds(timezone.now())
        holes = cities_with_holes()
        alerts = open_alerts()
    except Error:
        return {"status": "unavailable"}
    return {
        "status": "unavailable" if pending else "ok",
        "oldest_due_seconds": ages,
        "coverage": {"holes": holes, "open_routing_alerts": alerts},
        "warnings": [f"{city}: {n} hole(s) where no unit answers" for city, n in holes.items()]
        + [f"{city}: {n} complaint(s) lack a rule that says who answers" for city, n in alerts.items()],
    }


def open_alerts() -> dict[str, int]:
    """Code of each city → how many open complaints came to triage because a rule is missing or cannot be read."""
    rows = RoutingAlert.objects.filter(closed_at=None, complaint__state__in=OPEN_STATES).order_by()
    counted = rows.values_list("jurisdiction__code").annotate(n=Count("pk")).order_by("jurisdiction__code")
    return dict(counted)


def oldest_due_seconds(now: datetime) -> dict[str, float]:
    """For each queue how long its oldest due row has been due and free, in seconds; 0 when nothing waits.

    What a worker holds a lease on is being worked at, and does not wait. One index entry per queue is read, more only
    past rows that are leased.
    """
    ages = {}
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    for name, model in QUEUES.items():
        due = model._default_manager.filter(free, queue_state=QueueState.DUE, next_attempt_at__lte=now)
        oldest = due.order_by("next_attempt_at", "pk").values_list("next_attempt_at", flat=True).first()
        ages[name] = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return ages
