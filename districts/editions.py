"""Which edition of a layer is in force: activating now or on a date, going back. One change of a city at a time."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from districts.importing.storing import lock_layer
from districts.models import BoundaryEdition, EditionActivation
from queueing.models import QueueState, claims, fail

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)


class EditionError(Exception):
    """What cannot be done with an edition; `code` is stable."""

    code = "edition_error"


class AlreadyActive(EditionError):
    code = "already_active"


class NothingToGoBackTo(EditionError):
    code = "nothing_to_go_back_to"


class DateHasPassed(EditionError):
    code = "date_has_passed"


@transaction.atomic
def activate(
    edition: BoundaryEdition, *, requested_by: str, now: datetime, reroute_open: bool = False, is_rollback: bool = False
) -> EditionActivation:
    """Put an edition in force at once, in place of the one before; what was planned for the layer is cancelled.

    Complaints keep the district and the decision they got. Raises AlreadyActive.
    """
    lock_layer(edition.jurisdiction)
    edition.refresh_from_db()
    if edition.is_active:
        raise AlreadyActive
    cancel_planned(edition)
    row = EditionActivation(
        edition=edition, requested_by=requested_by, requested_at=now, next_attempt_at=now, reroute_open=reroute_open,
        is_rollback=is_rollback, queue_state=QueueState.DONE,
    )  # fmt: skip
    _put_in_force(row, now)
    row.save()
    return row


@transaction.atomic
def plan_activation(
    edition: BoundaryEdition, *, at: datetime, requested_by: str, now: datetime, reroute_open: bool = False
) -> EditionActivation:
    """Put an edition in force at an instant to come; an earlier plan for the layer is cancelled.

    Raises AlreadyActive, DateHasPassed.
    """
    if at <= now:
        raise DateHasPassed
    lock_layer(edition.jurisdiction)
    edition.refresh_from_db()
    if edition.is_active:
        raise AlreadyActive
    cancel_planned(edition)
    return EditionActivation.objects.create(
        edition=edition, requested_by=requested_by, requested_at=now, next_attempt_at=at, reroute_open=reroute_open
    )


def cancel_planned(edition: BoundaryEdition) -> int:
    """Cancel what is planned for an edition's layer; how many plans there were."""
    planned = EditionActivation.objects.filter(
        edition__jurisdiction_id=edition.jurisdiction_id, edition__layer=edition.layer, queue_state=QueueState.DUE
    )
    return planned.update(queue_state=QueueState.CANCELLED, leased_until=None)


@transaction.atomic
def roll_back(
    active: BoundaryEdition, *, requested_by: str, now: datetime, reroute_open: bool = False
) -> EditionActivation:
    """Put the edition in force that `active` took the place of, exactly as it was.

    Raises NothingToGoBackTo, also when `active` is in force no longer.
    """
    lock_layer(active.jurisdiction)
    active.refresh_from_db()
    before = edition_before(active)
    if not active.is_active or before is None:
        raise NothingToGoBackTo
    return activate(before, requested_by=requested_by, now=now, reroute_open=reroute_open, is_rollback=True)


def edition_before(edition: BoundaryEdition) -> BoundaryEdition | None:
    """The edition that this one took the place of when it last came into force; None for the first one.

    To have gone back to it does not count: going back twice goes back two steps. Editions older than the history of
    activations took the place of the number before theirs.
    """
    done = EditionActivation.objects.filter(edition=edition, done_at__isnull=False, is_rollback=False)
    last = done.order_by("-done_at", "-pk").first()
    if last is not None:
        return last.replaced
    same = BoundaryEdition.objects.filter(jurisdiction_id=edition.jurisdiction_id, layer=edition.layer)
    return same.filter(number__lt=edition.number, activated_at__isnull=False).order_by("-number").first()


def run_due_activations(*, now: datetime) -> int:
    """Put in force what was planned for now; how many editions that were."""
    done = 0
    for row in claims(EditionActivation, now=now, limit=50, lease=LEASE):
        try:
            done += _run(row, now)
        except Exception as error:
            fail(row, type(error).__name__, now=now)
            logger.exception("edition %s could not be activated", row.edition_id)
    return done


@transaction.atomic
def _run(row: EditionActivation, now: datetime) -> bool:
    """One planned activation, unless somebody cancelled it since."""
    lock_layer(row.edition.jurisdiction)
    held = EditionActivation.objects.select_for_update().filter(
        pk=row.pk, queue_state=QueueState.DUE, attempts=row.attempts
    )
    current = held.select_related("edition__jurisdiction").first()
    if current is None:
        return False
    current.queue_state, current.leased_until = QueueState.DONE, None
    if not current.edition.is_active:
        _put_in_force(current, now)
    current.save()
    return True


def _put_in_force(row: EditionActivation, now: datetime) -> None:
    """The flags change in one transaction: everybody sees exactly one active edition, the old one or the new one."""
    edition = row.edition
    layer = BoundaryEdition.objects.filter(jurisdiction_id=edition.jurisdiction_id, layer=edition.layer)
    row.replaced = layer.filter(is_active=True).first()
    layer.filter(is_active=True).update(is_active=False)
    edition.is_active, edition.activated_at = True, now
    edition.save(update_fields=["is_active", "activated_at"])
    row.done_at = now
