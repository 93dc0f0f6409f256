"""Readiness to report: two quarters with the same trouble, one of which reports three times as readily, come out equal."""

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import User
from analytics.periods import latest
from analytics.readiness import WINDOW_DAYS, Readiness, Watched, readiness, watched_incidents
from catalogue.models import Jurisdiction
from complaints.models import Complaint, Supporter
from complaints.workflow import State
from tests.builders import build_complaint

if TYPE_CHECKING:
    from tests.conftest import SignIn

DAY = timedelta(days=1)
WEST, EAST = (0.5, 0.5), (2.5, 0.5)


def made_up_quarter(draw: random.Random, incidents: int, rate: float, life: float) -> Watched:
    """Incidents that each stand for about `life` days, reported at `rate` a day while they stand; most never are."""
    reports = duplicates = 0
    days = 0.0
    for _ in range(incidents):
        stands = draw.expovariate(1 / life)
        first = draw.expovariate(rate)
        if first > stands:
            continue
        watched = min(stands - first, WINDOW_DAYS)
        at, again = first + draw.expovariate(rate), 0
        while at < stands:
            again += 1
            duplicates += at - first <= watched
            at += draw.expovariate(rate)
        reports, days = reports + 1 + again, days + watched
    return Watched(reports, duplicates, days)


def test_equal_trouble_reported_at_1_to_3_is_corrected_to_1_to_1() -> None:
    # Tolerance: 15 % of 1 where the raw ratio is 3 (2.7 to 3.3), for each of ten cities with fixed seeds.
    for seed in range(10):
        draw = random.Random(seed)
        slow, fast = (made_up_quarter(draw, 6000, rate, life=10) for rate in (0.02, 0.06))
        assert 2.7 < fast.reports / slow.reports < 3.3
        found = readiness({("west", "pothole"): slow, ("east", "pothole"): fast})
        assert abs(found["east"].corrected / found["west"].corrected - 1) < 0.15
        assert 2.4 < found["east"].rate / found["west"].rate < 3.6


def test_a_quarter_with_categories_that_are_reported_readily_is_not_called_ready() -> None:
    draw = random.Random(4)
    seen = {
        (place, category): made_up_quarter(draw, incidents, rate, life=10)
        for place, category, incidents, rate in (
            ("west", "pothole", 6000, 0.02), ("west", "litter", 1000, 0.1),
            ("east", "pothole", 1000, 0.02), ("east", "litter", 6000, 0.1),
        )
    }  # fmt: skip
    found = readiness(seen)
    assert all(0.85 < figures.rate < 1.15 for figures in found.values())


def test_the_interval_holds_the_truth_in_about_95_of_100_cities() -> None:
    draw, held, cities = random.Random(8), 0, 400
    for _ in range(cities):
        # Poisson with mean 30, by counting arrivals.
        events, at = 0, draw.expovariate(30)
        while at < 1:
            events, at = events + 1, at + draw.expovariate(30)
        low, high = Readiness(100, events, 30.0).interval
        held += low <= 1 <= high
    # The share of 0.95 in 400 has a standard deviation of 0.011.
    assert 0.917 <= held / cities <= 0.983


def test_few_duplicates_say_nothing() -> None:
    assert not Readiness(500, 9, 40.0).is_known and not Readiness(500, 40, 9.0).is_known
    assert Readiness(500, 10, 10.0).is_known
    assert readiness({("west", "pothole"): Watched(3, 0, 0.0)})["west"] == Readiness(3, 0, 0.0)


def test_duplicates_count_from_the_first_report_until_the_end_of_the_watch(
    gridville: Jurisdiction, now: datetime
) -> None:
    filed = now - 60 * DAY
    first, second, third, late = (build_complaint(at=WEST, now=filed + days * DAY) for days in (0, 2, 5, 45))
    # The primary is not the first report; one duplicate is too late, one "me too" within the watch, one after the closing.
    Complaint.objects.filter(pk__in=[first.pk, third.pk, late.pk]).update(merged_into=second)
    other = build_complaint(at=EAST, now=filed)
    Complaint.objects.filter(pk=other.pk).update(state=State.RESOLVED, closed_at=filed + 10 * DAY)
    for number, days in enumerate((4, 12)):
        Supporter.objects.create(complaint=other, joined_at=filed + days * DAY, voice=str(number))
    rows = Complaint.objects.all()
    found = watched_incidents(rows, "district__code", latest(90, gridville, now), now=now)
    seen = sorted(found.values(), key=lambda watched: watched.days)
    assert seen == [Watched(3, 1, 10.0), Watched(4, 2, float(WINDOW_DAYS))]


def test_the_page_and_the_file_say_the_corrected_figures(
    signed_in: "SignIn", office_user: User, gridville: Jurisdiction
) -> None:
    filed = timezone.now() - 40 * DAY
    for at, duplicates in ((WEST, 12), (EAST, 24)):
        primary = build_complaint(at=at, now=filed)
        for number in range(duplicates):
            Supporter.objects.create(complaint=primary, joined_at=filed + 2 * DAY, voice=str(number))
    build_complaint(at=(1.5, 0.5), now=filed)
    client = signed_in(office_user)
    page = client.get("/en/office/")
    lines = {line.subject.code: line for line in page.context["office"].readiness}
    by_reports = sorted(lines.values(), key=lambda line: line.figures.reports)
    assert [line.few for line in by_reports] == [True, False, False]
    west, east = by_reports[1:]
    # 13 and 25 reports; of 36 duplicates in three equal watches each would have 12.
    assert west.figures.expected == 12 and round(east.figures.rate, 3) == 2
    assert (round(west.figures.corrected, 3), round(east.figures.corrected, 3)) == (13, 12.5)
    text = page.content.decode()
    assert "How readily quarters report" in text and "arXiv 2204.08620" in text and "too few to say" in text
    rows = client.get("/en/office/readiness.csv").content.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("code,name,complaints,duplicates,") and len(rows) == 4
