"""What a complaint's history shows against an operator: deadlines that were missed, and when they were met after all.

Read from events and routing decisions, which nobody can change; never from counts. Whether any of it becomes a finding is an
officer's to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from catalogue.snapshot import Snapshot, current_snapshot
from complaints.deadlines import due, parse_duration
from complaints.models import Complaint, Event, RoutingDecision
from complaints.undone import effective
from complaints.workflow import CLOSED_STATES, State
from contracts.models import Clause, Contract, ContractVersion

_CLOSING = frozenset(state.value for state in CLOSED_STATES)

# Nothing was broken where the complaint was not one, or was nobody's here.
NOT_TO_BE_ALLEGED = frozenset({State.REJECTED, State.OUT_OF_SCOPE, State.WITHDRAWN})


@dataclass(frozen=True)
class Pause:
    """The clock stood still while the reporter had to act; `until` None: it still does."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Missed:
    """A promise ("answer" or "resolution") that passed while a unit was responsible for it.

    `met_at` is when it was kept after all, or went over to another unit; None: it is still not kept.
    """

    deadline: str
    due_at: datetime
    met_at: datetime | None
    unit_id: int


@dataclass(frozen=True)
class History:
    """The facts of one complaint's life that a finding can rest on."""

    missed: tuple[Missed, ...]
    pauses: tuple[Pause, ...]
    changes: tuple[Event, ...]
    steps: tuple[Event, ...]


@dataclass(frozen=True)
class Option:
    """A clause that a finding about a complaint may allege, with the times that its penalty is reckoned from."""

    contract: Contract
    version: ContractVersion
    clause: Clause
    occurred_on: date
    due_at: datetime | None = None
    met_at: datetime | None = None
    counted_from: datetime | None = None
    counted_to: datetime | None = None


def read_history(events: Sequence[Event], decisions: Sequence[RoutingDecision]) -> History:
    """The history of one complaint from its rows in any order. What was undone at the desk at once ended no lateness."""
    ordered = effective(sorted(events, key=lambda event: (event.at, event.pk)))
    return History(
        missed=tuple(_missed(ordered, sorted(decisions, key=lambda row: (row.decided_at, row.pk)))),
        pauses=tuple(_pauses(ordered)),
        changes=tuple(event for event in ordered if event.kind == Event.Kind.DEADLINE_CHANGED),
        steps=tuple(event for event in ordered if event.is_public and event.kind != Event.Kind.DEADLINE_CHANGED),
    )


def history_of(complaint: Complaint) -> History:
    """The history of a complaint: two queries."""
    return read_history(list(complaint.events.all()), list(complaint.decisions.all()))


def options_for(complaint: Complaint, history: History, *, now: datetime) -> list[Option]:
    """Every clause of every contract that the complaint's history speaks to, the missed deadlines first.

    None for complaints that were rejected, out of scope or withdrawn, and for observations and suggestions.
    """
    if complaint.kind != Complaint.Kind.COMPLAINT or complaint.state in NOT_TO_BE_ALLEGED:
        return []
    catalogue = current_snapshot(complaint.jurisdiction)
    options: list[Option] = []
    for missed in history.missed:
        day = missed.due_at.astimezone(catalogue.time_zone).date()
        breach = Clause.Breach.ANSWER if missed.deadline == "answer" else Clause.Breach.RESOLUTION
        for contract, version, clause in _clauses(complaint, missed.unit_id, breach, day):
            option = _about_time(contract, version, clause, missed, day, catalogue, now)
            options += [option] if option else []
    filed_on = complaint.submitted_at.astimezone(catalogue.time_zone).date()
    for contract, version, clause in _clauses(complaint, complaint.unit_id, Clause.Breach.FOUNDED, filed_on):
        options.append(Option(contract, version, clause, filed_on))
    return options


def version_on(contract: Contract, day: date) -> ContractVersion | None:
    """The terms in force on a day; None before the first."""
    versions = [version for version in contract.versions.all() if version.valid_from <= day]
    return max(versions, key=lambda version: (version.valid_from, version.number), default=None)


def _clauses(
    complaint: Complaint, unit_id: int, breach: str, day: date
) -> Iterable[tuple[Contract, ContractVersion, Clause]]:
    contracts = (
        Contract.objects.filter(
            jurisdiction=complaint.jurisdiction_id,
            unit=unit_id,
            services=complaint.service_id,
            starts_on__lte=day,
            ends_on__gte=day,
        )
        .select_related("unit")
        .prefetch_related("versions__clauses__categories")
    )
    for contract in contracts:
        version = version_on(contract, day)
        if version is None or not _is_inside(contract, complaint):
            continue
        for clause in version.clauses.all():
            categories = {category.pk for category in clause.categories.all()}
            if clause.breach == breach and (not categories or complaint.category_id in categories):
                yield contract, version, clause


def _is_inside(contract: Contract, complaint: Complaint) -> bool:
    territory = contract.territory
    return territory is None or bool(territory.covers(complaint.point))


def _about_time(
    contract: Contract,
    version: ContractVersion,
    clause: Clause,
    missed: Missed,
    day: date,
    catalogue: Snapshot,
    now: datetime,
) -> Option | None:
    """None if it was met within the clause's grace, or grace is not over yet."""
    counted_from = grace_end(clause, missed.due_at, catalogue, contract.unit_id)
    counted_to = missed.met_at or now
    if counted_to <= counted_from:
        return None
    return Option(contract, version, clause, day, missed.due_at, missed.met_at, counted_from, counted_to)


def grace_end(clause: Clause, due_at: datetime, catalogue: Snapshot, unit_id: int) -> datetime:
    """When a clause begins to count after a deadline: grace runs on the operator's own calendar."""
    if not clause.grace:
        return due_at
    calendar = catalogue.calendar_of(catalogue.units[unit_id], due_at.date())
    return due(due_at, parse_duration(clause.grace), calendar).instant


def _missed(events: Sequence[Event], decisions: Sequence[RoutingDecision]) -> Iterable[Missed]:
    for event in events:
        if event.kind != Event.Kind.BREACHED:
            continue
        deadline, due_at = str(event.data["deadline"]), datetime.fromisoformat(str(event.data["due"]))
        unit_id = next((row.unit_id for row in reversed(decisions) if row.decided_at <= due_at), None)
        if unit_id is None:
            continue
        left_at = (row.decided_at for row in decisions if row.decided_at > due_at and row.unit_id != unit_id)
        ends = [at for at in (_met_at(events, deadline, due_at), next(left_at, None)) if at is not None]
        yield Missed(deadline, due_at, min(ends, default=None), unit_id)


def _met_at(events: Sequence[Event], deadline: str, due_at: datetime) -> datetime | None:
    """The first answer, or the first closing after the deadline: what ended the lateness."""
    for event in events:
        if event.at < due_at:
            continue
        closed = event.kind == Event.Kind.STATE_CHANGED and event.to_state in _CLOSING
        if closed or (deadline == "answer" and event.kind == Event.Kind.ANSWERED):
            return event.at
    return None


def _pauses(events: Sequence[Event]) -> Iterable[Pause]:
    since: datetime | None = None
    for event in events:
        if event.kind != Event.Kind.STATE_CHANGED:
            continue
        if since is not None:
            yield Pause(since, event.at)
            since = None
        if event.to_state == State.WAITING_REPORTER:
            since = event.at
    if since is not None:
        yield Pause(since, None)
