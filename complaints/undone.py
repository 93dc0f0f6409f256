"""Which events count: what was undone within its ten seconds happened, and counts no more."""

from collections.abc import Iterable

from complaints.models import Event

# The same in SQL, for an event `e`. Undoing is rare: the condition looks at one complaint's few events.
STANDS_SQL = (
    "(e.kind <> 'undone' AND NOT EXISTS (SELECT FROM complaints_event u WHERE u.complaint_id = e.complaint_id"
    " AND u.kind = 'undone' AND u.data->'events' @> to_jsonb(e.id)))"
)


def effective(events: Iterable[Event]) -> list[Event]:
    """The events that still stand, in their order: without those that were undone, and without the undoing."""
    rows = list(events)
    gone = {pk for event in rows if event.kind == Event.Kind.UNDONE for pk in event.data.get("events", [])}
    return [event for event in rows if event.pk not in gone and event.kind != Event.Kind.UNDONE]
