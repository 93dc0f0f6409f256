"""When special days change, promises that have not passed are moved, each by an event that says so.

A lunar feast is announced the evening before, often for another day than the tables had. A sweep compares the days in the
catalogue with those that the promises of a city rest on; where they differ, it goes through the open complaints in order,
some at a time. How far it came is written with what it did: an outage or a second run moves nothing twice.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from catalogue.models import Category, Closure, Jurisdiction
from catalogue.snapshot import Snapshot, current_snapshot
from complaints.deadlines import NoOpeningHours, Promise, parse_duration, transferred
from complaints.models import Complaint, DaysInForce, Event, FeedItem
from complaints.services.clocks import COLUMNS, NAMES, move_promise
from complaints.services.history import new_event, new_feed_item
from complaints.workflow import SYSTEM

BATCH = 100
CAUSE = "holiday"


def move_for_announced_days(*, now: datetime) -> int:
    """Move what has to be moved in every city; how many complaints were."""
    return sum(_move_city(city, now) for city in Jurisdiction.objects.order_by("code"))


def _move_city(city: Jurisdiction, now: datetime) -> int:
    known, is_new = DaysInForce.objects.get_or_create(jurisdiction=city, defaults={"days": _days_of(city)})
    if is_new or (known.target is None and known.days == _days_of(city)):
        return 0
    moved = 0
    while (done := _move_batch(city, now)) is not None:
        moved += done
    return moved


def _days_of(city: Jurisdiction) -> list[list[str]]:
    rows = Closure.objects.filter(jurisdiction=city).values_list("kind", "first_day", "last_day")
    return sorted([kind, first.isoformat(), last.isoformat()] for kind, first, last in rows)


@transaction.atomic
def _move_batch(city: Jurisdiction, now: datetime) -> int | None:
    """Some of the open complaints; how many were moved. None at the end, when the new days are in force."""
    known = DaysInForce.objects.select_for_update().get(jurisdiction=city)
    if known.target is None:
        if known.days == _days_of(city):
            return None
        known.target, known.done_id = _days_of(city), 0
    ahead = Q(answered_at=None, answer_due_at__gt=now) | Q(resolution_due_at__gt=now)
    rows = list(
        Complaint.objects.select_for_update(of=("self",))
        .select_related("jurisdiction", "category__service", "unit", "district")
        .primary()
        .open()
        .filter(ahead, jurisdiction=city, pk__gt=known.done_id)
        .order_by("pk")[:BATCH]
    )
    if not rows:
        known.days, known.target, known.done_id = known.target, None, 0
        known.save()
        return None if known.days == _days_of(city) else 0
    catalogue = current_snapshot(city)
    old, new = (_with_days(catalogue, days) for days in (known.days, known.target))
    moved = [row for row, begun in _with_beginnings(rows) if _move(row, begun, old, new, now)]
    Complaint.objects.bulk_update(moved, [*COLUMNS, "updated_at"])
    FeedItem.objects.bulk_create([new_feed_item(row, now=now) for row in moved])
    known.done_id = rows[-1].pk
    known.save()
    return len(moved)


def _with_days(catalogue: Snapshot, days: Iterable[list[str]]) -> Snapshot:
    """The catalogue as if these were its special days."""
    spans: dict[str, list[tuple[date, date]]] = {kind: [] for kind in Closure.Kind.values}
    for kind, first, last in days:
        spans[kind].append((date.fromisoformat(first), date.fromisoformat(last)))
    return replace(
        catalogue,
        closures=tuple(spans[Closure.Kind.CLOSED]),
        openings=tuple(spans[Closure.Kind.WORKED]),
        fasts=tuple(spans[Closure.Kind.RAMADAN]),
    )


Beginnings = dict[str, datetime]


def _with_beginnings(rows: list[Complaint]) -> list[tuple[Complaint, Beginnings]]:
    """With each complaint, since when the clock of each promise runs: its filing, or what set it last."""
    begun: dict[int, Beginnings] = {row.pk: dict.fromkeys(NAMES, row.submitted_at) for row in rows}
    changes = Event.objects.filter(complaint__in=rows, kind=Event.Kind.DEADLINE_CHANGED).exclude(data__cause=CAUSE)
    for event in changes.order_by("at", "pk"):
        begun[event.complaint_id][event.data["deadline"]] = event.at
    return [(row, begun[row.pk]) for row in rows]


def _move(complaint: Complaint, begun: Beginnings, old: Snapshot, new: Snapshot, now: datetime) -> bool:
    """Move the promises of one locked complaint; False where nothing changes."""
    before = [getattr(complaint, f"{name}_due_at") for name in NAMES]
    event = new_event(complaint, Event.Kind.DEADLINE_CHANGED, now=now, actor_role=SYSTEM, is_public=True)
    for name in NAMES:
        if name == "resolution" or complaint.answered_at is None:
            move = partial(_transferred, complaint, name, begun[name], old, new, now)
            move_promise(complaint, name, move, cause=CAUSE, event=event)
    if before == [getattr(complaint, f"{name}_due_at") for name in NAMES]:
        return False
    complaint.updated_at = now
    return True


def _transferred(
    complaint: Complaint,
    name: str,
    begun: datetime,
    old: Snapshot,
    new: Snapshot,
    now: datetime,
    promise: Promise | None,
    category: Category,
) -> Promise | None:
    """What had passed stays; where a calendar cannot be read, the promise stays, too."""
    if promise is None or promise.instant <= now:
        return promise
    within = category.answer_within if name == "answer" else category.resolve_within
    calendars: list[Any] = []
    try:
        for catalogue in (old, new):
            calendars.append(catalogue.calendar_of(catalogue.units[complaint.unit_id], now.date()))
        moved = transferred(promise, begun, parse_duration(within), *calendars)
    except (NoOpeningHours, ValueError, TypeError, AttributeError):
        return promise
    # A day that is worked after all makes nothing late that was not.
    return moved if moved.instant > now else promise
