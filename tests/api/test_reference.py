"""Reference data, the explanation of a route, and an OpenAPI document that says what the answers really are."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator

from api.documents import NewComplaintDocument, NewReporterDocument
from api.shapes import LIMITS
from catalogue.models import Jurisdiction
from complaints.models import Complaint, RoutingDecision
from tests.api.test_intake import filing, send
from tests.builders import build_complaint

pytestmark = pytest.mark.django_db


def answer(client: Client, url: str, **headers: str) -> dict[str, Any]:
    response = client.get(f"/api/v1/{url}", headers=headers)
    assert response.status_code == 200, response.content
    return response.json()  # type: ignore[no-any-return]


def test_a_route_is_explained_and_nothing_is_stored(client: Client, gridville: Jurisdiction) -> None:
    route = answer(client, "route/?longitude=0.005&latitude=0.01&category=litter", Accept_Language="en")
    assert route["jurisdiction"] == {"code": "gridville", "name": "Gridville en"}
    assert route["district"]["code"] == "w1"
    area = route["service_area"]
    assert (area["code"], area["priority"], area["edition"]) == ("north", 10, 1)
    assert (route["unit"]["code"], route["triage"]) == ("waste-north", False)
    assert (route["runner_up"]["code"], route["runner_up"]["unit"]["code"]) == ("south", "waste-south")
    assert "north" in route["reason"]
    for instant in route["deadlines"].values():
        assert datetime.fromisoformat(instant).tzinfo is not None
    assert not Complaint.objects.exists()
    assert not RoutingDecision.objects.exists()


def test_an_answer_for_programs_allows_a_browser_nothing(client: Client, gridville: Jurisdiction) -> None:
    told = [client.get(f"/api/v1/{url}")["Content-Security-Policy"] for url in ("catalogue.json", "route/")]
    assert told == ["default-src 'none'; frame-ancestors 'none'"] * 2
    assert "script-src 'self'" in client.get("/api/v1/docs/")["Content-Security-Policy"]


def test_short_names_of_coordinates_do_too(client: Client, gridville: Jurisdiction) -> None:
    route = answer(client, "route/?lon=0.038&lat=0.015&category=litter")
    assert (route["service_area"], route["runner_up"], route["triage"]) == (None, None, True)
    assert route["unit"]["code"] == "registry"


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("", "invalid", "longitude"),
        ("longitude=0.005&latitude=0.005", "invalid", "category"),
        ("longitude=0.005&latitude=0.005&category=dragons", "unknown_category", "category"),
        ("longitude=0.005&latitude=0.005&category=%00", "unknown_category", "category"),
        ("longitude=50&latitude=0.005&category=litter", "outside_jurisdictions", "latitude"),
        ("longitude=1e999&latitude=0.005&category=litter", "invalid", "longitude"),
        ("longitude=nan&latitude=0.005&category=litter", "invalid", "longitude"),
        ("longitude=0,005&latitude=0.005&category=litter", "invalid", "longitude"),
        ("longitude=0.005&latitude=90.5&category=litter", "invalid", "latitude"),
        ("longitude=%D9%A3&latitude=0.005&category=litter", "invalid", "longitude"),
    ],
)
def test_a_bad_route_is_refused_by_name(
    client: Client, gridville: Jurisdiction, query: str, code: str, field: str
) -> None:
    response = client.get(f"/api/v1/route/?{query}")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert (response.json()["code"], response.json()["errors"][0]["field"]) == (code, field)


def test_the_catalogue_tells_names_questions_and_deadlines(client: Client, gridville: Jurisdiction) -> None:
    catalogue = answer(client, "catalogue.json", Accept_Language="ar")
    assert [service["code"] for service in catalogue["services"]] == ["roads", "cleanliness", "security"]
    cleanliness = catalogue["services"][1]
    assert (cleanliness["name"], cleanliness["names"]["fr"]) == ("Propreté ar", "Propreté")
    category = next(c for c in cleanliness["categories"] if c["code"] == "overflowing-bin")
    assert category["deadlines"] == {"answer_within": "2 working days", "resolve_within": "5 working days"}
    [question] = category["questions"]
    assert (question["code"], question["kind"], question["required"]) == ("container", "choice", False)
    assert [choice["code"] for choice in question["choices"]] == ["green", "grey"]


def test_districts_come_by_level(client: Client, gridville: Jurisdiction) -> None:
    everything = answer(client, "districts.geojson")
    assert len(everything["features"]) == 6
    top = answer(client, "districts.geojson?level=1")["features"]
    assert [f["properties"]["code"] for f in top] == ["east", "west"]
    assert top[0]["geometry"]["type"] == "MultiPolygon"
    assert (top[0]["properties"]["population"], top[0]["properties"]["parent"]) == (1000, None)
    for level in ("9", "x", "٢"):
        response = client.get(f"/api/v1/districts.geojson?level={level}")
        assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "level")


def test_service_areas_come_by_service(client: Client, gridville: Jurisdiction) -> None:
    areas = answer(client, "service-areas.geojson?service=cleanliness")["features"]
    assert {f["properties"]["code"] for f in areas} == {"north", "north-east", "south", "bins-w1"}
    bins = next(f["properties"] for f in areas if f["properties"]["code"] == "bins-w1")
    assert (bins["unit"], bins["category"], bins["priority"]) == ("bin-team", "overflowing-bin", 1)
    assert answer(client, "service-areas.geojson?service=roads")["features"] == []
    assert client.get("/api/v1/service-areas.geojson?service=magic").status_code == 400


@pytest.mark.parametrize("url", ["catalogue.json", "districts.geojson", "service-areas.geojson"])
def test_reference_data_is_cached_by_content_and_cheap(client: Client, gridville: Jurisdiction, url: str) -> None:
    first = client.get(f"/api/v1/{url}")
    with CaptureQueriesContext(connection) as queries:
        again = client.get(f"/api/v1/{url}", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert len(queries) <= 3


@pytest.fixture
def document(client: Client, db: None) -> dict[str, Any]:
    response = client.get("/api/v1/schema/?format=json")
    assert response.status_code == 200
    return json.loads(response.content)  # type: ignore[no-any-return]


CASE_STEPS = ("", "answer/", "resolve/", "files/")
FINDING_STEPS = ("", "accept/", "contest/", "appeal/", "files/")


def test_the_document_names_every_address(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/api/v1/complaints/",
        "/api/v1/complaints/{tracking_number}/",
        "/api/v1/complaints.geojson",
        "/api/v1/complaints.csv",
        "/api/v1/route/",
        "/api/v1/catalogue.json",
        "/api/v1/districts.geojson",
        "/api/v1/service-areas.geojson",
        "/api/v1/heat.json",
        "/api/v1/map.json",
        "/tiles/complaints/{z}/{x}/{y}.mvt",
        "/api/v1/findings.csv",
        "/api/v1/ledger.csv",
        *(f"/api/v1/operator/cases/{part}" for part in ("", *(f"{{tracking_number}}/{step}" for step in CASE_STEPS))),
        *(f"/api/v1/operator/findings/{part}" for part in ("", *(f"{{number}}/{step}" for step in FINDING_STEPS))),
    }


def check(document: dict[str, Any], path: str, response: Any, method: str = "get") -> None:
    """The response is what the document says: status, content type, shape, and no property that it does not name."""
    described = document["paths"][path][method]["responses"][str(response.status_code)]
    schema = described["content"][response["Content-Type"].partition(";")[0]]["schema"]
    for component in document["components"]["schemas"].values():
        if component.get("type") == "object":
            component.setdefault("unevaluatedProperties", False)
    content = b"".join(response) if response.streaming else response.content
    Draft202012Validator({**schema, "components": document["components"]}).validate(json.loads(content))


def test_answers_are_what_the_document_says(
    client: Client, gridville: Jurisdiction, now: datetime, document: dict[str, Any]
) -> None:
    check(document, "/api/v1/complaints/", send(client, filing()), "post")
    check(document, "/api/v1/complaints/", send(client, filing(category="dragons")), "post")
    for category in ("pothole", "noise", "vagrancy", "domestic"):
        number = build_complaint(category, now=now, description="x").tracking_number
        check(document, "/api/v1/complaints/{tracking_number}/", client.get(f"/api/v1/complaints/{number}/"))
    Complaint.objects.update(text_review="released")
    place = "longitude=0.005&latitude=0.01&category=litter"
    for path, query in [
        ("complaints.geojson", ""),
        ("complaints.geojson", "page_size=1"),
        ("complaints.geojson", "download=true"),
        ("complaints.geojson", "late=nonsense"),
        ("route/", place),
        ("route/", "longitude=0.038&latitude=0.015&category=litter"),
        ("route/", "longitude=70&latitude=0&category=litter"),
        ("catalogue.json", ""),
        ("districts.geojson", ""),
        ("service-areas.geojson", ""),
        ("heat.json", ""),
        ("heat.json", "measure=per_1000"),
        ("heat.json", "category=noise"),
        ("map.json", "zoom=13"),
    ]:
        check(document, f"/api/v1/{path}", client.get(f"/api/v1/{path}?{query}"))


def test_the_hand_written_check_accepts_what_the_document_describes() -> None:
    described = {
        name: getattr(field, "max_length", None)
        for name, field in NewComplaintDocument().fields.items()
        if name in LIMITS
    }
    described |= {
        f"reporter.{name}": getattr(field, "max_length", None) for name, field in NewReporterDocument().fields.items()
    }
    assert {name: limit for name, limit in described.items() if limit} == LIMITS


def test_the_page_of_documentation_needs_nobody_else(client: Client, db: None) -> None:
    page = client.get("/api/v1/docs/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    text = page.content.decode()
    assert "https://" not in text
    assert "http://" not in text
    script = client.get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
