"""What got worse: only what is more than chance, against the period before and the same days a year earlier."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.utils import timezone, translation

from accounts.models import User
from analytics.figures import Figures, Pair, Promises
from analytics.periods import Period
from analytics.scorecards import Subject
from analytics.worsening import Against, what_got_worse
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from tests.builders import build_complaint

if TYPE_CHECKING:
    from tests.conftest import SignIn


def subject(name: str) -> Subject:
    return Subject(code=name, name=name)


def told(pairs: list[tuple[str, Pair]], against: Against = Against.BEFORE) -> list[tuple[str, str]]:
    with translation.override("en"):
        return [(row.subject.name, row.text) for row in what_got_worse([(subject(n), p) for n, p in pairs], against)]


def resolved(median: float, slow: float, n: int = 50) -> Figures:
    return Figures(n=n, resolved=n, median_resolve=median, slow_resolve=slow)


def test_each_period_is_compared_with_its_own_counterpart() -> None:
    pair = Pair(now=Figures(n=60), before=Figures(n=58), year=Figures(n=20))
    assert told([("Roads", pair)]) == []
    assert told([("Roads", pair)], Against.YEAR) == [("Roads", "60 complaints instead of 20")]


def test_the_clearest_comes_first_and_each_speaks_once() -> None:
    both = Pair(
        now=Figures(n=90, resolutions=Promises(30, 60)), before=Figures(n=40, resolutions=Promises(39, 1)),
    )  # fmt: skip
    more = Pair(now=Figures(n=80), before=Figures(n=40))
    found = told([("Roads", more), ("Waste", both)])
    assert found == [("Waste", "33 % resolved in time instead of 98 %"), ("Roads", "80 complaints instead of 40")]


def test_slower_is_told_where_the_spread_of_times_leaves_no_doubt() -> None:
    clear = Pair(now=resolved(8, 14), before=resolved(4, 7))
    wide = Pair(now=resolved(8, 200, n=12), before=resolved(4, 100, n=12))
    hours = Pair(now=resolved(0.6, 0.7), before=resolved(0.3, 0.35))
    assert told([("Roads", clear), ("Waste", wide), ("Lamps", hours)]) == [
        ("Roads", "8.0 days to resolve instead of 4.0 (median)")
    ]


def test_what_got_better_is_not_told() -> None:
    pair = Pair(
        now=Figures(n=20, resolutions=Promises(40, 1)), before=Figures(n=90, resolutions=Promises(10, 30)),
    )  # fmt: skip
    assert told([("Roads", pair)]) == []


def test_where_nothing_changed_hardly_anything_is_told() -> None:
    """Three hundred cities whose thirty districts stay as they are: in at most one of twenty anything is told."""
    drawn = np.random.default_rng(11).poisson(40, size=(300, 30, 2)).tolist()
    cities = [
        [(f"d{i}", Pair(now=Figures(n=now), before=Figures(n=was))) for i, (now, was) in enumerate(city)]
        for city in drawn
    ]
    # Two standard deviations above five of a hundred.
    assert sum(bool(told(city)) for city in cities) <= 15 + 8


def test_the_same_days_last_year_mind_leap_years() -> None:
    zone = ZoneInfo("Africa/Casablanca")
    leap = Period(date(2028, 2, 29), date(2028, 3, 10), zone).year_before
    assert (leap.first, leap.last) == (date(2027, 2, 28), date(2027, 3, 10))


@pytest.fixture
def a_bad_month(gridville: Jurisdiction) -> datetime:
    """Twenty potholes this month; three last month; two in these days last year."""
    now = timezone.now()
    for hours in range(20):
        build_complaint("pothole", at=(0.5, 0.5), now=now - timedelta(hours=hours + 1))
    for days in (35, 40, 45, 367, 369):
        build_complaint("pothole", at=(0.5, 0.5), now=now - timedelta(days=days))
    return now


def test_the_page_says_it_with_the_lists_behind_it(
    signed_in: "SignIn", office_user: User, a_bad_month: datetime
) -> None:
    first = (a_bad_month - timedelta(days=29)).date()
    response = signed_in(office_user).get(f"/en/office/?from={first}")
    before, year = response.context["comparisons"]
    assert (before.n, year.n) == (3, 2)
    assert before.found[0][0].text == "20 complaints instead of 3"
    assert year.found[0][0].text == "20 complaints instead of 2"
    html = response.content.decode()
    assert "Against the same days last year" in html and "20 complaints instead of 2<" in html


def test_a_year_is_compared_once_with_the_year_before(
    signed_in: "SignIn", office_user: User, a_bad_month: datetime
) -> None:
    client = signed_in(office_user)
    told = client.get("/en/office/?from=2023-01-01&to=2024-01-01").context["comparisons"]
    assert [comparison.code for comparison in told] == ["before"]


def test_who_is_late_is_counted_whenever_it_was_filed(
    signed_in: "SignIn", office_user: User, gridville: Jurisdiction, a_bad_month: datetime
) -> None:
    Complaint.objects.update(answer_due_at=None, resolution_due_at=None)
    old = Complaint.objects.order_by("submitted_at")[:2]
    for days, row in zip((4, 9), old, strict=True):
        Complaint.objects.filter(pk=row.pk).update(resolution_due_at=a_bad_month - timedelta(days=days, hours=1))
    client = signed_in(office_user)
    response = client.get("/en/office/")
    [late] = response.context["office"].latecomers
    assert (late.subject.code, late.late, late.days) == ("roads-dept", 2, 9)
    assert client.get(late.url).context["list"].total == "2"
    assert "2 complaints past their promise, the first one for 9 days" in response.content.decode()


def test_a_city_without_a_past_is_compared_with_nothing(
    signed_in: "SignIn", office_user: User, gridville: Jurisdiction
) -> None:
    build_complaint("pothole", now=timezone.now() - timedelta(days=1))
    html = signed_in(office_user).get("/en/office/").content.decode()
    assert html.count("there is nothing to compare with") == 2
