"""Appending to a complaint's history. Every write of this package records what it did through here."""

from datetime import datetime

from accounts.models import Membership, Role, User
from complaints.models import Complaint, Event, FeedItem
from complaints.workflow import REPORTER, SYSTEM


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
    return Event(
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
    return FeedItem(complaint=complaint, created_at=now, next_attempt_at=now)


def record(complaint: Complaint, event: Event) -> Event:
    """Save an event and tell analytics, in the caller's transaction."""
    event.save(force_insert=True)
    new_feed_item(complaint, now=event.at).save(force_insert=True)
    return event


def hats(user: User | None, complaint: Complaint) -> frozenset[str]:
    """The roles a person wears for this complaint; None is the reporter, who came by her secret link."""
    if user is None:
        return frozenset({REPORTER})
    return frozenset(m.role for m in user.memberships.all() if _covers(m, user, complaint))


def _covers(membership: Membership, user: User, complaint: Complaint) -> bool:
    if membership.jurisdiction_id != complaint.jurisdiction_id:
        return False
    if membership.role == Role.CREW_MEMBER:
        return membership.unit_id == complaint.unit_id and complaint.assigned_to_id == user.pk
    return membership.unit_id is None or membership.unit_id == complaint.unit_id
