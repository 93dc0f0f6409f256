"""The deadlines that a category's policy and a unit's calendar promise for a complaint."""

from dataclasses import dataclass
from datetime import datetime

from catalogue.models import Category, Unit
from catalogue.snapshot import Snapshot
from complaints.deadlines import Promise, due, parse_duration
from complaints.models import RoutingAlert
from complaints.routing import Decision, to_triage

# What hours or delays that an edit has spoiled raise.
UNREADABLE = (ValueError, TypeError, AttributeError)


@dataclass(frozen=True)
class Promises:
    """Both promises of one complaint, and the version of the policy they were made under."""

    answer: Promise
    resolution: Promise
    policy_version: int


def promises_for(catalogue: Snapshot, category: Category, unit: Unit, *, at: datetime) -> Promises:
    """The promises made at instant `at` (aware) for a complaint of `category` that `unit` answers."""
    calendar = catalogue.calendar_of(unit, at.date())
    return Promises(
        answer=due(at, parse_duration(category.answer_within), calendar),
        resolution=due(at, parse_duration(category.resolve_within), calendar),
        policy_version=category.policy_version,
    )


def wall_text(promise: Promise) -> str:
    """The promise's local wall time as stored beside its instant: 2026-11-25T16:30:00."""
    return promise.wall.replace(tzinfo=None, fold=0).isoformat(timespec="seconds")


def with_promises(decision: Decision, *, at: datetime) -> tuple[Decision, Promises | None]:
    """A decision with its promises. Where the unit's calendar or the category's delays cannot be read, the triage unit answers.

    None if nothing can be promised even then: a complaint is taken in all the same, and an alert is raised.
    """
    try:
        return decision, promises_for(decision.catalogue, decision.category, decision.unit, at=at)
    except UNREADABLE:
        if decision.triage:
            return decision, None
        decision = to_triage(decision, RoutingAlert.Kind.BROKEN_CALENDAR)
    try:
        return decision, promises_for(decision.catalogue, decision.category, decision.unit, at=at)
    except UNREADABLE:
        return decision, None
