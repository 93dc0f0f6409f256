"""The report form takes in a complaint in two steps without JavaScript, in one request with it, and loses nothing on the way."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from catalogue.models import Category, Jurisdiction, Question
from complaints.models import Attachment, Complaint, Reporter
from tests.builders import SCALE, build_complaint, named
from tests.sandbox.files import jpeg

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def own_media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def filing(**changes: Any) -> dict[str, Any]:
    values = {
        "category": "pothole",
        "longitude": f"{0.5 * SCALE:.6f}",
        "latitude": f"{0.5 * SCALE:.6f}",
        "description": "Un trou devant l'école",
        "kind": "complaint",
        "key": KEY,
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def review(client: Client, values: dict[str, Any], language: str = "en") -> str:
    """The first step; gives the review page."""
    response = client.post(f"/{language}/report/", values)
    assert response.status_code == 200, response.content.decode()
    return response.content.decode()


def send(client: Client, values: dict[str, Any], language: str = "en") -> Any:
    """Both steps, as a browser without JavaScript takes them."""
    page = review(client, values, language)
    asked = {"asked": hidden(page, "asked")} if 'name="asked"' in page else {}
    return client.post(f"/{language}/report/", values | asked | {"reviewed": hidden(page, "reviewed")})


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_two_steps_file_a_complaint_and_lead_to_its_secret_page(
    client: Client, gridville: Jurisdiction, language: str
) -> None:
    response = send(client, filing(), language)
    assert response.status_code == 302
    assert re.fullmatch(rf"/{language}/c/[\w-]{{32}}/\?new=1", response["Location"])
    complaint = Complaint.objects.get()
    assert (complaint.category.code, complaint.channel, complaint.description) == (
        "pothole",
        "web",
        "Un trou devant l'école",
    )
    assert Reporter.objects.get().language == language
    receipt = client.get(response["Location"]).content.decode()
    assert complaint.tracking_number in receipt and "<svg" in receipt


def test_the_review_says_who_answers_by_when_and_why_and_stores_nothing(
    client: Client, gridville: Jurisdiction
) -> None:
    page = review(client, filing())
    assert "roads-dept" in page and "Check and send" in page and "Why here?" in page
    assert not Complaint.objects.exists()


def test_a_changed_place_is_reviewed_again(client: Client, gridville: Jurisdiction) -> None:
    page = review(client, filing())
    elsewhere = filing(longitude=f"{2.5 * SCALE:.6f}", reviewed=hidden(page, "reviewed"), asked="pothole")
    assert client.post("/en/report/", elsewhere).status_code == 200
    assert not Complaint.objects.exists()


def test_a_double_tap_makes_one_complaint(client: Client, gridville: Jurisdiction) -> None:
    first, second = send(client, filing()), send(client, filing())
    assert first["Location"] == second["Location"]
    assert Complaint.objects.count() == 1


def test_the_same_form_with_other_words_asks_before_it_files_again(client: Client, gridville: Jurisdiction) -> None:
    send(client, filing())
    response = send(client, filing(description="Autre chose"))
    page = response.content.decode()
    assert response.status_code == 400 and "already sent this form" in page
    assert hidden(page, "key") != KEY and "Autre chose" in page
    assert Complaint.objects.count() == 1


def test_a_district_will_do_and_the_place_is_then_no_finer_than_that(client: Client, gridville: Jurisdiction) -> None:
    response = send(client, filing(longitude="", latitude="", district="e1", location_text="près du marché"))
    assert response.status_code == 302
    complaint = Complaint.objects.get()
    assert complaint.district is not None and complaint.district.code == "e1"
    assert complaint.place_precision == "district"
    assert complaint.location_text.startswith("près du marché (e1")


def test_a_place_found_by_name_can_be_chosen_without_javascript(client: Client, gridville: Jurisdiction) -> None:
    values = filing(longitude="", latitude="", place_query="W1", find="1", category=None)
    page = client.post("/en/report/", values).content.decode()
    found = re.search(r'name="found_place"\s+value="([^"]+)"', page)
    assert found and "Un trou devant" in page
    values = filing(longitude="", latitude="", found_place=found[1])
    again = review(client, values)
    typed = {name: hidden_input(again, name) for name in ("longitude", "latitude")}
    assert send(client, filing(**typed)).status_code == 302


def hidden_input(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    assert found, name
    return found[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"category": ""}, "Choose what it is about."),
        ({"category": "dragons"}, "id_category"),
        ({"longitude": "", "latitude": ""}, "Say where it is"),
        ({"longitude": "abc"}, "Give a number of degrees."),
        ({"longitude": "500"}, "This number of degrees does not exist."),
        ({"email": "rita@"}, "id_email"),
        ({"phone": "12"}, "This phone number does not exist"),
        ({"consent_contact": "on"}, "Leave an e-mail address"),
        ({"description": "x" * 4001}, "id_description"),
        ({"district": "atlantis"}, "id_district"),
        ({"description": "a\x00b"}, "id_description"),
    ],
)
def test_what_is_wrong_is_named_at_its_field_and_what_was_typed_stays(
    client: Client, gridville: Jurisdiction, changes: dict[str, Any], message: str
) -> None:
    response = client.post("/en/report/", filing(name="Rita", **changes))
    page = response.content.decode()
    assert response.status_code == 400
    assert message in page and 'value="Rita"' in page
    assert not Complaint.objects.exists()


@pytest.mark.parametrize("place", [(9.0, 9.0), (-3.0, 0.5)])
def test_outside_every_city_is_a_clear_answer_and_words_are_kept(
    client: Client, gridville: Jurisdiction, place: tuple[float, float]
) -> None:
    values = filing(longitude=str(place[0] * SCALE), latitude=str(place[1] * SCALE))
    response = client.post("/en/report/", values)
    page = response.content.decode()
    assert response.status_code == 400
    assert "This place lies outside Gridville" in page and "Un trou devant" in page


def test_where_no_unit_answers_she_is_told_that_triage_does(client: Client, gridville: Jurisdiction) -> None:
    nowhere = filing(category="litter", longitude=str(3.75 * SCALE), latitude=str(1.5 * SCALE))
    page = review(client, nowhere)
    assert "No unit is fixed for this place yet" in page and "registry" in page


def test_urgent_categories_show_the_emergency_numbers_first(client: Client, gridville: Jurisdiction) -> None:
    page = client.get("/en/report/?category=live-wire").content.decode()
    assert 'href="tel:19"' in page
    assert page.index('href="tel:19"') < page.index('id="where-title"')


def test_similar_open_complaints_nearby_are_shown_before_sending(
    client: Client, gridville: Jurisdiction, now: Any
) -> None:
    known = build_complaint(at=(0.5, 0.5005), now=now)
    far = build_complaint(at=(0.5, 0.7), now=now)
    private = build_complaint("live-wire", now=now)
    page = review(client, filing())
    assert known.tracking_number in page and far.tracking_number not in page
    assert private.tracking_number not in review(client, filing(category="live-wire"))


def test_required_questions_are_asked_at_the_review_and_must_be_answered(
    client: Client, gridville: Jurisdiction
) -> None:
    Question.objects.create(
        category=Category.objects.get(code="pothole"),
        code="depth",
        kind="number",
        name=named("Profondeur"),
        required=True,
    )
    page = review(client, filing())
    assert "Profondeur" in page and "Please answer this question." not in page
    values = filing(reviewed=hidden(page, "reviewed"), asked="pothole")
    refused = client.post("/en/report/", values)
    assert refused.status_code == 400 and "Please answer this question." in refused.content.decode()
    assert client.post("/en/report/", values | {"answer_depth": "12,5"}).status_code == 302
    assert Complaint.objects.get().answers == {"depth": 12.5}


def test_answers_to_choices_are_kept(client: Client, gridville: Jurisdiction) -> None:
    values = filing(category="overflowing-bin", answer_container="green")
    assert send(client, values).status_code == 302
    assert Complaint.objects.get().answers == {"container": "green"}


def test_files_are_taken_with_the_second_step_and_refused_ones_are_named(
    client: Client, gridville: Jurisdiction
) -> None:
    page = review(client, filing())
    values = filing(reviewed=hidden(page, "reviewed"))
    wrong = client.post("/en/report/", values | {"files": SimpleUploadedFile("virus.exe", b"MZ\x90\x00")})
    assert wrong.status_code == 400 and "virus.exe" in wrong.content.decode()
    assert wrong.context["preview"] is not None, "who answers is still said"
    photos = [SimpleUploadedFile(f"{n}.jpg", jpeg()) for n in (1, 2)]
    assert client.post("/en/report/", values | {"files": photos}).status_code == 302
    assert sorted(Attachment.objects.values_list("name", flat=True)) == ["1.jpg", "2.jpg"]


def test_six_files_are_too_many(client: Client, gridville: Jurisdiction) -> None:
    page = review(client, filing())
    photos = [SimpleUploadedFile(f"{n}.jpg", jpeg()) for n in range(6)]
    response = client.post("/en/report/", filing(reviewed=hidden(page, "reviewed"), files=photos))
    assert response.status_code == 400 and "At most five files" in response.content.decode()


def test_phone_numbers_are_kept_in_international_form(client: Client, gridville: Jurisdiction) -> None:
    send(client, filing(phone="06 12 34 56 78"))
    assert Reporter.objects.get().phone == "+212612345678"


def test_observations_promise_no_deadline(client: Client, gridville: Jurisdiction) -> None:
    page = review(client, filing(kind="observation"))
    assert "Observations and suggestions carry no deadline." in page


def test_a_script_sends_at_once_and_hears_json(client: Client, gridville: Jurisdiction) -> None:
    headers = {"Accept": "application/json", "Idempotency-Key": KEY}
    good = client.post("/en/report/", filing(asked="pothole"), headers=headers)
    assert good.status_code == 201 and "/en/c/" in good.json()["next"]
    bad = client.post("/en/report/", filing(category="", phone="12"), headers=headers)
    assert bad.status_code == 400
    assert {row["field"] for row in bad.json()["errors"]} == {"category", "phone"}


def test_a_script_that_did_not_ask_required_questions_is_told(client: Client, gridville: Jurisdiction) -> None:
    Question.objects.create(
        category=Category.objects.get(code="pothole"),
        code="depth",
        kind="text",
        name=named("Profondeur"),
        required=True,
    )
    response = client.post("/en/report/", filing(), headers={"Accept": "application/json"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "answer_depth"


def test_too_many_reports_are_429_with_what_was_typed(
    client: Client, gridville: Jurisdiction, settings: Settings
) -> None:
    settings.RATE_LIMIT_SCALE = 0.001
    send(client, filing())
    response = send(client, filing(key="f" * 32, description="Encore un trou"))
    assert response.status_code == 429 and int(response["Retry-After"]) > 0
    assert "You can go on in" in response.content.decode()
    told = client.post("/en/report/", filing(key="e" * 32, asked="pothole"), headers={"Accept": "application/json"})
    assert told.status_code == told.json()["status"] == 429 and told.json()["code"] == "rate_limited"
    assert "Encore un trou" in response.content.decode()
    assert Complaint.objects.count() == 1


def test_the_check_gives_questions_and_preview_for_a_script(client: Client, gridville: Jurisdiction) -> None:
    query = {"category": "overflowing-bin", "longitude": str(0.5 * SCALE), "latitude": str(0.5 * SCALE)}
    page = client.get("/en/report/check/", query).content.decode()
    assert "bin-team" in page and 'name="answer_container"' in page
    outside = client.get("/en/report/check/", query | {"longitude": "9"}).content.decode()
    assert "This place lies outside Gridville" in outside


@pytest.mark.parametrize(
    "query",
    [
        "category=x",
        "longitude=a&latitude=b&category=pothole",
        "district=no&category=pothole",
        "district=%00&category=pothole",
    ],
)
def test_the_check_survives_nonsense(client: Client, gridville: Jurisdiction, query: str) -> None:
    assert client.get(f"/en/report/check/?{query}").status_code == 200


def test_places_are_found_by_forgiving_words(client: Client, gridville: Jurisdiction) -> None:
    gridville.landmarks.create(
        code="bab", name={"fr": "Porte de l'Étoile", "ar": "باب النجمة"}, kind="landmark", point=Point(0, 0, srid=4326)
    )
    for words in ("etoile", "porte etoile", "النجمه", "باب نجمة"):
        names = [row["name"] for row in client.get("/en/report/places/", {"q": words}).json()["places"]]
        assert len(names) == 1, words
    assert client.get("/en/report/places/", {"q": "zzzz"}).json() == {"places": []}
