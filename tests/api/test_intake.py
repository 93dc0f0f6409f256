"""Filing over the API: the receipt of contract.md §4, refusals as problem+json, one complaint for one key."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, Reporter
from tests.builders import SCALE
from tests.sandbox.files import jpeg, photo

URL = "/api/v1/complaints/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def filing(**changes: Any) -> dict[str, Any]:
    body = {
        "category": "overflowing-bin",
        "longitude": 0.5 * SCALE,
        "latitude": 0.5 * SCALE,
        "description": "Le bac déborde",
        "location_text": "en face de l'école",
        "answers": {"container": "green"},
        "reporter": {
            "name": "Rita",
            "email": "rita@example.org",
            "phone": "+212612345678",
            "language": "ar",
            "consent_contact": True,
        },
    }
    return {key: value for key, value in (body | changes).items() if value is not ...}


def send(client: Client, body: Any, **headers: str) -> Any:
    return client.post(URL, json.dumps(body), content_type="application/json", headers=headers)


def test_the_receipt_has_the_shape_of_the_contract(client: Client, gridville: Jurisdiction) -> None:
    response = send(client, filing())
    assert response.status_code == 201, response.content
    given = response.json()
    number = given["tracking_number"]
    assert given == {
        "tracking_number": number,
        "track_url": f"http://testserver/ar/complaints/{number}/",
        "secret_url": given["secret_url"],
        "state": "received",
        "category": {"code": "overflowing-bin", "name": "overflowing-bin ar"},
        "service": {"code": "cleanliness", "name": "Propreté ar"},
        "unit": {"code": "bin-team", "name": "bin-team ar"},
        "district": {"code": "w1", "name": "w1 ar"},
        "triage": False,
        "deadlines": given["deadlines"],
        "files": [],
    }
    for instant in given["deadlines"].values():
        assert datetime.fromisoformat(instant).tzinfo is not None
        assert len(instant) == len("2026-11-25T16:00:00+01:00")
    assert response["Location"] == f"http://testserver/api/v1/complaints/{number}/"
    complaint = Complaint.objects.get(tracking_number=number)
    assert (complaint.channel, complaint.answers) == ("api", {"container": "green"})
    reporter = Reporter.objects.get(complaint=complaint)
    assert (reporter.email, reporter.language, reporter.consent_contact) == ("rita@example.org", "ar", True)


def test_the_least_filing_is_a_category_and_a_place(client: Client, gridville: Jurisdiction) -> None:
    body = filing(description=..., location_text=..., answers=..., reporter=...)
    given = send(client, body, Accept_Language="en").json()
    assert given["category"]["name"] == "overflowing-bin en"
    assert "/en/complaints/" in given["track_url"]


def test_where_nobody_answers_the_triage_unit_does(client: Client, gridville: Jurisdiction) -> None:
    given = send(client, filing(category="litter", answers=..., longitude=0.038, latitude=0.015)).json()
    assert given["triage"] is True
    assert given["unit"]["code"] == "registry"


def test_a_configured_address_is_used_in_links(client: Client, gridville: Jurisdiction, settings: Settings) -> None:
    settings.PUBLIC_URL, settings.PUBLIC_URL_IS_GIVEN = "https://city.example", True
    assert send(client, filing()).json()["secret_url"].startswith("https://city.example/ar/c/")


def test_the_same_key_answers_the_same_and_files_once(client: Client, gridville: Jurisdiction) -> None:
    key = {"Idempotency_Key": "0123456789abcdef"}
    first = send(client, filing(), **key)
    respaced = client.post(
        URL, json.dumps(filing(), indent=3, sort_keys=True), content_type="application/json", headers=key
    )
    assert (first.status_code, first.content) == (respaced.status_code, respaced.content)
    assert Complaint.objects.count() == 1
    other = send(client, filing(description="autre"), **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_a_refused_filing_leaves_its_key_free(client: Client, gridville: Jurisdiction) -> None:
    key = {"Idempotency_Key": "0123456789abcdef"}
    assert send(client, filing(category="dragons"), **key).status_code == 400
    assert send(client, filing(), **key).status_code == 201


@pytest.mark.parametrize("key", ["short", "x" * 256, "has spaces in the middle", "ключ-ключ-ключ-ключ"])
def test_a_bad_key_is_refused(client: Client, gridville: Jurisdiction, key: str) -> None:
    response = send(client, filing(), Idempotency_Key=key)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


def test_it_takes_at_most_eight_statements(client: Client, gridville: Jurisdiction) -> None:
    send(client, filing(), Idempotency_Key="fedcba9876543210")
    with CaptureQueriesContext(connection) as queries:
        assert send(client, filing(), Idempotency_Key="0123456789abcdef").status_code == 201
    statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(statements) <= 8, statements


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"latitude": 50}, 400, "outside_jurisdictions", "latitude"),
        ({"category": "dragons"}, 400, "unknown_category", "category"),
        ({"category": ...}, 400, "invalid", "category"),
        ({"category": 7}, 400, "invalid", "category"),
        ({"category": ["litter"]}, 400, "invalid", "category"),
        ({"longitude": ...}, 400, "invalid", "longitude"),
        ({"longitude": "west"}, 400, "invalid", "longitude"),
        ({"longitude": "nan"}, 400, "invalid", "longitude"),
        ({"longitude": True}, 400, "invalid", "longitude"),
        ({"longitude": 181}, 400, "invalid", "longitude"),
        ({"latitude": 90.01}, 400, "invalid", "latitude"),
        ({"latitude": [0.005]}, 400, "invalid", "latitude"),
        ({"latitude": 10**400}, 400, "invalid", None),
        ({"description": "x" * 4001}, 400, "invalid", "description"),
        ({"description": {"a": 1}}, 400, "invalid", "description"),
        ({"description": "a\x00b"}, 400, "invalid", "description"),
        ({"location_text": "x" * 301}, 400, "invalid", "location_text"),
        ({"answers": "green"}, 400, "invalid", "answers"),
        ({"answers": {"container": "purple"}}, 400, "invalid", "answers.container"),
        ({"answers": {"container": ["green"]}}, 400, "invalid", "answers.container"),
        ({"answers": {"\x00": "green"}}, 400, "invalid", "answers.\x00"),
        ({"answers": {str(n): "x" for n in range(51)}}, 400, "invalid", "answers"),
        ({"kind": "dragon"}, 400, "invalid", "kind"),
        ({"kind": ["complaint"]}, 400, "invalid", "kind"),
        ({"reporter": "Rita"}, 400, "invalid", "reporter"),
        ({"reporter": []}, 400, "invalid", "reporter"),
        ({"reporter": {"email": "rita"}}, 400, "invalid", "reporter.email"),
        ({"reporter": {"email": "rita@example.org\nBcc: all@example.org"}}, 400, "invalid", "reporter.email"),
        ({"reporter": {"phone": "call me"}}, 400, "invalid", "reporter.phone"),
        ({"reporter": {"name": "x" * 121}}, 400, "invalid", "reporter.name"),
        ({"reporter": {"language": "xx"}}, 400, "invalid", "reporter.language"),
        ({"reporter": {"language": 5}}, 400, "invalid", "reporter.language"),
        ({"reporter": {"consent_contact": "perhaps"}}, 400, "invalid", "reporter.consent_contact"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(
    client: Client, gridville: Jurisdiction, changes: dict[str, Any], status: int, code: str, field: str | None
) -> None:
    response = send(client, filing(**changes))
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]]
    assert not Complaint.objects.exists()


def test_all_faults_are_told_at_once(client: Client, gridville: Jurisdiction) -> None:
    problem = send(client, {"latitude": "x", "reporter": {"email": "x"}}).json()
    assert {e["field"] for e in problem["errors"]} == {"category", "longitude", "latitude", "reporter.email"}


HOSTILE = [
    b"", b" ", b"5", b"[]", b'"text"', b"null", b"true", b"{", b"{}}", b'{"a":1,}', b"\xff\xfe", b"\xef\xbb\xbf{}", b"\x00",
    b'{"category":"litter","longitude":NaN,"latitude":0}', b'{"longitude":Infinity}', b'{"longitude":-Infinity}',
    b'{"category":"litter","longitude":1e999,"latitude":0.005}', b'{"category":"\\ud800"}', b'{"category":"\xed\xa0\x80"}',
    b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b'{"answers":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b"9" * 5000, b'{"longitude":' + b"9" * 5000 + b"}", b"category=litter", b"<xml/>", b"{'category': 'litter'}",
    b'{"category":"litter","longitude":1e308,"latitude":0}', b'{"category":"\\u0000","longitude":0,"latitude":0}',
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: repr(body[:24]))
def test_a_hostile_body_is_refused_cleanly(client: Client, gridville: Jurisdiction, body: bytes) -> None:
    client.raise_request_exception = True
    response = client.post(URL, body, content_type="application/json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "invalid"
    assert not Complaint.objects.exists()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("text/plain", 415),
        ("application/xml", 415),
        ("application/octet-stream", 415),
        ("application/json; charset=utf-16", 400),
        ("application/json; charset=nonsense", 400),
        ("application/x-www-form-urlencoded; charset=utf-16", 400),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=äöü", 400),
        ("multipart/form-data; boundary=x; charset=base64", 400),
        ("multipart/form-data; boundary=x; charset=idna", 400),
    ],
)
def test_a_wrong_content_type_is_refused_cleanly(
    client: Client, gridville: Jurisdiction, kind: str, status: int
) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="category"\r\n\r\n\xff\xfelitter\r\n--x--\r\n'
    response = client.generic("POST", URL, body, content_type=kind)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), response.content


def test_a_body_too_large_is_refused_unread(client: Client, gridville: Jurisdiction) -> None:
    response = client.post(URL, b"{}", content_type="application/json", CONTENT_LENGTH="60000001")
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    response = send(client, filing(description="x" * 1_000_001))
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


def test_other_methods_are_refused_in_the_same_form(client: Client, gridville: Jurisdiction) -> None:
    response = client.put(URL)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in response["Allow"]


def test_over_the_quota_it_says_when_to_come_back(client: Client, gridville: Jurisdiction, settings: Settings) -> None:
    settings.RATE_LIMIT_SCALE = 0.01
    assert send(client, filing()).status_code == 201
    response = send(client, filing())
    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
    assert int(response["Retry-After"]) > 0
    assert Complaint.objects.count() == 1


def upload(name: str, data: bytes) -> Any:
    return SimpleUploadedFile(name, data)


def form(**changes: Any) -> dict[str, Any]:
    nested = {"answers": '{"container": "green"}', "reporter": '{"email": "rita@example.org", "language": "en"}'}
    return {"category": "overflowing-bin", "longitude": "0.005", "latitude": "0.005"} | nested | changes


def test_multipart_takes_files_and_nested_fields_as_json(client: Client, gridville: Jurisdiction) -> None:
    response = client.post(URL, form(files=[upload("bin.jpg", jpeg()), upload("../../evil.jpg", jpeg())]))
    assert response.status_code == 201, response.content
    given = response.json()
    assert [(f["name"], f["status"]) for f in given["files"]] == [("bin.jpg", "checking"), ("evil.jpg", "checking")]
    assert {str(row.public_id) for row in Attachment.objects.all()} == {f["id"] for f in given["files"]}
    assert Reporter.objects.get().email == "rita@example.org"


def test_multipart_takes_nested_fields_by_dotted_names(client: Client, gridville: Jurisdiction) -> None:
    dotted = {"answers.container": "grey", "reporter.email": "rita@example.org", "reporter.consent_contact": "true"}
    plain = {"category": "overflowing-bin", "longitude": "0.005", "latitude": "0.005"}
    assert client.post(URL, plain | dotted).status_code == 201
    assert Complaint.objects.get().answers == {"container": "grey"}
    assert Reporter.objects.get().consent_contact is True


def test_the_same_multipart_with_the_same_key_files_once(client: Client, gridville: Jurisdiction) -> None:
    headers = {"Idempotency-Key": "0123456789abcdef"}
    answers = [client.post(URL, form(files=[upload("bin.jpg", jpeg())]), headers=headers) for _ in range(2)]
    assert answers[0].content == answers[1].content
    other = client.post(URL, form(files=[upload("bin.jpg", jpeg(photo(64, 64)))]), headers=headers)
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"answers": "{"}, 400, "invalid"),
        ({"answers": "[1]"}, 400, "invalid"),
        ({"reporter": "NaN"}, 400, "invalid"),
        ({"reporter": "[" * 5000}, 400, "invalid"),
        ({"longitude": "1e999"}, 400, "invalid"),
        ({"longitude": "1_0"}, 400, "invalid"),
        ({"files": [b"not an image"]}, 400, "file_type_refused"),
        ({"files": [b"<svg xmlns='http://www.w3.org/2000/svg'/>"]}, 400, "file_type_refused"),
        ({"files": [b""]}, 400, "file_type_refused"),
        ({"files": [b"\xff\xd8\xff" + b"0" * 10_000_001]}, 413, "file_too_large"),
        ({"files": [b"x"] * 6}, 400, "too_many_files"),
        ({"files": [b"x"] * 25}, 400, "too_many_files"),
        ({"description": "x" * 1_100_000}, 413, "body_too_large"),
        ({f"field{n}": "x" for n in range(400)}, 400, "invalid"),
    ],
)
def test_a_bad_form_is_refused(
    client: Client, gridville: Jurisdiction, changes: dict[str, Any], status: int, code: str
) -> None:
    if "files" in changes:
        changes = {"files": [upload(f"f{n}.jpg", data) for n, data in enumerate(changes["files"])]}
    response = client.post(URL, form(**changes))
    assert response["Content-Type"] == "application/problem+json", response.content[:300]
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not Complaint.objects.exists()
