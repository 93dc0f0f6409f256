"""Climbing the ladder: each rung is reached once, whoever notices it, however often and late the sweep runs.

A complaint knows when its next rung is due (`next_rung_at`; None: to be worked out). The sweep takes those that are due
and locks them; whatever is about to answer, close, pause or promise anew first catches up, so that the history does not
depend on when sweeps ran. The constraint event_rung_once keeps it once in any case.
"""

import hashlib
import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from catalogue.models import Jurisdiction
from catalogue.snapshot import Snapshot, current_snapshot, snapshot
from complaints.ladder import Step, next_at, reached
from complaints.models import Complaint, Event, LadderInForce
from complaints.promises import UNREADABLE
from complaints.services.breaches import GRACE, record_missed
from complaints.services.escalation_notices import Climb, escalation_mails
from complaints.services.history import new_event
from notifications.models import OutboxMessage

# No next rung: a far moment keeps such rows out of the sweep's way.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
BATCH = 50
CALENDAR_TROUBLE = timedelta(hours=1)

logger = logging.getLogger(__name__)


def climb_ladders(*, now: datetime) -> int:
    """Climb every rung that was reached and is not recorded yet; how many. Bears doubled runs and long outages."""
    climbed = 0
    for city in Jurisdiction.objects.order_by("code"):
        catalogue = current_snapshot(city)
        _plan_anew_where_changed(catalogue)
        while True:
            looked_at, found = _climb_batch(catalogue, now)
            climbed += found
            if looked_at < BATCH:
                break
    return climbed


@transaction.atomic
def _climb_batch(catalogue: Snapshot, now: datetime) -> tuple[int, int]:
    """Some of the rows that are due, whoever else holds none of them: how many, and how many rungs they climbed."""
    due = Q(next_rung_at=None) | Q(next_rung_at__lte=now - GRACE)
    rows = list(
        Complaint.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("jurisdiction", "category__service", "unit", "district")
        .primary()
        .open()
        .filter(due, jurisdiction=catalogue.jurisdiction, resolution_due_at__isnull=False)
        .order_by("pk")[:BATCH]
    )
    climbs = _climb(rows, catalogue, now - GRACE, at=now)
    Complaint.objects.bulk_update(rows, ["next_rung_at", "escalation"])
    OutboxMessage.objects.bulk_create(escalation_mails(climbs, catalogue, now=now))
    return len(rows), len(climbs)


def catch_up(complaint: Complaint, *, now: datetime) -> None:
    """Record what this complaint missed and climbed until now, for services about to change that. Holds the row's lock.

    The caller saves the complaint. Costs no query where nothing was reached; which rung is next is then left to the sweep.
    """
    record_missed(complaint, now=now)
    if complaint.next_rung_at is not None and complaint.next_rung_at > now:
        return
    # The city came with the row's lock a moment ago.
    catalogue = snapshot(complaint.jurisdiction_id, complaint.jurisdiction.catalogue_version)
    if not _may_climb(complaint, catalogue, now):
        return
    climbs = _climb([complaint], catalogue, now, at=now)
    if climbs:
        Complaint.objects.filter(pk=complaint.pk).update(escalation=complaint.escalation)
        OutboxMessage.objects.bulk_create(escalation_mails(climbs, catalogue, now=now))


def _may_climb(complaint: Complaint, catalogue: Snapshot, now: datetime) -> bool:
    """False where no rung can have been reached, so that the history need not be asked which ones were climbed."""
    try:
        return bool(reached(complaint, catalogue, now, ()))
    except UNREADABLE:
        return True


def _climb(rows: Iterable[Complaint], catalogue: Snapshot, until: datetime, *, at: datetime) -> list[Climb]:
    """Record the rungs reached until `until`, and set when the next one is due. Expects the rows locked."""
    rows = list(rows)
    known = _known(rows)
    climbs = []
    for complaint in rows:
        codes = known[complaint.pk]
        try:
            steps = reached(complaint, catalogue, until, codes)
            complaint.next_rung_at = next_at(complaint, catalogue, codes | {step.code for step in steps}) or NEVER
        except UNREADABLE as fault:
            # Hours or delays that an edit has spoiled: the other ladders go on, and this one is tried again.
            logger.error("the ladder of %s cannot be climbed: %s", complaint.tracking_number, fault)
            complaint.next_rung_at = at + CALENDAR_TROUBLE
            continue
        climbs += [Climb(complaint, step) for step in steps]
        complaint.escalation = max([complaint.escalation, *(step.level for step in steps)])
    Event.objects.bulk_create([_event(climb, at) for climb in climbs], ignore_conflicts=True)
    return climbs


def _known(rows: list[Complaint]) -> dict[int, set[str]]:
    """The codes of the rungs that each complaint has climbed since it was last reopened."""
    known: dict[int, set[str]] = {row.pk: set() for row in rows}
    rounds = {row.pk: row.reopened_count for row in rows}
    for event in Event.objects.filter(complaint__in=list(known), kind=Event.Kind.ESCALATED):
        if event.data["round"] == rounds[event.complaint_id]:
            known[event.complaint_id].add(event.data["rung"])
    return known


def _event(climb: Climb, at: datetime) -> Event:
    step: Step = climb.step
    data: dict[str, object] = {
        "rung": step.code,
        "round": climb.complaint.reopened_count,
        "level": int(step.level),
        "deadline": step.rung.deadline,
        "due": step.deadline.instant.isoformat(),
        "reached": step.at.isoformat(),
        "told": step.rung.tell,
    }
    return new_event(climb.complaint, Event.Kind.ESCALATED, now=at, data=data)


def _plan_anew_where_changed(catalogue: Snapshot) -> None:
    """Work out the next rungs again where an administrator has changed a service's ladder."""
    in_force = dict(LadderInForce.objects.filter(service__jurisdiction=catalogue.jurisdiction).values_list())
    for service in catalogue.services.values():
        fingerprint = _fingerprint(catalogue, service.pk)
        if in_force.get(service.pk) == fingerprint:
            continue
        with transaction.atomic():
            Complaint.objects.primary().open().filter(service=service).update(next_rung_at=None)
            LadderInForce.objects.update_or_create(service=service, defaults={"fingerprint": fingerprint})


def _fingerprint(catalogue: Snapshot, service_id: int) -> str:
    rungs = [(r.code, r.deadline, r.at, r.tell) for r in catalogue.rungs.get(service_id, ())]
    ladder = [catalogue.jurisdiction.legal_answer_limit_days, *rungs]
    return hashlib.sha256(json.dumps(ladder).encode()).hexdigest()
