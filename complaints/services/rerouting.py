"""Routing the open complaints of a city again, after its boundaries or its catalogue changed.

The plan (simulation.moves) is the same that a dry run shows. Each complaint is then taken under its lock and moved if it still
stands as it stood; whoever acted on it meanwhile wins. Moving again moves nothing, so a run that died is simply continued.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction

from catalogue.models import Jurisdiction
from complaints.bulk import BulkRouter, Routed
from complaints.models import Complaint, Event, Rerouting, RoutingDecision
from complaints.notices import rerouted_news
from complaints.places import place_for_the_world
from complaints.services.allocation import change_unit
from complaints.services.decisions import new_alert, settle_alerts
from complaints.services.escalation import catch_up
from complaints.services.history import new_event, record
from complaints.services.locking import lock_all
from complaints.services.rerouting_notices import unit_mails
from complaints.services.small_places import recount
from complaints.simulation import moves, router_now
from notifications.models import OutboxMessage
from queueing.models import QueueState

BATCH = 100
LEASE = timedelta(minutes=5)


@dataclass(frozen=True)
class Planned:
    """One complaint that the rules in force give to another unit or district (codes; "" for none)."""

    complaint_id: int
    decision_id: int
    index: int
    from_unit: int
    to_unit: str
    from_district: str
    to_district: str


@dataclass
class Outcome:
    """What a run found and did; a dry run's is the same but for `changed_meanwhile`."""

    looked_at: int = 0
    moved: int = 0
    kept_by_hand: int = 0
    outside: int = 0
    changed_meanwhile: int = 0
    # (tracking number, from unit, to unit, from district, to district)
    complaints: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    @property
    def pairs(self) -> Counter[tuple[str, str]]:
        return Counter((row[1], row[2]) for row in self.complaints if row[1] != row[2])


def plan(city: Jurisdiction) -> Outcome:
    """What re-routing now would do. Writes nothing."""
    outcome, router = Outcome(), router_now(city)
    for planned, _routed in _planned(city, router, outcome):
        rows = Complaint.objects.in_bulk([item.complaint_id for item in planned])
        codes = _unit_codes(router)
        for item in planned:
            complaint = rows[item.complaint_id]
            outcome.complaints.append(_line(complaint, codes[item.from_unit], item))
        outcome.moved += len(planned)
    return outcome


def reroute(job: Rerouting, *, now: datetime, on_step: Callable[[int], object] = lambda moved: None) -> Outcome:
    """Move every open complaint that the rules in force give to another unit or district.

    A hundred in a transaction: decision, event, the reporters' news. At the end the units are told, with all that this job
    moved. What was decided by hand stays. `on_step` hears how many were moved so far.
    """
    outcome, router = Outcome(), router_now(job.jurisdiction)
    for planned, routed in _planned(job.jurisdiction, router, outcome):
        waiting = iter(planned)
        while batch := list(islice(waiting, BATCH)):
            _move(batch, routed, router, job, outcome, now)
            on_step(outcome.moved)
    _close(job, outcome, router, now)
    return outcome


def _planned(city: Jurisdiction, router: BulkRouter, outcome: Outcome) -> Iterator[tuple[list[Planned], Routed]]:
    codes, districts = _unit_codes(router), router.boundaries.districts.rows
    for filings, moving in moves(city, router):
        outcome.looked_at += len(filings)
        outcome.kept_by_hand += moving.kept_by_hand
        outcome.outside += moving.outside
        routed = moving.routed
        yield (
            [
                Planned(
                    complaint_id=filings.ids[index],
                    decision_id=filings.decisions[index],
                    index=index,
                    from_unit=int(filings.units[index]),
                    to_unit=codes[int(routed.units[index])],
                    from_district=filings.districts[index],
                    to_district=districts[routed.districts[index]]["code"],
                )
                for index in moving.indexes
            ],
            routed,
        )


def _unit_codes(router: BulkRouter) -> dict[int, str]:
    return {unit.pk: unit.code for unit in router.catalogue.units.values()}


def _line(complaint: Complaint, from_unit: str, item: Planned) -> tuple[str, str, str, str, str]:
    return complaint.tracking_number, from_unit, item.to_unit, item.from_district, item.to_district


@transaction.atomic
def _move(
    batch: list[Planned], routed: Routed, router: BulkRouter, job: Rerouting, outcome: Outcome, now: datetime
) -> None:
    held = lock_all(item.complaint_id for item in batch)
    newest = _newest_decisions(list(held))
    messages: list[OutboxMessage] = []
    for item in batch:
        complaint = held.get(item.complaint_id)
        if complaint is None or not _stands(complaint, item, newest):
            outcome.changed_meanwhile += 1
            continue
        from_unit = complaint.unit.code
        _move_one(complaint, item, routed, router, job, now)
        if item.to_unit != from_unit:
            messages += rerouted_news(complaint, job.pk, now=now)
        outcome.moved += 1
        outcome.complaints.append(_line(complaint, from_unit, item))
    OutboxMessage.objects.bulk_create(messages, ignore_conflicts=True)


def _stands(complaint: Complaint, item: Planned, newest: dict[int, int]) -> bool:
    return (
        complaint.is_open
        and complaint.merged_into_id is None
        and complaint.unit_id == item.from_unit
        and newest.get(complaint.pk) == item.decision_id
    )


def _newest_decisions(ids: list[int]) -> dict[int, int]:
    rows = RoutingDecision.objects.filter(complaint__in=ids).order_by("complaint_id", "-decided_at", "-pk")
    return dict(rows.distinct("complaint_id").values_list("complaint_id", "pk"))


def _move_one(
    complaint: Complaint, item: Planned, routed: Routed, router: BulkRouter, job: Rerouting, now: datetime
) -> None:
    """One locked complaint: the past is settled under the old unit, then it is the new one's. Promises stay."""
    catch_up(complaint, now=now)
    recount(complaint, now=now)
    data: dict[str, object] = {
        "from": complaint.unit.code,
        "to": item.to_unit,
        "from_district": item.from_district,
        "to_district": item.to_district,
        "reason": routed.reason(item.index).value,
        "rerouting": job.pk,
        "crew_member": complaint.assigned_to_id if item.to_unit != complaint.unit.code else None,
    }
    decision = routed.decision(item.index, now=now)
    decision.complaint = complaint
    settle_alerts(complaint, now=now)
    decision.save(force_insert=True)
    alert = routed.alert(item.index, router.catalogue)
    if alert is not None:
        new_alert(complaint, alert, service_id=complaint.service_id, now=now).save(force_insert=True)
    change_unit(complaint, router.catalogue.units[decision.unit_id])
    complaint.district_id = decision.district_id
    place_for_the_world(complaint, complaint.point.x, complaint.point.y)
    complaint.updated_at = now
    complaint.save(update_fields=_CHANGED)
    record(complaint, new_event(complaint, Event.Kind.REROUTED, now=now, is_public=True, data=data))


_CHANGED = [
    "unit", "assigned_to", "passed_to_operator", "next_rung_at", "district", "public_point", "place_shown", "place_cell",
    "updated_at",
]  # fmt: skip


@transaction.atomic
def _close(job: Rerouting, outcome: Outcome, router: BulkRouter, now: datetime) -> None:
    """The counts of the whole job, also of a run before this one that died, and a message to each unit concerned."""
    job.looked_at, job.kept_by_hand, job.outside = outcome.looked_at, outcome.kept_by_hand, outcome.outside
    job.moved = Event.objects.filter(kind=Event.Kind.REROUTED, data__rerouting=job.pk).count()
    job.done_at, job.queue_state, job.leased_until = now, QueueState.DONE, None
    job.save()
    OutboxMessage.objects.bulk_create(unit_mails(job, router.catalogue, now=now), ignore_conflicts=True)
