"""Taking in a complaint stores all of it or nothing, once."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.models import Jurisdiction
from complaints.errors import (
    AnswerInvalid,
    IdempotencyMismatch,
    OutsideJurisdictions,
    UnknownCategory,
)
from complaints.models import Complaint, Event, FeedItem, IdempotencyKey, Reporter, RoutingDecision
from complaints.services.submission import Idempotency, NewComplaint, NewReporter, submit
from notifications.models import OutboxMessage
from tests.builders import SCALE, build_complaint, build_enough


def filing(category: str = "pothole", at: tuple[float, float] = (0.5, 0.5), **more: object) -> NewComplaint:
    values: dict[str, object] = {"reporter": NewReporter(language="fr"), "channel": Complaint.Channel.API} | more
    return NewComplaint(category=category, longitude=at[0] * SCALE, latitude=at[1] * SCALE, **values)  # type: ignore[arg-type]


def test_a_complaint_comes_with_its_decision_event_feed_item_and_promises(
    gridville: Jurisdiction, now: datetime
) -> None:
    given = submit(filing(), now=now)
    complaint = Complaint.objects.get(tracking_number=given.tracking_number)
    assert (given.unit.code, given.district and given.district.code, given.triage) == ("roads-dept", "w1", False)
    # Filed on Monday 23 November at 10:00: two working days later, at closing time.
    assert given.answer_due == "2026-11-25T16:30:00+00:00"
    assert given.resolution_due == "2026-11-30T16:30:00+00:00"
    assert complaint.answer_due_wall == "2026-11-25T16:30:00"
    assert RoutingDecision.objects.get(complaint=complaint).reason == "default_unit"
    assert Event.objects.get(complaint=complaint).kind == "submitted"
    assert FeedItem.objects.filter(complaint=complaint).count() == 1
    assert Reporter.objects.get(complaint=complaint).consent_version == "2026-11"


def test_it_takes_at_most_five_statements_when_the_catalogue_is_known(gridville: Jurisdiction, now: datetime) -> None:
    # The first one also makes the statements known to the connection.
    submit(filing(), now=now, idempotency=Idempotency("first" * 4, "h"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        submit(filing(), now=now, idempotency=Idempotency("k" * 16, "h"))
    statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(statements) <= 5, statements


def test_the_same_key_gives_the_same_receipt_and_one_complaint(gridville: Jurisdiction, now: datetime) -> None:
    key = Idempotency("a-random-key-of-enough-length", "hash")
    assert submit(filing(), now=now, idempotency=key) == submit(filing(), now=now, idempotency=key)
    assert Complaint.objects.count() == IdempotencyKey.objects.count() == 1


def test_another_body_with_that_key_is_refused(gridville: Jurisdiction, now: datetime) -> None:
    submit(filing(), now=now, idempotency=Idempotency("key", "one"))
    with pytest.raises(IdempotencyMismatch):
        submit(filing(), now=now, idempotency=Idempotency("key", "two"))


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (filing(at=(9, 9)), OutsideJurisdictions),
        (filing(category="dragons"), UnknownCategory),
        (filing(category="overflowing-bin", answers={"container": "purple"}), AnswerInvalid),
        (filing(answers={"container": "green"}), AnswerInvalid),
    ],
)
def test_what_is_refused_leaves_nothing(
    gridville: Jurisdiction, now: datetime, new: NewComplaint, error: type[Exception]
) -> None:
    with pytest.raises(error):
        submit(new, now=now, idempotency=Idempotency("key", "hash"))
    assert not Complaint.objects.exists() and not IdempotencyKey.objects.exists() and not Reporter.objects.exists()


def test_who_left_an_address_and_consent_gets_one_message_with_the_secret_link(
    gridville: Jurisdiction, now: datetime
) -> None:
    complaint = build_complaint(now=now, email="rita@example.org")
    message = OutboxMessage.objects.get()
    assert message.recipient == "rita@example.org"
    assert complaint.tracking_number in message.body and "/fr/c/" in message.body


@pytest.mark.parametrize(
    ("category", "precision", "visible"),
    [("pothole", "exact", True), ("noise", "grid", True), ("vagrancy", "district", True), ("domestic", "never", False)],
)
def test_the_public_place_is_as_precise_as_the_category_allows(
    gridville: Jurisdiction, now: datetime, category: str, precision: str, visible: bool
) -> None:
    complaint = build_enough(category, now=now)[-1]
    assert complaint.place_precision == complaint.place_shown == precision
    assert Complaint.objects.public().filter(pk=complaint.pk).exists() == visible
    if precision == "exact":
        assert complaint.public_point == complaint.point
    else:
        assert complaint.public_point != complaint.point


def test_urgent_cases_are_never_public(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint("live-wire", now=now)
    assert complaint.public_point is None and complaint.visibility == "private"
