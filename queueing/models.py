"""Rows as a queue: what is to be done later is a row with a state, a lease and a next time (no domain knowledge here)."""

from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction
from django.db.models import Q


class QueueState(models.TextChoices):
    DUE = "due", "due"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


MAX_ATTEMPTS = 8
LEASE = timedelta(seconds=60)
BACK_OFF_SECONDS = (5, 30, 120, 600, 1800, 3600, 7200)


class QueueRow(models.Model):
    """Columns of a row that a sweep works off. A worker owns it until `leased_until`; then anybody may claim it again."""

    queue_state = models.CharField(max_length=10, choices=QueueState.choices, default=QueueState.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=QueueRow)


def claim(model: type[Row], *, now: datetime, limit: int, lease: timedelta = LEASE) -> list[Row]:
    """Lease up to `limit` due rows to the caller, oldest first; rows that another worker holds are skipped.

    The lease is written in a transaction of its own, so that the work happens outside any transaction. Each claim counts
    as an attempt: work that kills its worker still runs out of attempts.
    """
    with transaction.atomic():
        rows = list(
            model._default_manager.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(leased_until=None) | Q(leased_until__lt=now), queue_state=QueueState.DUE, next_attempt_at__lte=now)
            .order_by("next_attempt_at", "pk")[:limit]
        )
        for row in rows:
            row.leased_until = now + lease
            row.attempts += 1
        model._default_manager.bulk_update(rows, ["leased_until", "attempts"])
    return rows


def finish(row: QueueRow, *, state: QueueState = QueueState.DONE) -> bool:
    """Compare-and-set: True if this worker's claim still holds and the row is now `state`; False if it lost the lease."""
    updated = (
        type(row)
        ._default_manager.filter(pk=row.pk, queue_state=QueueState.DUE, attempts=row.attempts)
        .update(queue_state=state, leased_until=None, last_error="")
    )
    return updated == 1


def fail(row: QueueRow, error: str, *, now: datetime, permanent: bool = False) -> QueueState:
    """Give the row back: later each time, and FAILED (seen by people) when attempts run out or the fault is permanent."""
    gone = permanent or row.attempts >= MAX_ATTEMPTS
    state = QueueState.FAILED if gone else QueueState.DUE
    wait = BACK_OFF_SECONDS[min(row.attempts, len(BACK_OFF_SECONDS)) - 1]
    type(row)._default_manager.filter(pk=row.pk, queue_state=QueueState.DUE, attempts=row.attempts).update(
        queue_state=state, leased_until=None, next_attempt_at=now + timedelta(seconds=wait), last_error=error[:300]
    )
    return state
