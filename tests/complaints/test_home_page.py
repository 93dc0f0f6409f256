"""The home page lists what the filter lets through, says how many, and offers exactly that to download."""

from datetime import datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalogue.models import Jurisdiction
from tests.builders import build_complaint

MOST_STATEMENTS = 8


@pytest.fixture
def filed(gridville: Jurisdiction, now: datetime) -> dict[str, str]:
    rows = {
        "pothole": build_complaint("pothole", at=(0.5, 0.5), now=now),
        "litter": build_complaint("litter", at=(2.5, 0.5), now=now),
        "domestic": build_complaint("domestic", at=(0.5, 0.5), now=now),
    }
    return {name: row.tracking_number for name, row in rows.items()}


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_public_complaints_are_listed_and_others_are_not(client: Client, filed: dict[str, str], language: str) -> None:
    page = client.get(f"/{language}/").content.decode()
    assert filed["pothole"] in page and filed["litter"] in page
    assert filed["domestic"] not in page


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("service=roads", "pothole"),
        ("district=east", "litter"),
        ("state=open&service=cleanliness", "litter"),
        ("from=2026-11-23&to=2026-11-24&district=w1", "pothole"),
    ],
)
def test_the_filter_narrows_list_and_downloads_alike(
    client: Client, filed: dict[str, str], query: str, kept: str
) -> None:
    response = client.get(f"/en/?{query}")
    page = response.content.decode()
    assert [row.tracking_number for row in response.context["complaints"]] == [filed[kept]]
    assert "<strong>1 complaint</strong>" in page
    for part in query.split("&"):
        assert all(part in address for _name, address in response.context["downloads"])


def test_a_wrong_filter_is_named_and_left_out(client: Client, filed: dict[str, str]) -> None:
    response = client.get("/en/?service=dragons")
    assert response.status_code == 400
    assert "service" in response.context["fault"] and filed["pothole"] in response.content.decode()


def test_nothing_found_says_so(client: Client, gridville: Jurisdiction) -> None:
    assert "No complaint matches these filters." in client.get("/en/").content.decode()


@pytest.mark.parametrize("count", [3, 40])
def test_any_page_takes_at_most_eight_statements(
    client: Client,
    gridville: Jurisdiction,
    now: datetime,
    count: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        build_complaint(now=now)
    client.get("/en/")
    with django_assert_max_num_queries(MOST_STATEMENTS):
        response = client.get("/en/?service=roads&district=west")
    assert len(response.context["complaints"]) == min(count, 30)
    assert bool(response.context["next_url"]) == (count > 30)
