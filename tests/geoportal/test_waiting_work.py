"""The age of waiting work, as pages and the watchdog read it, is right and costs one index entry a queue."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from catalogue.models import Jurisdiction
from complaints.models import FeedItem
from geoportal.health import QUEUES, oldest_due_seconds
from notifications.models import OutboxMessage
from queueing.models import LEASE, claim
from tests.builders import build_complaint

MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
def test_nothing_waits_on_an_empty_site(now: datetime) -> None:
    assert oldest_due_seconds(now) == dict.fromkeys(QUEUES, 0.0)


def test_the_oldest_free_row_counts(gridville: Jurisdiction, now: datetime) -> None:
    build_complaint(now=now, email="rita@example.org")
    build_complaint(now=now + MINUTE)
    assert oldest_due_seconds(now + 3 * MINUTE) == dict.fromkeys(QUEUES, 0.0) | {"messages": 180.0, "feed": 180.0}
    claim(OutboxMessage, now=now + 3 * MINUTE, limit=1)
    assert oldest_due_seconds(now + 3 * MINUTE)["messages"] == 0.0, "a worker is at it"
    assert oldest_due_seconds(now + 3 * MINUTE + LEASE)["messages"] > 180, "the worker died"


def test_the_answer_comes_from_an_index(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    FeedItem.objects.bulk_create(
        [
            FeedItem(complaint=complaint, created_at=now, next_attempt_at=now, queue_state="done" if n % 50 else "due")
            for n in range(5000)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE complaints_feeditem")
        cursor.execute(
            "EXPLAIN SELECT next_attempt_at FROM complaints_feeditem WHERE queue_state = 'due' AND next_attempt_at <= %s"
            " AND (leased_until IS NULL OR leased_until <= %s) ORDER BY next_attempt_at, id LIMIT 1",
            [now, now],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "feed_due" in plan
    assert "Seq Scan" not in plan
