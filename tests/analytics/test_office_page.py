"""The office: who may enter, what each figure leads to, and the same figures as a file."""

import csv
import io
import re
from datetime import datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from analytics.measures import Measure
from analytics.scope import office_filters
from catalogue.models import Jurisdiction
from complaints.filters import FilterError
from complaints.models import Complaint
from districts.models import District
from tests.builders import build_complaint, build_gridville

if TYPE_CHECKING:
    from tests.conftest import SignIn

OFFICE = "/en/office/"


@pytest.fixture
def filed(gridville: Jurisdiction) -> None:
    now = timezone.now()
    for days in (1, 2, 3, 50, 100):
        build_complaint("pothole", now=now - timedelta(days=days))
    for days in (1, 2):
        build_complaint("litter", at=(0.5, 1.5), now=now - timedelta(days=days))


def page(client: Client, query: str = "") -> str:
    response = client.get(f"{OFFICE}?{query}")
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("persona", ["clerk", "operator_user", "crew_member", "moderator", "triage_officer"])
def test_to_others_the_office_does_not_exist(signed_in: "SignIn", request: pytest.FixtureRequest, persona: str) -> None:
    client = signed_in(request.getfixturevalue(persona))
    for path in ("", "districts.csv"):
        assert client.get(f"{OFFICE}{path}").status_code == 404
    assert client.post(f"{OFFICE}reports/").status_code == 404


def test_a_stranger_is_asked_to_sign_in(client: Client, gridville: Jurisdiction) -> None:
    assert client.get(OFFICE).status_code == 302


@pytest.mark.usefixtures("filed")
def test_each_figure_leads_to_a_list_of_as_many(signed_in: "SignIn", office_user: User) -> None:
    client = signed_in(office_user)
    html = page(client, "measure=count")
    links = re.findall(r'<td class="number"[^>]*>\s*<a href="([^"]+)">(\d+)</a>', html)
    assert len(links) >= 6
    for url, figure in dict.fromkeys(links):
        listed = client.get(unescape(url))
        assert listed.status_code == 200
        assert listed.context["list"].total == figure, url


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
@pytest.mark.parametrize("measure", ["count", "per_1000", "late_share", "median_days_to_resolve"])
def test_it_says_what_it_shows_without_a_script(
    signed_in: "SignIn", office_user: User, language: str, measure: str
) -> None:
    response = signed_in(office_user).get(f"/{language}/office/?measure={measure}")
    html = response.content.decode()
    assert response.status_code == 200
    # The maps of the measure, of corrected complaints, and of two months.
    assert html.count('class="district district--') == 4 * 4
    assert "heat-hatched" in html and "n = 6" in html
    assert not re.search(r'\sstyle="', html)


@pytest.mark.usefixtures("filed")
def test_a_unit_manager_sees_her_unit_only(signed_in: "SignIn", manager: User) -> None:
    html = page(signed_in(manager))
    assert "roads-dept" in html and "waste-north" not in html
    assert signed_in(manager).get(f"{OFFICE}?unit=waste-north").context["office"].totals.now.n == 4


@pytest.mark.usefixtures("filed")
def test_tables_come_as_files(signed_in: "SignIn", office_user: User) -> None:
    response = signed_in(office_user).get(f"{OFFICE}services.csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert {row["code"]: (row["n"], row["n_before"]) for row in rows} == {
        "roads": ("4", "1"),
        "cleanliness": ("2", "0"),
    }
    assert signed_in(office_user).get(f"{OFFICE}people.csv").status_code == 404
    assert signed_in(office_user).get(f"{OFFICE}units.csv?from=soon").status_code == 400


@pytest.mark.usefixtures("filed")
def test_what_stands_on_too_few_cases_is_not_told(signed_in: "SignIn", office_user: User) -> None:
    answered = timezone.now() - timedelta(hours=5)
    Complaint.objects.filter(category__code="pothole").update(answered_at=answered)
    html = page(signed_in(office_user))
    roads = next(row for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL) if 'class="svc-roads"' in row)
    assert roads.count("too few: 4 cases") >= 3 and "office-few" in roads
    rows = list(
        csv.DictReader(io.StringIO(signed_in(office_user).get(f"{OFFICE}services.csv").content.decode("utf-8-sig")))
    )
    [row] = [row for row in rows if row["code"] == "roads"]
    assert row["median_days_to_answer_cases"] == "4" and float(row["median_days_to_answer"]) > 0


@pytest.mark.usefixtures("filed")
def test_a_filter_that_cannot_be_read_is_named(signed_in: "SignIn", office_user: User) -> None:
    response = signed_in(office_user).get(f"{OFFICE}?district=atlantis")
    assert response.status_code == 400 and "district:" in response.content.decode()


def test_a_period_must_not_end_before_it_begins(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    with pytest.raises(FilterError):
        office_filters(QueryDict("from=2026-11-10&to=2026-11-10"), office_user, gridville, now)


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("measure=nonsense", "measure: There is no such value here."),
        ("measure=per_km", "measure: This city has not loaded"),
        ("month=2050-01", "month: There is no such value here."),
        ("against=nonsense", "against: There is no such value here."),
        ("by=nonsense", "by: There is no such value here."),
        ("from=2190-01-01", "from: This period has not begun."),
        ("from=2026-01-01T12:00", "from: Only whole days can be looked at here"),
    ],
)
def test_what_the_page_does_not_have_is_named(signed_in: "SignIn", office_user: User, query: str, named: str) -> None:
    response = signed_in(office_user).get(f"{OFFICE}?{query}")
    assert response.status_code == 400 and named in response.content.decode()
    assert response.context["office"].totals.now.n == 6


@pytest.mark.usefixtures("filed")
def test_a_city_whose_residents_nobody_knows_is_shown_by_complaints(signed_in: "SignIn", office_user: User) -> None:
    District.objects.update(population=None)
    response = signed_in(office_user).get(OFFICE)
    assert response.context["measure"] == Measure.COUNT and Measure.PER_1000 not in response.context["measures"]
    assert "per_1000" not in [column.code for column in response.context["office"].scorecard("districts").columns]
    refused = signed_in(office_user).get(f"{OFFICE}?measure=per_1000")
    assert refused.status_code == 400 and "measure:" in refused.content.decode()


def test_the_number_of_statements_does_not_grow(signed_in: "SignIn", office_user: User) -> None:
    counts = []
    for more in (2, 10):
        for number in range(more):
            build_complaint("pothole", at=(0.5 + number % 3, 0.5), now=timezone.now() - timedelta(days=number))
        client = signed_in(office_user)
        page(client)
        with CaptureQueriesContext(connection) as captured:
            page(client)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 24


def test_other_cities_stay_out(signed_in: "SignIn", office_user: User) -> None:
    build_gridville("otherville", "OTH", shift=10)
    build_complaint("pothole", at=(10.5, 0.5), now=timezone.now())
    assert signed_in(office_user).get(OFFICE).context["office"].totals.now.n == 0
    assert signed_in(office_user).get(f"{OFFICE}?jurisdiction=otherville").status_code == 404
    assert Complaint.objects.count() == 1
