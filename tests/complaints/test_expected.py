"""What is learned from the past of how long a complaint takes: enough cases, the middle and the span, and no place told."""

from datetime import datetime, timedelta
from html import unescape

from django.test import Client

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.expected import LEAST, expected_resolution
from complaints.models import Complaint, ExpectedTime
from complaints.services.expectations import learn
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.builders import SCALE, build_complaint

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def settled(count: int, now: datetime, clerk: User, *, at: tuple[float, float] = (0.5, 0.5)) -> None:
    """`count` complaints that took one hour, two hours…"""
    for n in range(1, count + 1):
        complaint = build_complaint(at=at, now=now)
        change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now + n * HOUR, note="Fait", reason="no_trace")


def expected(complaint: Complaint, now: datetime) -> tuple[datetime, datetime, datetime, int] | None:
    found = expected_resolution(Complaint.objects.get(pk=complaint.pk), now=now)
    return (found.low, found.median, found.high, found.n) if found else None


def test_four_of_five_fall_into_the_span(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    settled(21, now, clerk)
    later = now + 30 * DAY
    assert learn(now=later) == 2
    complaint = build_complaint(now=later)
    assert expected(complaint, later) == (later + 3 * HOUR, later + 11 * HOUR, later + 19 * HOUR, 21)
    # It takes longer than nearly all: an estimate would be none.
    assert expected(complaint, later + 20 * HOUR) is None
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=later + HOUR, note="Fait", reason="no_trace")
    assert expected(complaint, later + HOUR) is None


def test_too_few_cases_say_nothing(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    settled(LEAST - 1, now, clerk)
    assert learn(now=now + 30 * DAY) == 0
    assert expected(build_complaint(now=now + 30 * DAY), now + 30 * DAY) is None


def test_where_a_district_has_too_few_the_citys_count(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    settled(12, now, clerk, at=(0.5, 0.5))
    settled(10, now, clerk, at=(2.5, 0.5))
    later = now + 30 * DAY
    learn(now=later)
    assert [(row.district_code, row.n) for row in ExpectedTime.objects.all()] == [("", 22)]
    found = expected(build_complaint(now=later), later)
    assert found is not None
    assert found[3] == 22


def test_what_is_older_than_a_year_or_was_refused_does_not_count(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    settled(21, now, clerk)
    for _ in range(5):
        complaint = build_complaint(now=now)
        change_state(complaint.pk, Verb.REJECT, acting_user=clerk, now=now + HOUR, note="Non", reason="not_founded")
    learn(now=now + 30 * DAY)
    assert {row.n for row in ExpectedTime.objects.all()} == {21}
    assert learn(now=now + 400 * DAY) == 0


def test_a_district_that_is_not_public_is_not_told_by_an_estimate(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    settled(21, now, clerk)
    settled(21, now, clerk, at=(2.5, 0.5))
    ExpectedTime.objects.all().delete()
    later = now + 30 * DAY
    learn(now=later)
    ExpectedTime.objects.filter(district_code="").update(n=1000)
    complaint = build_complaint(now=later)
    found = expected(complaint, later)
    assert found is not None
    assert found[3] == 21
    Complaint.objects.filter(pk=complaint.pk).update(place_shown="withheld", public_point=None)
    found = expected(complaint, later)
    assert found is not None
    assert found[3] == 1000


def test_it_stands_beside_the_promise_and_is_called_an_estimate(
    gridville: Jurisdiction, clerk: User, client: Client, now: datetime
) -> None:
    settled(21, now, clerk)
    learn(now=now + 30 * DAY)
    ExpectedTime.objects.update(high=timedelta(days=40_000))
    complaint = build_complaint(now=now + 30 * DAY)
    page = unescape(client.get(f"/fr/complaints/{complaint.tracking_number}/").content.decode())
    assert "Une estimation, pas une promesse" in page
    query = {
        "category": "pothole",
        "longitude": str(0.5 * SCALE),
        "latitude": str(0.5 * SCALE),
        "jurisdiction": "gridville",
    }
    preview = unescape(client.get("/fr/report/check/", query).content.decode())
    assert "21 autres" in preview
