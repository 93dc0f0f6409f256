"""The districts month by month: the same classes for all months, two beside each other without a script."""

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.models import User
from analytics.measures import Measure
from analytics.months import MonthFigures, class_limits_of
from catalogue.models import Jurisdiction
from tests.builders import build_complaint

if TYPE_CHECKING:
    from tests.conftest import SignIn


def month(**values: float) -> MonthFigures:
    return MonthFigures(date(2026, 1, 1), date(2026, 1, 31), "x", 0, dict(values), {}, partial=False)


def test_classes_are_round_and_the_same_for_all_months() -> None:
    months = [month(a=0.371, b=12.4, c=128.0), month(a=3.4, b=57.0, c=0.0)]
    assert class_limits_of(Measure.COUNT, months) == [0.4, 3.4, 12, 57, 130]
    assert class_limits_of(Measure.COUNT, months) == class_limits_of(Measure.COUNT, months[::-1])
    assert class_limits_of(Measure.LATE_SHARE, months) == [0.05, 0.1, 0.2, 0.35, 0.5]
    assert class_limits_of(Measure.COUNT, [month(a=0.0)]), "of nothing there are classes too"


@pytest.fixture
def filed(gridville: Jurisdiction) -> tuple[str, str]:
    """Three this month in w1, seven a year ago; their months as addresses name them."""
    now = timezone.now()
    for _ in range(3):
        build_complaint("pothole", at=(0.5, 0.5), now=now - timedelta(minutes=1))
    then = (now.replace(day=1) - timedelta(days=365)).replace(day=10)
    for _ in range(7):
        build_complaint("pothole", at=(0.5, 0.5), now=then)
    return f"{now:%Y-%m}", f"{then:%Y-%m}"


def test_two_months_stand_side_by_side_without_a_script_and_lead_to_their_lists(
    signed_in: "SignIn", office_user: User, filed: tuple[str, str]
) -> None:
    client = signed_in(office_user)
    response = client.get(f"/en/office/?measure=count&month={filed[0]}&against={filed[1]}")
    a, b = response.context["compared"]
    assert (a["month"].n, b["month"].n) == (7, 3)
    assert a["month"].said["w1"] == "7 (n = 7)" and b["month"].said["w1"] == "3 (n = 3)"
    for side, n in ((a, 7), (b, 3)):
        [area] = [area for area in side["map"].areas if area.code == "w1"]
        assert client.get(area.url).context["list"].total == str(n)
    html = response.content.decode()
    figures = re.findall(r'<figure class="office-months__map".*?</figure>', html, re.DOTALL)
    assert [len(re.findall("<path", figure)) for figure in figures] == [4, 4]
    assert 'name="measure" value="count"' in html, "the form keeps the filter"


def test_an_unknown_month_is_named_and_the_usual_two_are_shown(
    signed_in: "SignIn", office_user: User, filed: tuple[str, str]
) -> None:
    response = signed_in(office_user).get("/en/office/?month=soon&against=1999-01")
    assert response.status_code == 400
    assert "month: There is no such value here." in response.content.decode()
    a, b = response.context["compared"]
    assert a["month"].end == b["month"].first and not b["month"].partial


def test_squares_of_two_months_stand_side_by_side_without_a_script(
    signed_in: "SignIn", office_user: User, filed: tuple[str, str]
) -> None:
    client = signed_in(office_user)
    response = client.get(f"/en/office/?measure=count&by=squares&month={filed[0]}&against={filed[1]}")
    a, b = response.context["compared"]
    assert (a["n"], b["n"]) == (7, 3)
    [square] = a["squares"].all
    assert "w1" in square.name and square.said == "7" and square.side >= 14
    assert client.get(square.url).context["list"].total == "7"
    html = response.content.decode()
    assert html.count('<rect class="district district--') == 2 and html.count("district--ground") == 8
    assert '<option value="squares" selected>' in html


def test_a_months_squares_come_alone_for_the_slider(
    signed_in: "SignIn", office_user: User, filed: tuple[str, str]
) -> None:
    client = signed_in(office_user)
    told = client.get(f"/en/office/month-squares/?measure=count&month={filed[1]}").json()
    assert told["n"] == 7 and told["drawn"].count("<rect") == told["rows"].count("<tr>") == 1
    assert client.get("/en/office/month-squares/?month=1999-01").status_code == 404
    assert client.get("/en/office/month-squares/?district=atlantis").status_code == 400


def test_every_map_and_chart_of_the_page_has_what_is_needed_to_read_it(
    signed_in: "SignIn", office_user: User, filed: tuple[str, str]
) -> None:
    """Units, n, period, a swatch for no data, source; and words for those who do not see drawings."""
    html = signed_in(office_user).get("/en/office/?measure=count").content.decode()
    legends = re.findall(r'<(figcaption|div) class="heat-legend">(.*?)</\1>', html, re.DOTALL)
    shaded = [legend for _tag, legend in legends if "heat-swatch heat-1" in legend]
    assert len(shaded) == 3, "the period, complaints corrected for readiness, and both months together"
    for legend in shaded:
        assert "heat-hatched" in legend and "too few to say" in legend and "Source" in legend
        assert len(re.findall(r"heat-swatch heat-[1-6]", legend)) >= 2
        assert re.search(r"<strong>.+</strong>", legend) and re.search(
            "Complaints (of the|per) district|residents", legend
        )
    assert re.search(r"n = 3, \d", html), "number and period of the map"
    assert html.count("<span>n = <span data-n>") == 2, "each month its number"
    drawings = re.findall(r"<svg(?![^>]*aria-hidden)[^>]*>", html)
    assert len(drawings) >= 5
    assert all("aria-label" in drawing for drawing in drawings), drawings
