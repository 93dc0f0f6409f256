"""Equity: the same category is compared, not the mix of categories; and chance is not called a difference."""

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import User
from analytics.equity import EquityLine
from analytics.intervals import share_interval
from analytics.scorecards import Subject
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from tests.builders import build_complaint

if TYPE_CHECKING:
    from tests.conftest import SignIn

HOUR = timedelta(hours=1)
WEST, EAST = (0.5, 0.5), (2.5, 0.5)


def answered(category: str, at: tuple[float, float], hours: float) -> None:
    now = timezone.now()
    complaint = build_complaint(category, at=at, now=now - timedelta(days=20))
    Complaint.objects.filter(pk=complaint.pk).update(answered_at=complaint.submitted_at + hours * HOUR)


def verdicts(client: object) -> dict[str, str]:
    response = client.get("/en/office/")  # type: ignore[attr-defined]
    assert "Are quarters answered equally fast?" in response.content.decode()
    return {line.subject.code: line.verdict for line in response.context["office"].equity}


def test_a_quarter_with_slow_categories_only_is_not_a_slow_quarter(
    signed_in: "SignIn", office_user: User, gridville: Jurisdiction
) -> None:
    # Litter takes ten times as long everywhere; the east has mostly litter.
    for number in range(8):
        answered("pothole", WEST, 10 + number % 4)
        answered("litter", EAST, 100 + number % 4)
    for number in range(4):
        answered("pothole", EAST, 10 + number)
        answered("litter", WEST, 100 + number)
    found = verdicts(signed_in(office_user))
    assert len(found) == 2 and set(found.values()) == {"even"}


def test_a_quarter_that_waits_longer_for_the_same_is_named_and_those_still_waiting_count(
    signed_in: "SignIn", office_user: User, gridville: Jurisdiction
) -> None:
    for number in range(9):
        answered("pothole", WEST, 10 + number)
        if number < 5:
            answered("pothole", EAST, 30 + number)
    for _ in range(4):
        build_complaint("pothole", at=EAST, now=timezone.now() - timedelta(days=20))
    client = signed_in(office_user)
    assert sorted(verdicts(client).values()) == ["faster", "slower"]
    slowest = client.get("/en/office/").context["office"].equity[0]
    [asked] = client.get(f"/en/office/?district={slowest.subject.code}").context["office"].equity
    assert (asked.verdict, asked.city_share) == ("slower", slowest.city_share)
    text = client.get("/en/office/equity.csv").content.decode("utf-8-sig")
    assert text.splitlines()[1].split(",")[2:4] == ["9", "9"] and text.splitlines()[1].endswith("slower")


def test_of_equal_quarters_about_one_in_twenty_is_named_by_chance() -> None:
    draw, named = random.Random(11), 0
    for _ in range(1000):
        slower = sum(draw.random() < 0.5 for _ in range(60))
        line = EquityLine(Subject("", ""), slower, 60, 50.0, "", few=False)
        named += line.verdict != "even"
        assert line.interval == share_interval(slower, 60)
    # The share of 0.05 in 1,000 has a standard deviation of 0.007.
    assert 0.029 <= named / 1000 <= 0.071
