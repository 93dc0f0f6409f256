"""What a complaint's history alone says about it: state, promises, group. Pure; the stored columns must agree with it.

`verify_invariants` compares states in SQL; tests compare everything, after any sequence of steps.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from complaints.models import Event
from complaints.undone import effective
from complaints.workflow import State

_Kind = Event.Kind


@dataclass(frozen=True)
class Standing:
    """A complaint as its events leave it. `joined` counts its own "me too", not those of its members."""

    state: str = ""
    answer_due_at: datetime | None = None
    resolution_due_at: datetime | None = None
    paused_at: datetime | None = None
    merged_into: int | None = None
    members: frozenset[int] = frozenset()
    joined: int = 0
    reopened_count: int = 0


def replay(events: Iterable[Event]) -> Standing:
    """The complaint after its events, oldest first; what was undone at once counts as if it had not been done."""
    standing = Standing()
    for event in effective(events):
        standing = _after(standing, event)
    return standing


def _after(standing: Standing, event: Event) -> Standing:
    data = event.data
    if event.kind == _Kind.SUBMITTED:
        answer, resolution = (_instant(data.get(f"{name}_due")) for name in ("answer", "resolution"))
        return replace(standing, state=event.to_state, answer_due_at=answer, resolution_due_at=resolution)
    if event.kind == _Kind.IMPORTED:
        return replace(standing, state=event.to_state)
    if event.kind == _Kind.STATE_CHANGED:
        return _moved(standing, event)
    if event.kind == _Kind.DEADLINE_CHANGED:
        new = _instant(data["new"])
        if data["deadline"] == "answer":
            return replace(standing, answer_due_at=new)
        return replace(standing, resolution_due_at=new)
    if event.kind in (_Kind.MERGED, _Kind.SEPARATED):
        return _regrouped(standing, event)
    if event.kind == _Kind.JOINED:
        return replace(standing, joined=standing.joined + 1)
    return standing


def _moved(standing: Standing, event: Event) -> Standing:
    waiting = event.to_state == State.WAITING_REPORTER and standing.resolution_due_at is not None
    return replace(
        standing,
        state=event.to_state,
        paused_at=event.at if waiting else None,
        reopened_count=standing.reopened_count + (event.to_state == State.REOPENED),
    )


def _regrouped(standing: Standing, event: Event) -> Standing:
    data = event.data
    if "into" in data:
        return replace(standing, merged_into=data["into"])
    if "from" in data:
        return replace(standing, merged_into=None)
    if "without" in data:
        return replace(standing, members=standing.members - {data["without"]})
    waiting = standing.state == State.WAITING_REPORTER
    paused_at = event.at if waiting else standing.paused_at
    return replace(standing, members=standing.members | {data["with"]}, paused_at=paused_at)


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
