"""The whole round of a citizen on a phone without JavaScript: report, follow, answer, contest, confirm, erase."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from complaints.models import Attachment, Complaint, Reporter
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.e2e.conftest import Open
from tests.sandbox.files import jpeg


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "trou.jpg"
    path.write_bytes(jpeg())
    return path


def file_a_complaint(page: Page, photo: Path) -> Complaint:
    page.locator("#id_district").select_option("w1")
    page.locator("#id_location_text").fill("en face de l'école")
    page.locator("details.picker.svc-roads summary").click()
    page.locator("#category-pothole").check()
    page.locator("#id_description").fill("Un trou profond")
    page.locator("#send").click()
    expect(page.locator("#preview")).to_contain_text("roads-dept")
    page.locator("#id_files").set_input_files(photo)
    page.locator("#send").click()
    expect(page).to_have_url(re.compile(r"/c/[\w-]{32}/\?new=1$"))
    return Complaint.objects.get()


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_whole_round(open_page: Open, language: str, photo: Path, clerk: User, now: datetime) -> None:
    page = open_page(f"/{language}/", javascript=False)
    page.locator("a.map-call").click()
    complaint = file_a_complaint(page, photo)
    secret = page.url.split("?")[0]
    expect(page.locator(".receipt-card")).to_contain_text(complaint.tracking_number)
    assert Attachment.objects.get().name == "trou.jpg"
    assert complaint.place_precision == "district"

    page.goto(f"/{language}/track/")
    page.locator("#id_number").fill(complaint.tracking_number.lower().replace("-", " "))
    page.locator("main form button").click()
    expect(page.locator(".case-head .state--received")).to_be_visible()
    assert "Un trou profond" not in page.content()

    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now, note="De quel côté ?")
    page.goto(secret)
    expect(page.locator(".timeline")).to_contain_text("De quel côté ?")
    page.locator("#id_text").fill("Côté pair")
    page.locator("#message button").click()
    expect(page.locator(".timeline")).to_contain_text("Côté pair")

    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now, note="Rebouché", reason="no_trace")
    page.goto(secret)
    page.locator(".ask-card details summary").click()
    page.locator("#contest-text").fill("Il est encore là")
    page.locator(".ask-card details button").click()
    expect(page.locator(".case-head .state--reopened")).to_be_visible()

    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now, note="Fait", reason="no_trace")
    page.goto(secret)
    page.locator(".ask-card > form button").click()
    expect(page.locator(".case-head .state--confirmed")).to_be_visible()

    page.locator(".erase-form button").click()
    page.locator(".card--danger button").click()
    expect(page.locator("main")).not_to_contain_text("Un trou profond")
    assert Reporter.objects.get().erased_at is not None


def test_a_mistake_keeps_everything_typed(open_page: Open) -> None:
    page = open_page("/ar/report/", javascript=False)
    page.locator("#id_description").fill("حفرة عميقة أمام المدرسة")
    page.locator("#id_name").fill("مريم")
    page.locator("#send").click()
    expect(page.locator(".error-summary")).to_be_visible()
    assert page.locator("#id_description").input_value() == "حفرة عميقة أمام المدرسة"
    assert page.locator("#id_name").input_value() == "مريم"


def test_the_list_is_filtered_by_a_plain_form(open_page: Open) -> None:
    page = open_page("/fr/", javascript=False)
    page.locator(".home-more summary").click()
    page.locator("#filter-district").select_option("west")
    page.locator(".home-more button[type=submit]").click()
    assert "district=west" in page.url
    expect(page.locator("#filter-district")).to_have_value("west")
