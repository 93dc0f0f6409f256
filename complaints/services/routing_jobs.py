"""Simulations and re-routings that were asked for: rows that a sweep works off, so that no page waits for them."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from catalogue.models import Jurisdiction
from complaints.models import Rerouting, Simulation, SimulationCell, SimulationMove
from complaints.rule_changes import Change, RuleGone, apply_change, as_data, change_of
from complaints.services.rerouting import reroute
from complaints.simulation import Simulation as Simulated
from complaints.simulation import router_after, router_with, simulate
from districts.models import BoundaryEdition, EditionActivation
from queueing.models import QueueRow, QueueState, claims, fail, finish

LEASE = timedelta(minutes=5)
# Rows of a simulation that nobody looks at any more.
KEPT = timedelta(days=90)

logger = logging.getLogger(__name__)


def request_simulation(
    city: Jurisdiction, editions: Sequence[BoundaryEdition], *, months: int, requested_by: str, now: datetime
) -> Simulation:
    """Ask what these editions of a city would move; `run_due_simulations` answers it."""
    with transaction.atomic():
        row = Simulation.objects.create(
            jurisdiction=city, months=months, requested_by=requested_by, requested_at=now, next_attempt_at=now
        )
        row.editions.set(editions)
    return row


def request_trial(city: Jurisdiction, change: Change, *, months: int, requested_by: str, now: datetime) -> Simulation:
    """Ask what another rule would move."""
    return Simulation.objects.create(
        jurisdiction=city, months=months, requested_by=requested_by, requested_at=now, next_attempt_at=now,
        change=as_data(change),
    )  # fmt: skip


def request_rerouting(city: Jurisdiction, *, requested_by: str, now: datetime) -> Rerouting:
    """Ask for the open complaints of a city to be routed again; `run_due_reroutings` does it."""
    return Rerouting.objects.create(jurisdiction=city, requested_by=requested_by, requested_at=now, next_attempt_at=now)


def start_rerouting(city: Jurisdiction, *, requested_by: str, now: datetime) -> Rerouting:
    """A re-routing that the caller does at once, under a lease that `stay` prolongs."""
    return Rerouting.objects.create(
        jurisdiction=city, requested_by=requested_by, requested_at=now, next_attempt_at=now, leased_until=now + LEASE,
        attempts=1,
    )  # fmt: skip


def run_due_simulations(*, now: datetime) -> int:
    """Answer what was asked; how many."""
    done = 0
    for row in claims(Simulation, now=now, limit=20, lease=LEASE):
        try:
            done += _run_simulation(row)
        except RuleGone as error:
            fail(row, type(error).__name__, now=now, permanent=True)
        except Exception as error:
            fail(row, type(error).__name__, now=now)
            logger.exception("simulation %s failed", row.pk)
    return done


def _run_simulation(row: Simulation) -> bool:
    city = row.jurisdiction

    def heard(step: int) -> None:
        # Each step is a sign of life: nobody else may take the row over.
        Simulation.objects.filter(pk=row.pk, attempts=row.attempts).update(step=step)
        stay(row)

    change = change_of(row.change)
    if change is None:
        router = router_with(city, list(row.editions.all()))
    else:
        router = router_after(city, partial(apply_change, city, change))
    result = simulate(
        city,
        router,
        months=row.months,
        now=row.requested_at,
        on_step=heard,
    )
    return _keep(row, result)


@transaction.atomic
def _keep(row: Simulation, result: Simulated) -> bool:
    row.moves.all().delete()
    row.cells.all().delete()
    SimulationMove.objects.bulk_create(
        SimulationMove(simulation=row, kind=kind, from_code=m.from_code, to_code=m.to_code, n=m.n, n_open=m.n_open)
        for kind, found in (("unit", result.units), ("district", result.districts))
        for m in found
    )
    SimulationCell.objects.bulk_create(SimulationCell(simulation=row, **vars(cell)) for cell in result.cells)
    return finish(
        row,
        done_at=timezone.now(),
        looked_at=result.looked_at,
        open=result.open,
        moved=result.moved,
        moved_open=result.moved_open,
        kept_by_hand=result.kept_by_hand,
        left_outside=result.left_outside,
    )


def run_due_reroutings(*, now: datetime) -> int:
    """Do what was asked for, by people and by activations; how many."""
    _take_over_activations(now)
    done = 0
    for row in claims(Rerouting, now=now, limit=20, lease=LEASE):
        try:
            reroute(row, now=now, on_step=lambda moved, row=row: stay(row))  # type: ignore[misc]
            done += 1
        except Exception as error:
            fail(row, type(error).__name__, now=now)
            logger.exception("re-routing %s failed", row.pk)
    return done


def _take_over_activations(now: datetime) -> None:
    """Each activation that asks for it becomes a re-routing, once."""
    asked = EditionActivation.objects.filter(reroute_open=True, queue_state=QueueState.DONE, rerouting=None)
    rows = [
        Rerouting(
            jurisdiction_id=activation.edition.jurisdiction_id,
            activation=activation,
            requested_by=activation.requested_by,
            requested_at=now,
            next_attempt_at=now,
        )
        for activation in asked.select_related("edition")
    ]
    Rerouting.objects.bulk_create(rows, ignore_conflicts=True)


def stay(row: QueueRow) -> None:
    """Prolong the lease of a row that is being worked at."""
    until = timezone.now() + LEASE
    held = type(row)._default_manager.filter(pk=row.pk, attempts=row.attempts, queue_state=QueueState.DUE)
    if held.update(leased_until=until):
        row.leased_until = until


def remove_old_simulations(*, now: datetime) -> int:
    """Delete simulations that were asked for long ago; how many there were."""
    return Simulation.objects.filter(requested_at__lt=now - KEPT).delete()[1].get("complaints.Simulation", 0)
