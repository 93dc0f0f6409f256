"""When the backlog is cleared: the queue model against simulated queues, and what the page says of it."""

import csv
import io
import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.models import User
from analytics.backlog import Backlog
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from tests.builders import build_complaint

if TYPE_CHECKING:
    from tests.conftest import SignIn

DAYS = 90


def arrivals(draw: random.Random, per_day: float, days: float) -> int:
    """How many of a Poisson stream fall into so many days."""
    count, at = 0, draw.expovariate(per_day)
    while at < days:
        count, at = count + 1, at + draw.expovariate(per_day)
    return count


def test_the_interval_holds_the_true_time_in_about_95_of_100_cities() -> None:
    draw, held, cities = random.Random(8620), 0, 400
    for _ in range(cities):
        seen = Backlog(300, arrivals(draw, 4.0, DAYS), arrivals(draw, 6.0, DAYS), DAYS)
        fast, slow = seen.clear_between
        assert fast is not None
        held += fast <= 300 / (6.0 - 4.0) and (slow is None or slow >= 300 / (6.0 - 4.0))
    # Three standard deviations of a share of 0.95 in 400 are 0.033.
    assert 0.917 <= held / cities <= 0.983


def test_so_much_work_clears_it_in_time_in_simulated_cities() -> None:
    draw, known = random.Random(6), Backlog(open=300, came=360, left=270, days=DAYS)
    work = known.work_for(30)
    left_over = []
    for _ in range(200):
        came = arrivals(draw, 360 / DAYS, 30)
        left_over.append(300 + came - arrivals(draw, work * 270 / DAYS, 30))
    # Nothing is left on average: a standard deviation of one city is 23, of the mean of 200 it is 1.7.
    assert abs(sum(left_over) / len(left_over)) <= 5.1


def test_a_backlog_that_grows_is_never_cleared_and_one_by_chance_perhaps_never() -> None:
    assert Backlog(open=50, came=200, left=100, days=DAYS).clear_days is None
    assert Backlog(open=50, came=200, left=100, days=DAYS).clear_between == (None, None)
    fast, slow = Backlog(open=50, came=100, left=105, days=DAYS).clear_between
    assert fast is not None and slow is None


@pytest.fixture
def a_queue(gridville: Jurisdiction) -> None:
    """Of potholes five left in the last ninety days, three came; two that are older are open, and one litter."""
    now = timezone.now()
    for filed, closed in (
        (100, 20),
        (99, 19),
        (98, 5),
        (97, 4),
        (30, 3),
        (20, None),
        (10, None),
        (200, None),
        (201, None),
    ):
        complaint = build_complaint("pothole", now=now - timedelta(days=filed))
        if closed is not None:
            Complaint.objects.filter(pk=complaint.pk).update(state="resolved", closed_at=now - timedelta(days=closed))
    build_complaint("litter", at=(0.5, 1.5), now=now - timedelta(days=1))


@pytest.mark.usefixtures("a_queue")
def test_the_page_tells_when_each_service_is_done_and_gives_the_same_file(
    signed_in: "SignIn", office_user: User
) -> None:
    client = signed_in(office_user)
    # The period and the states of the filter do not hide what is open.
    for query in ("", "?state=closed", "?late=true"):
        response = client.get(f"/en/office/{query}")
        lines = {line.subject.code: line for line in response.context["office"].backlog()}
        roads = lines["roads"].backlog
        assert (roads.open, roads.came, roads.left) == (4, 3, 5)
        assert lines["cleanliness"].few and lines["cleanliness"].verdict == "too few to say"
        assert "perhaps never" in lines["roads"].interval
        assert "When the backlog is cleared" in response.content.decode()
        assert client.get(lines["roads"].url).context["list"].total == "4"
    file = client.get("/en/office/backlog.csv").content.decode("utf-8-sig")
    rows = {row["code"]: row for row in csv.DictReader(io.StringIO(file))}
    assert rows["roads"]["open"] == "4" and rows[""]["open"] == "5"
    assert float(rows["roads"]["clear_days"]) == pytest.approx(4 * roads.days / 2, rel=0.01)
    assert rows["roads"]["clear_days_high"] == "" and rows["cleanliness"]["clear_days"] == ""
