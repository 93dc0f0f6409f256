"""A due row is worked on by one worker at a time, outlives its workers' deaths, and ends where people see it."""

from collections import Counter
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from notifications.models import OutboxMessage
from queueing.models import (
    LEASE,
    MAX_ATTEMPTS,
    WORKER_DIED,
    QueueState,
    claim,
    claims,
    fail,
    finish,
    put_back,
)

SECOND = timedelta(seconds=1)


def put(number: int, now: datetime) -> OutboxMessage:
    return OutboxMessage.objects.create(
        recipient="r@example.org",
        language="fr",
        subject="s",
        body="b",
        reference="X",
        dedup_key=str(number),
        created_at=now,
        next_attempt_at=now,
    )


@pytest.mark.django_db
def test_a_claimed_row_is_skipped_until_its_lease_runs_out(now: datetime) -> None:
    put(1, now)
    (first,) = claim(OutboxMessage, now=now, limit=9)
    assert claim(OutboxMessage, now=now + LEASE - SECOND, limit=9) == []
    (second,) = claim(OutboxMessage, now=now + LEASE, limit=9)
    assert (first.attempts, second.attempts) == (1, 2)


@pytest.mark.django_db
def test_who_lost_the_lease_changes_nothing(now: datetime) -> None:
    put(1, now)
    (late,) = claim(OutboxMessage, now=now, limit=1)
    (holder,) = claim(OutboxMessage, now=now + LEASE, limit=1)
    assert finish(late) is False
    assert fail(late, "x", now=now) is None
    assert put_back(late, "x", until=now) is False
    assert finish(holder, sent_at=now) is True
    row = OutboxMessage.objects.get()
    assert (row.queue_state, row.leased_until, row.sent_at) == ("done", None, now)
    assert finish(holder) is False


@pytest.mark.django_db
def test_an_attempt_put_back_is_not_mistaken_for_the_next_one(now: datetime) -> None:
    """Both claims have the number 1; the lease tells them apart."""
    put(1, now)
    (first,) = claim(OutboxMessage, now=now, limit=1)
    put_back(first, "mail server away", until=now + SECOND)
    (second,) = claim(OutboxMessage, now=now + SECOND, limit=1)
    assert first.attempts == second.attempts == 1
    assert finish(first) is False
    assert finish(second) is True


@pytest.mark.django_db
def test_each_failure_waits_longer_and_the_last_one_is_final(now: datetime) -> None:
    put(1, now)
    at, waits = now, []
    while rows := claim(OutboxMessage, now=at, limit=1):
        fail(rows[0], "no", now=at)
        row = OutboxMessage.objects.get()
        waits.append((row.next_attempt_at - at).total_seconds())
        at = row.next_attempt_at
    assert waits == sorted(waits)
    assert len(waits) == MAX_ATTEMPTS
    assert (row.queue_state, row.last_error) == (QueueState.FAILED, "no")


@pytest.mark.django_db
def test_a_row_that_kills_every_worker_is_put_aside_and_the_rest_goes_on(now: datetime) -> None:
    poison, good = put(1, now), put(2, now + SECOND)
    at = now
    for _ in range(MAX_ATTEMPTS):
        (row,) = claim(OutboxMessage, now=at, limit=1)
        assert row.pk == poison.pk
        at += LEASE
    done = []
    for row in claims(OutboxMessage, now=at, limit=5):
        done.append(row.pk)
        finish(row)
    assert done == [good.pk]
    poison.refresh_from_db()
    assert (poison.queue_state, poison.last_error) == (QueueState.FAILED, WORKER_DIED)


@pytest.mark.django_db
def test_a_worker_that_dies_in_a_sweep_leaves_the_rows_after_it_untouched(now: datetime) -> None:
    for number in range(3):
        put(number, now)
    next(claims(OutboxMessage, now=now, limit=3))
    assert sorted(OutboxMessage.objects.values_list("attempts", flat=True)) == [0, 0, 1]


@pytest.mark.django_db
def test_a_cancelled_row_cannot_be_finished(now: datetime) -> None:
    row = put(1, now)
    (held,) = claim(OutboxMessage, now=now, limit=1)
    OutboxMessage.objects.filter(pk=row.pk).update(queue_state=QueueState.CANCELLED, leased_until=None)
    assert finish(held) is False
    row.refresh_from_db()
    assert row.queue_state == QueueState.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_many_workers_share_the_rows_without_meeting(now: datetime) -> None:
    for number in range(60):
        put(number, now)
    worked: list[int] = []
    together = Barrier(6)

    def work() -> None:
        together.wait()
        for row in claims(OutboxMessage, now=now, limit=60):
            worked.append(row.pk)
            finish(row)
        connection.close()

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(worked).most_common(1)[0][1] == 1
    assert len(worked) == 60
    assert not OutboxMessage.objects.exclude(queue_state=QueueState.DONE).exists()
