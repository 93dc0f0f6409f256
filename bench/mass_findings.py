"""Thousands of decided findings, written straight into their tables: for the ledger's benchmark and its largest tests.

Half are founded complaints, half are late by some days, with the events that say so. Some are reversed. Nothing is charged yet.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.gis.geos import Point

from accounts.models import User
from catalogue.snapshot import Snapshot, current_snapshot
from complaints.models import Complaint, Event, RoutingDecision
from complaints.tracking import numbered_tracking_number
from contracts.breaches import grace_end
from contracts.models import Clause, Contract, Decision, Finding, Signature
from contracts.services.decisions import calculation_for

_BATCH = 1000


@dataclass(frozen=True)
class Made:
    """Keys of decisions in force (a reversal's after its penalty's), and what they come to before any cap, in centimes."""

    decisions: list[int]
    total_centimes: int


def make_decided_findings(
    contract: Contract,
    manager: User,
    signer: User,
    *,
    count: int,
    month: date,
    place: Point,
    reversed_share: float = 0.1,
) -> Made:
    """Findings about breaches of one month. The contract needs a clause for founded complaints and one by the day late."""
    draw = random.Random(count)
    catalogue = current_snapshot(contract.jurisdiction)
    version = contract.versions.latest("number")
    founded = version.clauses.filter(breach=Clause.Breach.FOUNDED)[0]
    late = version.clauses.filter(breach=Clause.Breach.RESOLUTION, per=Clause.Per.DAY_LATE)[0]
    service = contract.services.all()[0]
    category = service.categories.all()[0]
    offset = Complaint.objects.filter(jurisdiction=contract.jurisdiction).count()
    total, decisions = 0, []
    for start in range(0, count, _BATCH):
        numbers = range(start, min(start + _BATCH, count))
        complaints = Complaint.objects.bulk_create(
            _complaint(contract, category, place, offset + number, month, draw) for number in numbers
        )
        findings = []
        history: list[Event] = []
        for number, complaint in zip(numbers, complaints, strict=True):
            clause = late if number % 2 else founded
            finding = _finding(contract, complaint, clause, manager, offset + number, month, catalogue)
            findings.append(finding)
            history += _history(complaint, finding, draw)
        Event.objects.bulk_create(history)
        RoutingDecision.objects.bulk_create(
            RoutingDecision(
                complaint=complaint,
                decided_at=complaint.submitted_at,
                reason="default_unit",
                category=category,
                unit=contract.unit,
            )
            for complaint in complaints
        )
        findings = Finding.objects.bulk_create(findings)
        firsts = Decision.objects.bulk_create(_decision(finding, manager) for finding in findings)
        appeals = Decision.objects.bulk_create(
            _reversal(decision, manager) for decision in firsts if draw.random() < reversed_share
        )
        Signature.objects.bulk_create(
            Signature(decision=decision, agreed=True, signed_by=signer, signed_at=decision.decided_at)
            for decision in appeals
        )
        decisions += [row.pk for row in (*firsts, *appeals)]
        total += sum(row.amount_centimes for row in firsts) - sum(row.amount_centimes for row in appeals)
    return Made(decisions, total)


def _complaint(
    contract: Contract, category: Any, place: Point, number: int, month: date, draw: random.Random
) -> Complaint:
    filed = datetime(month.year, month.month, 1, 12, tzinfo=UTC) + timedelta(minutes=draw.randrange(0, 60 * 24 * 5))
    due = filed + timedelta(days=5)
    return Complaint(
        tracking_number=numbered_tracking_number("MAS", number * 7919),
        jurisdiction=contract.jurisdiction,
        service=category.service,
        category=category,
        channel=Complaint.Channel.API,
        point=place,
        public_point=place,
        place_precision="exact",
        place_shown="exact",
        unit=contract.unit,
        state="resolved",
        submitted_at=filed,
        updated_at=filed,
        resolution_due_at=due,
    )


def _finding(
    contract: Contract,
    complaint: Complaint,
    clause: Clause,
    manager: User,
    number: int,
    month: date,
    catalogue: Snapshot,
) -> Finding:
    opened = datetime(month.year, month.month, 28, 12, tzinfo=UTC)
    about_time = clause.per == Clause.Per.DAY_LATE
    due = complaint.resolution_due_at
    assert due is not None
    return Finding(
        number=f"{contract.prefix}-{month.year}-{number + 1:05d}",
        jurisdiction=contract.jurisdiction,
        contract=contract,
        version=clause.version,
        clause=clause,
        complaint=complaint,
        state="justified",
        occurred_on=due.date() if about_time else complaint.submitted_at.date(),
        due_at=due if about_time else None,
        counted_from=grace_end(clause, due, catalogue, contract.unit_id) if about_time else None,
        grounds="x",
        opened_at=opened,
        opened_by=manager,
        answer_due_at=opened,
        updated_at=opened,
    )


def _history(complaint: Complaint, finding: Finding, draw: random.Random) -> list[Event]:
    """Filed; and for the late ones: the missed promise, and the day on which it was kept after all."""
    events = [
        Event(
            complaint=complaint, at=complaint.submitted_at, kind="submitted", actor_role="reporter", to_state="received"
        )
    ]
    if finding.due_at is not None and finding.counted_from is not None:
        done = finding.counted_from + timedelta(hours=draw.randrange(1, 24 * 12))
        finding.met_at = finding.counted_to = done
        data: dict[str, object] = {"deadline": "resolution", "due": finding.due_at.isoformat()}
        events.append(Event(complaint=complaint, at=finding.due_at, kind="breached", actor_role="system", data=data))
        events.append(
            Event(
                complaint=complaint, at=done, kind="state_changed", actor_role="operator_user",
                from_state="received", to_state="resolved", is_public=True,
            )
        )  # fmt: skip
    return events


def _decision(finding: Finding, manager: User) -> Decision:
    calculation = calculation_for(finding)
    return Decision(
        finding=finding,
        kind="first",
        outcome="justified",
        reasons="x",
        decided_by=manager,
        decided_at=finding.opened_at,
        from_state="accepted",
        needs_second=False,
        amount_centimes=calculation.amount_centimes,
        calculation=calculation.facts(),
    )


def _reversal(first: Decision, manager: User) -> Decision:
    return Decision(
        finding=first.finding,
        kind="appeal",
        outcome="reversed",
        reasons="y",
        authority="A",
        decided_by=manager,
        decided_at=first.decided_at + timedelta(days=1),
        from_state="appealed",
        needs_second=True,
        amount_centimes=first.amount_centimes,
    )
