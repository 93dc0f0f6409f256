"""Suggestions of duplicates as the desk offers them: what they are, why, and the one button that merges."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from accounts.models import User
from complaints.models import Complaint
from complaints.suggestions import Reason, Suggestion, suggest_to_clerk
from complaints.workflow import State


@dataclass(frozen=True)
class MergeOffer:
    """A complaint that may be the same thing. `into`: the number of the one that would go on, the earlier of the two."""

    number: str
    url: str
    category: dict[str, str]
    state: str
    state_label: str
    percent: int
    reasons: list[Reason]
    merge_url: str
    into: str
    seen: str
    next: str


def merge_offers(complaint: Complaint, user: User, *, now: datetime) -> list[MergeOffer]:
    """What the desk's page of a complaint offers to merge with it, likeliest first."""
    return [_offer(complaint, suggestion) for suggestion in suggest_to_clerk(complaint, user, now=now)]


def _offer(complaint: Complaint, suggestion: Suggestion) -> MergeOffer:
    other = suggestion.complaint
    # What is closed cannot be merged away; else the later one is.
    later, earlier = (complaint, other) if _goes_on(other, complaint) else (other, complaint)
    return MergeOffer(
        number=other.tracking_number,
        url=reverse("desk_complaint", args=[other.tracking_number]),
        category=other.category.name,
        state=other.state,
        state_label=str(State(other.state).label),
        percent=suggestion.percent,
        reasons=suggestion.reasons,
        merge_url=reverse("desk_action", args=[later.tracking_number, "merge"]),
        into=earlier.tracking_number,
        seen=later.updated_at.isoformat(),
        next=reverse("desk_complaint", args=[earlier.tracking_number]),
    )


def _goes_on(one: Complaint, other: Complaint) -> bool:
    return not one.is_open or (one.submitted_at, one.pk) < (other.submitted_at, other.pk)
