"""The deadlines that a category's policy and a unit's calendar promise for a complaint."""

from dataclasses import dataclass
from datetime import datetime

from catalogue.models import Category, Unit
from catalogue.snapshot import Snapshot
from complaints.deadlines import Promise, due, parse_duration


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
