"""A screen of a large city comes from the counts, and says what looking at every complaint says."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.quotas import MINUTE, Limit, Quota
from api import maps
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from tests.clocks import stopped_at

QUERIES = (
    "zoom=12", "zoom=12&bbox=-0.01,-0.01,0.05,0.05", "zoom=14&bbox=0.0,0.0,0.01,0.01", "zoom=13&service=roads",
    "zoom=12&state=open&bbox=-0.01,-0.01,0.05,0.05", "zoom=12&late=true", "zoom=15&category=pothole&from=2026-09-10",
)  # fmt: skip


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "MANY", 1)
    monkeypatch.setattr(maps, "READ", 2)
    monkeypatch.setattr(maps, "FEW_ON_SCREEN", 1)


def _sums(data: dict[str, Any]) -> tuple[int, ...]:
    return tuple(sum(cell[name] for cell in data["cells"]) for name in ("n", "open", "late"))


def test_squares_from_the_counts_are_those_of_the_complaints(
    city: Jurisdiction, client: Client, now: datetime, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stopped_at(now):
        for query in QUERIES:
            counted = client.get(f"/api/v1/map.json?{query}").json()
            with monkeypatch.context() as small:
                small.setattr(maps, "MANY", 10**9)
                read = client.get(f"/api/v1/map.json?{query}").json()
            assert counted["kind"] == read["kind"] == "cells" and counted["n"] == read["n"] > 1, query
            # Squares on the edge of the box are whole: they may hold more than the box does.
            assert all(one >= other for one, other in zip(_sums(counted), _sums(read), strict=True)), query
            if "bbox=0.0" not in query:
                assert _sums(counted) == _sums(read), query
            for cell in counted["cells"]:
                west, south, east, north = cell["bbox"]
                assert west <= cell["lon"] <= east and south <= cell["lat"] <= north


def test_a_large_city_is_not_counted_row_by_row(city: Jurisdiction, client: Client, large: None) -> None:
    client.get("/api/v1/map.json?zoom=12")
    with CaptureQueriesContext(connection) as captured:
        client.get("/api/v1/map.json?zoom=12&bbox=-0.01,-0.01,0.05,0.05")
    assert not [q["sql"] for q in captured if "avg(ST_X" in q["sql"]]
    assert len(captured) <= 10


def test_a_robot_is_told_to_wait(
    city: Jurisdiction, client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Quota.MAP, "limits", (Limit(3, MINUTE),))
    addresses = (
        "/api/v1/map.json?zoom=12", "/tiles/complaints/12/2048/2047.mvt", "/api/v1/heat.json", "/api/v1/complaints.geojson",
    )  # fmt: skip
    with stopped_at(now):
        answers = [client.get(address) for address in addresses]
        with CaptureQueriesContext(connection) as captured:
            again = [client.get(address) for address in (*addresses, "/api/v1/map.json?bbox=-0.01,-0.01,0.05,0.05")]
    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    assert answers[3].status_code == 429 and 0 < int(answers[3]["Retry-After"]) <= MINUTE
    assert {(answer.status_code, answer["Retry-After"]) for answer in again} == {(429, answers[3]["Retry-After"])}
    assert not captured.captured_queries, "who goes on asking costs nothing"
    assert Complaint.objects.exists()
