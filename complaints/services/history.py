"""Appending to a complaint's history. Every write of this package records what it did through here."""

from datetime import datetime, timedelta

from accounts.models import User
from complaints.insertion import new_row
from complaints.models import Complaint, Event, FeedItem, PublicChange
from complaints.services.small_places import recount
from complaints.workflow import SYSTEM

# What followers are told of, and how long they wait: what is undone within seconds is told to nobody.
_TOLD_TO_FOLLOWERS = frozenset({Event.Kind.STATE_CHANGED, Event.Kind.ANSWERED})
FOLLOWERS_WAIT = timedelta(seconds=15)


def new_event(
    complaint: Complaint,
    kind: Event.Kind,
    *,
    now: datetime,
    actor: User | None = None,
    actor_role: str = SYSTEM,
    is_public: bool = False,
    from_state: str = "",
    to_state: str = "",
    data: dict[str, object] | None = None,
) -> Event:
    """An unsaved event. `data` holds codes and ids only, never words of people."""
    return new_row(
        Event,
        complaint=complaint,
        at=now,
        kind=kind,
        actor=actor,
        actor_role=actor_role,
        is_public=is_public,
        from_state=from_state,
        to_state=to_state,
        data=data or {},
    )


def new_feed_item(complaint: Complaint, *, now: datetime) -> FeedItem:
    """An unsaved feed item: analytics will look at the complaint again."""
    return new_row(FeedItem, complaint_id=complaint.pk, created_at=now, next_attempt_at=now)


def record(complaint: Complaint, event: Event) -> Event:
    """Save an event, tell analytics and followers and have a sensitive place counted again, in the caller's transaction."""
    event.save(force_insert=True)
    if event.is_public and event.kind in _TOLD_TO_FOLLOWERS:
        PublicChange(event=event, next_attempt_at=event.at + FOLLOWERS_WAIT).save(force_insert=True)
    new_feed_item(complaint, now=event.at).save(force_insert=True)
    recount(complaint, now=event.at)
    return event
