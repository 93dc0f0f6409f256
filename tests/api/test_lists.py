"""Lists for programs: what is public, at its precision, in GeoJSON, CSV and one by one, and nothing else."""

import csv
import io
import json
from copy import copy
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint
from complaints.workflow import State
from tests.builders import build_complaint, build_enough

pytestmark = pytest.mark.django_db
PROPERTIES = [
    "tracking_number", "state", "state_group", "service", "category", "district", "unit", "submitted_at", "updated_at",
    "answer_due_at", "resolution_due_at", "answered_at", "closed_at", "paused_at", "reopened_count", "late",
    "merged_count", "joined_count", "place_precision",
    "description", "photos",
]  # fmt: skip


def collection(client: Client, query: str = "") -> dict[str, Any]:
    response = client.get(f"/api/v1/complaints.geojson?{query}")
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/geo+json"
    return json.loads(b"".join(response) if response.streaming else response.content)  # type: ignore[no-any-return]


def table(client: Client, query: str = "") -> list[dict[str, str]]:
    response = client.get(f"/api/v1/complaints.csv?{query}")
    assert response.status_code == 200
    text = b"".join(response).decode()
    assert int(response["Content-Length"]) == len(text.encode())
    return list(csv.DictReader(io.StringIO(text)))


def feature(client: Client, number: str) -> dict[str, Any]:
    response = client.get(f"/api/v1/complaints/{number}/")
    assert response.status_code == 200, response.content
    return response.json()  # type: ignore[no-any-return]


def add_photo(complaint: Complaint, **changes: Any) -> Attachment:
    values: dict[str, Any] = {
        "name": "a.jpg", "kind": "jpeg", "size": 1, "sha256": "0" * 64, "status": "ready", "review": "released", "width": 800,
        "height": 600, "created_at": complaint.submitted_at, "next_attempt_at": complaint.submitted_at,
    }  # fmt: skip
    return Attachment.objects.create(complaint=complaint, **(values | changes))


def test_the_list_the_table_and_the_page_of_one_tell_the_same(
    client: Client, gridville: Jurisdiction, now: datetime
) -> None:
    complaint = build_complaint("pothole", at=(0.25, 0.75), now=now, description="Un trou")
    Complaint.objects.filter(pk=complaint.pk).update(text_review="released")
    photo = add_photo(complaint)
    listed = collection(client)
    assert (listed["numberMatched"], listed["numberReturned"], listed["next"]) == (1, 1, None)
    assert listed["license"] == "CC0-1.0"
    [row] = listed["features"]
    assert list(row["properties"]) == PROPERTIES
    assert row["geometry"] == {"type": "Point", "coordinates": [0.0025, 0.0075]}
    assert row["properties"]["submitted_at"] == "2026-11-23T09:00:00Z"
    assert row["properties"]["description"] == "Un trou"
    url = f"http://testserver/fr/files/{photo.public_id}/full/{photo.version}/"
    assert row["properties"]["photos"] == [{"url": url, "width": 800, "height": 600}]
    alone = feature(client, complaint.tracking_number)
    assert alone["geometry"] == row["geometry"]
    assert {name: alone["properties"][name] for name in PROPERTIES} == row["properties"]
    [cells] = table(client)
    unpaused = ["answer_due_unpaused_at", "resolution_due_unpaused_at"]
    assert list(cells) == [*PROPERTIES, "longitude", "latitude", *unpaused]
    assert cells["answer_due_unpaused_at"] == cells["answer_due_at"] != ""
    assert (cells["longitude"], cells["latitude"]) == ("0.0025000", "0.0075000")
    assert cells["photos"] == url
    assert cells["submitted_at"] == row["properties"]["submitted_at"]


def test_only_what_is_public_is_listed(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    shown = [c for name in ("pothole", "noise", "vagrancy") for c in build_enough(name, at=(1.25, 0.25), now=now)]
    build_complaint("domestic", now=now)
    build_complaint("live-wire", now=now)
    hidden, merged = build_complaint(now=now), build_complaint(now=now)
    Complaint.objects.filter(pk=hidden.pk).update(visibility="hidden")
    Complaint.objects.filter(pk=merged.pk).update(merged_into=shown[0])
    features = collection(client)["features"]
    assert {f["properties"]["tracking_number"] for f in features} == {c.tracking_number for c in shown}
    precision = {f["properties"]["category"]: f["properties"]["place_precision"] for f in features}
    assert precision == {"pothole": "exact", "noise": "grid", "vagrancy": "district"}
    exact = [shown[0].point.x, shown[0].point.y]
    for f in features:
        assert (f["geometry"]["coordinates"] == exact) == (f["properties"]["category"] == "pothole")
    assert {row["tracking_number"] for row in table(client)} == {c.tracking_number for c in shown}


def test_words_and_photos_stay_in_until_they_are_released(
    client: Client, gridville: Jurisdiction, now: datetime
) -> None:
    complaint = build_complaint(now=now, description="mot caché")
    add_photo(complaint, review="pending")
    add_photo(complaint, status="checking")
    add_photo(complaint, kind="pdf")
    for properties in (
        collection(client)["features"][0]["properties"],
        feature(client, complaint.tracking_number)["properties"],
    ):
        assert properties["description"] is None
        assert properties["photos"] == []
    assert table(client)[0]["description"] == ""


@pytest.mark.parametrize("case", ["domestic", "live-wire", "hidden"])
def test_of_a_case_that_is_not_public_state_and_deadlines_are_told(
    client: Client, gridville: Jurisdiction, now: datetime, case: str
) -> None:
    complaint = build_complaint("pothole" if case == "hidden" else case, now=now, description="secret")
    if case == "hidden":
        Complaint.objects.filter(pk=complaint.pk).update(visibility="hidden", text_review="released")
    alone = feature(client, complaint.tracking_number)
    assert alone["geometry"] is None
    told = {name for name, value in alone["properties"].items() if value not in (None, [])}
    assert told == {"tracking_number", "state", "state_group", "answer_due_at", "resolution_due_at", "late"}


def test_a_merged_complaint_shows_its_primary(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    primary, merged = build_complaint(now=now), build_complaint(at=(1.5, 0.5), now=now)
    Complaint.objects.filter(pk=merged.pk).update(merged_into=primary)
    Complaint.objects.filter(pk=primary.pk).update(state="in_progress")
    properties = feature(client, merged.tracking_number)["properties"]
    assert (properties["tracking_number"], properties["state"]) == (merged.tracking_number, "in_progress")
    assert properties["merged_into"] == primary.tracking_number


@pytest.mark.parametrize("number", ["GRI-2222-2222", "nonsense", "%00", "🦊", "x" * 500])
def test_an_unknown_number_is_not_found(client: Client, gridville: Jurisdiction, number: str) -> None:
    response = client.get(f"/api/v1/complaints/{number}/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_number_may_be_typed_in_any_way(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    number = build_complaint(now=now).tracking_number
    assert feature(client, number.lower().replace("-", " "))["properties"]["tracking_number"] == number


def test_a_default_point_is_no_place(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    Complaint.objects.update(default_point_suspect=True)
    assert collection(client)["features"][0]["geometry"] is None
    assert feature(client, complaint.tracking_number)["geometry"] is None
    assert table(client)[0]["longitude"] == ""
    inside = collection(client, "bbox=-1,-1,1,1")
    assert (inside["features"], inside["numberMatched"]) == ([], 0), "it lies in no box"


def test_following_next_gives_every_row_once(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    numbers = [build_complaint(now=now - timedelta(minutes=n // 2)).tracking_number for n in range(7)]
    seen: list[str] = []
    page = collection(client, "page_size=3&service=roads")
    while True:
        assert page["numberMatched"] == 7
        seen += [f["properties"]["tracking_number"] for f in page["features"]]
        if page["next"] is None:
            break
        assert page["next"].startswith("http://testserver/api/v1/complaints.geojson?")
        page = collection(client, page["next"].partition("?")[2])
    assert sorted(seen) == sorted(numbers)
    assert len(seen) == 7
    assert len(table(client, "page_size=3")) == 3
    whole = collection(client, "page_size=3&download=true")
    assert [f["properties"]["tracking_number"] for f in whole["features"]] == seen
    assert (whole["numberReturned"], whole["next"]) == (7, None)


def test_an_empty_list_is_a_list(client: Client, gridville: Jurisdiction) -> None:
    assert collection(client)["features"] == collection(client, "download=true")["features"] == []
    assert table(client) == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "＝"])
def test_no_cell_of_the_table_is_a_formula(client: Client, gridville: Jurisdiction, now: datetime, start: str) -> None:
    complaint = build_complaint(now=now)
    text = f'{start}HYPERLINK("http://evil.example")'
    Complaint.objects.filter(pk=complaint.pk).update(description=text, text_review="released")
    assert table(client)[0]["description"] == f"'{text}"
    assert feature(client, complaint.tracking_number)["properties"]["description"] == text


def test_late_in_sql_is_late_in_python(client: Client, gridville: Jurisdiction) -> None:
    now = timezone.now()
    early, past, future = now - timedelta(days=9), now - timedelta(days=1), now + timedelta(days=1)
    complaint = build_complaint(now=early)
    matrix = product(State.values, (None, past), (None, past, future), (None, past, future), (None, early, now))
    rows = []
    for number, (state, answered, answer_due, due, paused) in enumerate(matrix):
        row = copy(complaint)
        row.pk, row.tracking_number, row.state, row.answered_at = None, f"GRI-{number}", state, answered
        row.answer_due_at, row.resolution_due_at, row.paused_at = answer_due, due, paused
        rows.append(row)
    Complaint.objects.bulk_create(rows)
    expected = {c.tracking_number: c.is_late(now) for c in Complaint.objects.all()}
    assert len(set(expected.values())) == 2
    listed = collection(client, "page_size=1000")["features"]
    assert {f["properties"]["tracking_number"]: f["properties"]["late"] for f in listed} == expected
    late = collection(client, "page_size=1000&late=true")["features"]
    assert {f["properties"]["tracking_number"] for f in late} == {n for n, is_late in expected.items() if is_late}


@pytest.mark.parametrize("size", [1, 30])
def test_the_number_of_statements_does_not_grow(
    client: Client, gridville: Jurisdiction, now: datetime, size: int
) -> None:
    for _ in range(size):
        add_photo(build_complaint(now=now))
    collection(client)
    for query in ("complaints.geojson?district=west&q=trou,", "complaints.geojson", "complaints.csv"):
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/api/v1/{query}")
        assert len(queries) <= 8


def test_an_unknown_value_is_refused_by_name(client: Client, gridville: Jurisdiction) -> None:
    for kind in ("geojson", "csv"):
        response = client.get(f"/api/v1/complaints.{kind}?state=done&foo=bar")
        assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
        problem = response.json()
        assert (problem["code"], problem["errors"][0]["field"]) == ("invalid", "state")


def test_personal_data_never_leaves(client: Client, gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now, email="rita@example.org", description="x")
    number = complaint.tracking_number
    whole = b""
    for url in ("complaints.geojson", "complaints.geojson?download=true", "complaints.csv", f"complaints/{number}/"):
        response = client.get(f"/api/v1/{url}")
        whole += b"".join(response) if response.streaming else response.content
    assert b"rita" not in whole.lower()


def test_the_instant_of_a_row_is_in_universal_time(client: Client, gridville: Jurisdiction) -> None:
    build_complaint(now=datetime(2026, 7, 1, 12, 30, 15, tzinfo=UTC))
    assert collection(client)["features"][0]["properties"]["submitted_at"] == "2026-07-01T12:30:15Z"
