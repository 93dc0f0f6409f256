"""Rows as a queue: what is to be done later is a row with a state, a lease and a next time (no domain knowledge here).

    for row in claims(Model, now=now, limit=50):     one at a time: a row that kills its worker costs only itself
        work outside any transaction
        finish(row) or fail(row, error, now=now)     counts only while the claim holds

A claim is known by its lease and its number (`attempts`): a worker that comes back after its lease ran out changes
nothing. So each effect must itself bear being done twice, or be stored together with the finish.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F, Q


class QueueState(models.TextChoices):
    DUE = "due", "due"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


MAX_ATTEMPTS = 8
LEASE = timedelta(seconds=60)
# Waits after the first, second … attempt: about four hours in all.
BACK_OFF_SECONDS = (5, 30, 120, 600, 1800, 3600, 7200)
WORKER_DIED = "every attempt ended with the death of its worker"


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

EVERY_ROW = Q()


def claim(model: type[Row], *, now: datetime, limit: int, lease: timedelta = LEASE, where: Q = EVERY_ROW) -> list[Row]:
    """Lease up to `limit` due rows to the caller, oldest first; rows that another worker holds are skipped.

    The lease is written in a transaction of its own, so that the work happens outside any transaction. Each claim counts
    as an attempt: a row whose every attempt ended with the death of its worker is FAILED here instead of claimed again.
    """
    with transaction.atomic():
        due = list(
            model._default_manager.select_for_update(skip_locked=True, of=("self",))
            .filter(
                Q(leased_until=None) | Q(leased_until__lte=now),
                where,
                queue_state=QueueState.DUE,
                next_attempt_at__lte=now,
            )
            .order_by("next_attempt_at", "pk")[:limit]
        )
        rows = [row for row in due if row.attempts < MAX_ATTEMPTS]
        given_up = [row.pk for row in due if row.attempts >= MAX_ATTEMPTS]
        for row in rows:
            row.leased_until = now + lease
            row.attempts += 1
        # The same for all of them in one statement; `bulk_update` would write a condition for every row of a thousand.
        every = model._default_manager
        if rows:
            every.filter(pk__in=[row.pk for row in rows]).update(leased_until=now + lease, attempts=F("attempts") + 1)
        if given_up:
            every.filter(pk__in=given_up).update(
                queue_state=QueueState.FAILED, leased_until=None, last_error=WORKER_DIED
            )
    return rows


def claims(
    model: type[Row],
    *,
    now: datetime,
    limit: int,
    seconds: float = 20.0,
    lease: timedelta = LEASE,
    where: Q = EVERY_ROW,
) -> Iterator[Row]:
    """Claim due rows one by one, each just before it is worked on, at most `limit` and for about `seconds`.

    `where` leaves others to other sweeps. Each lease begins when its row is handed out. Rows that become due meanwhile are
    included.
    """
    started = time.monotonic()
    for _ in range(limit):
        passed = time.monotonic() - started
        if passed > seconds:
            return
        rows = claim(model, now=now + timedelta(seconds=passed), limit=1, lease=lease, where=where)
        if not rows and not _any_due(model, now, where):
            return
        yield from rows


def _any_due(model: type[Row], now: datetime, where: Q) -> bool:
    """False when nothing is left to claim: an empty claim may also mean that a poisoned row was put aside."""
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    return model._default_manager.filter(free, where, queue_state=QueueState.DUE, next_attempt_at__lte=now).exists()


def finish(row: QueueRow, *, state: QueueState = QueueState.DONE, **changes: Any) -> bool:
    """Compare-and-set: True if this worker's claim still holds and the row is now `state`, with `changes` to its columns.

    False if the claim was lost (lease over and claimed again, or cancelled): then the row is as others left it.
    """
    return _held(row).update(queue_state=state, leased_until=None, last_error="", **changes) == 1


def fail(row: QueueRow, error: str, *, now: datetime, permanent: bool = False) -> QueueState | None:
    """Give the row back: later each time, and FAILED (seen by people) when attempts run out or the fault is permanent.

    Returns the row's state; None if the claim was lost, then nothing changed.
    """
    gone = permanent or row.attempts >= MAX_ATTEMPTS
    state = QueueState.FAILED if gone else QueueState.DUE
    wait = timedelta(seconds=BACK_OFF_SECONDS[min(row.attempts, len(BACK_OFF_SECONDS)) - 1])
    updated = _held(row).update(
        queue_state=state, leased_until=None, next_attempt_at=now + wait, last_error=error[:300]
    )
    return state if updated else None


def put_back(row: QueueRow, error: str, *, until: datetime) -> bool:
    """Give the row back without counting the attempt: what it needs is away (a mail server), the row is not at fault."""
    return (
        _held(row).update(
            leased_until=None, next_attempt_at=until, attempts=max(row.attempts - 1, 0), last_error=error[:300]
        )
        == 1
    )


def _held(row: QueueRow) -> "models.QuerySet[Any]":
    """The row, if the claim that `row` was handed out with still stands."""
    return type(row)._default_manager.filter(
        pk=row.pk, queue_state=QueueState.DUE, attempts=row.attempts, leased_until=row.leased_until
    )
