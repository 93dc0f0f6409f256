"""The promises of a complaint as time goes on: paused, resumed, made anew, merged. Every change is an event.

A complaint that answers for others shows the earliest promise of all of them (groups.GroupPromise): each is moved, and
the earliest counts.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from catalogue.models import Category
from catalogue.snapshot import current_snapshot
from complaints.deadlines import Promise, parse_duration, resume
from complaints.groups import promise_in, put_promise
from complaints.models import Complaint, Event, GroupPromise
from complaints.promises import promises_for
from complaints.services.history import new_event
from complaints.workflow import State

NAMES = ("answer", "resolution")
COLUMNS = ["answer_due_at", "answer_due_wall", "resolution_due_at", "resolution_due_wall", "next_rung_at"]
# What a promise becomes, given the category that it was made for.
Move = Callable[[Promise | None, Category], Promise | None]


def move_clock(complaint: Complaint, event: Event, now: datetime) -> None:
    """The clock stands still while the reporter must act, goes on after it, and starts anew with a reopening.

    The caller saves the complaint.
    """
    if complaint.resolution_due_at is None:
        complaint.paused_at = None
        return
    if event.to_state == State.WAITING_REPORTER:
        complaint.paused_at = now
        return
    if event.to_state == State.REOPENED:
        complaint.paused_at = None
        _promise_again(complaint, event, now)
    elif complaint.paused_at is not None:
        if complaint.is_open:
            resume_clock(complaint, event, now, cause="resumed")
        complaint.paused_at = None


def _promise_again(complaint: Complaint, event: Event, now: datetime) -> None:
    catalogue = current_snapshot(complaint.jurisdiction)
    category = next(c for c in catalogue.categories.values() if c.pk == complaint.category_id)
    promises = promises_for(catalogue, category, catalogue.units[complaint.unit_id], at=now)
    complaint.policy_version = promises.policy_version
    move_promise(complaint, "resolution", lambda _old, _category: promises.resolution, cause="reopened", event=event)


def resume_clock(complaint: Complaint, event: Event, now: datetime, *, cause: str) -> None:
    """Give the promises back the time since `paused_at`, which must be set. What had passed before the pause stays."""
    assert complaint.paused_at is not None
    for name in NAMES:
        if name == "resolution" or complaint.answered_at is None:
            move_promise(complaint, name, partial(_given_back, complaint, name, now), cause=cause, event=event)


def given_back(holder: Complaint, name: str, promise: Promise | None, now: datetime) -> Promise | None:
    """`promise` as it is when the clock of `holder`, which stands still, goes on at `now`."""
    return _given_back(holder, name, now, promise, holder.category)


def _given_back(
    paused: Complaint, name: str, now: datetime, promise: Promise | None, category: Category
) -> Promise | None:
    if promise is None or paused.paused_at is None:
        return promise
    catalogue = current_snapshot(paused.jurisdiction)
    calendar = catalogue.calendar_of(catalogue.units[paused.unit_id], now.date())
    within = category.answer_within if name == "answer" else category.resolve_within
    return resume(promise, paused.paused_at, now, calendar, parse_duration(within))


def move_promise(complaint: Complaint, name: str, move: Move, *, cause: str, event: Event) -> None:
    """Move a promise of the complaint, and those of all that are merged into it; an event says so where it changed.

    The caller holds the row's lock and saves the complaint.
    """
    if not complaint.merged_count:
        set_promise(complaint, name, move(promise_in(complaint, name), complaint.category), cause=cause, event=event)
        return
    rows = group_promises(complaint)
    for row in rows:
        put_promise(row, name, move(promise_in(row, name), row.holder.category))
    GroupPromise.objects.bulk_update(rows, [f"{name}_due_at", f"{name}_due_wall"])
    set_promise(complaint, name, earliest(rows, name), cause=cause, event=event)


def replace_promise(complaint: Complaint, name: str, promise: Promise, *, cause: str, event: Event) -> None:
    """Give the complaint itself another promise; what others bring into its group stays."""
    if complaint.merged_count:
        own = GroupPromise.objects.get(holder=complaint)
        put_promise(own, name, promise)
        own.save(update_fields=[f"{name}_due_at", f"{name}_due_wall"])
        promise = earliest(group_promises(complaint), name) or promise
    set_promise(complaint, name, promise, cause=cause, event=event)


def group_promises(complaint: Complaint) -> list[GroupPromise]:
    """The parts of a group, each with its complaint and category, the primary's among them."""
    return list(GroupPromise.objects.filter(primary=complaint).select_related("holder__category").order_by("holder_id"))


def earliest(rows: list[GroupPromise], name: str) -> Promise | None:
    """The promise that a group keeps: the first to fall due."""
    promises = [promise for row in rows if (promise := promise_in(row, name)) is not None]
    return min(promises, key=lambda promise: promise.instant, default=None)


def set_promise(complaint: Complaint, name: str, promise: Promise | None, *, cause: str, event: Event) -> None:
    """Change one promise ("answer" or "resolution") and append the event that says so; nothing if it is the same.

    The event has time, actor and role of `event`. The caller saves the complaint.
    """
    old: datetime | None = getattr(complaint, f"{name}_due_at")
    new = promise.instant if promise else None
    if old == new:
        return
    put_promise(complaint, name, promise)
    complaint.next_rung_at = None
    data: dict[str, object] = {
        "deadline": name,
        "old": old.isoformat() if old else None,
        "new": new.isoformat() if new else None,
        "cause": cause,
    }
    new_event(
        complaint,
        Event.Kind.DEADLINE_CHANGED,
        now=event.at,
        actor=event.actor,
        actor_role=event.actor_role,
        is_public=True,
        data=data,
    ).save(force_insert=True)
