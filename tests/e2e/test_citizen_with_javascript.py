"""The same on a phone with JavaScript: pin by GPS, category by words, photo made smaller, sending that survives a dead spot."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from api import tiles
from complaints.models import Attachment, Complaint
from tests.builders import SCALE, build_complaint
from tests.e2e.conftest import DESKTOP, Open
from tests.sandbox.files import saved


@pytest.fixture
def large_photo(tmp_path: Path) -> Path:
    path = tmp_path / "large.jpg"
    path.write_bytes(saved(Image.effect_noise((2600, 1800), 60).convert("RGB"), "JPEG", quality=92))
    return path


def fill_in(page: Page, words: str = "7ofra") -> None:
    page.locator("#gps").click()
    expect(page.locator("input[name=longitude]")).to_have_value("0.005000")
    page.locator("#category-query").fill(words)
    page.locator("#category-hits button").first.click()
    expect(page.locator("#preview")).to_contain_text("roads-dept")
    page.locator("#id_description").fill("حفرة عميقة")


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_gps_words_and_a_photo_make_a_complaint(open_page: Open, language: str, large_photo: Path) -> None:
    page = open_page(f"/{language}/report/")
    fill_in(page)
    # The button speaks the page's language, not the browser's.
    expect(page.locator(".file-field")).to_contain_text({"fr": "Choisir des photos", "ar": "اختيار صور"}[language])
    page.locator("#id_files").set_input_files(large_photo)
    expect(page.locator("#file-list li[data-shrunk]")).to_have_count(1)
    page.locator("#send").click()
    expect(page).to_have_url(re.compile(r"/c/[\w-]{32}/\?new=1$"))
    complaint, file = Complaint.objects.get(), Attachment.objects.get()
    assert (round(complaint.point.x, 6), round(complaint.point.y, 6)) == (0.005, 0.005)
    assert complaint.category.code == "pothole" and complaint.reporter.language == language
    assert file.size < large_photo.stat().st_size
    # Her message's photo is made smaller, too: sent at once, it still is.
    page.locator("#id_text").fill("صورة أخرى")
    page.locator("#id_files").set_input_files(large_photo)
    expect(page.locator(".file-field li")).to_contain_text("large.jpg")
    page.locator("form[action='#message'] button").click()
    expect(page.locator(".file-field li")).to_have_count(0)
    assert Attachment.objects.exclude(pk=file.pk).get().size < large_photo.stat().st_size


def test_a_place_outside_is_said_at_the_map_on_a_phone(open_page: Open) -> None:
    page = open_page("/fr/report/?category=pothole&longitude=40&latitude=40")
    expect(page.locator("#place-fault")).to_contain_text("en dehors")


def test_what_gps_said_gives_way_when_the_map_is_moved(open_page: Open) -> None:
    page = open_page("/fr/report/")
    page.locator("#gps").click()
    expect(page.locator("#gps-status")).to_contain_text("15 m")
    page.locator("#map").press("ArrowRight")
    expect(page.locator("#gps-status")).to_contain_text("choisi")


def test_two_taps_are_one_complaint(open_page: Open) -> None:
    page = open_page("/fr/report/")
    fill_in(page)
    page.locator("#send").evaluate("button => { button.click(); button.form.requestSubmit(); }")
    expect(page).to_have_url(re.compile(r"/c/"))
    assert Complaint.objects.count() == 1


def test_a_mistake_is_shown_at_its_field_and_files_stay(open_page: Open, large_photo: Path) -> None:
    page = open_page("/fr/report/")
    page.locator("#id_files").set_input_files(large_photo)
    page.locator("#id_phone").fill("12")
    fill_in(page)
    page.locator("#send").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator(".field--invalid #id_phone")).to_be_visible()
    page.locator("#id_phone").fill("0612345678")
    page.locator("#send").click()
    expect(page).to_have_url(re.compile(r"/c/"))
    assert Attachment.objects.count() == 1


def test_a_lost_connection_keeps_the_report_and_sends_it_later(open_page: Open) -> None:
    page = open_page("/fr/report/")
    fill_in(page)
    # The request reaches the server, its answer does not reach the phone: the same report is sent again.
    lost: list[int] = []

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.fulfill(status=502, body="")
        else:
            route.continue_()

    page.route("**/report/", lose_the_first_answer)
    page.locator("#send").click()
    page.locator("#send-status button").click()
    expect(page).to_have_url(re.compile(r"/c/"))
    assert lost == [201]
    assert Complaint.objects.count() == 1


def test_a_draft_survives_a_reload(open_page: Open) -> None:
    page = open_page("/fr/report/")
    page.locator("#id_description").fill("Un trou profond")
    page.reload()
    expect(page.locator("#id_description")).to_have_value("Un trou profond")


def test_a_place_is_found_by_its_name(open_page: Open) -> None:
    page = open_page("/ar/report/")
    page.locator("#place-query").fill("E2")
    page.locator("#place-results button").first.click()
    expect(page.locator("input[name=longitude]")).to_have_value(re.compile(r"^0\.03"))


def test_what_is_known_nearby_is_offered_to_follow(open_page: Open, now: datetime) -> None:
    known = build_complaint(at=(0.5, 0.5), now=now)
    page = open_page(f"/fr/report/?longitude={0.5 * SCALE}&latitude={0.5 * SCALE}&category=pothole")
    expect(page.locator(".similar a")).to_have_attribute("href", re.compile(known.tracking_number))


def test_the_map_and_the_list_follow_one_filter(open_page: Open, now: datetime) -> None:
    pothole = build_complaint(at=(0.5, 0.5), now=now)
    litter = build_complaint("litter", at=(2.5, 0.5), now=now)
    page = open_page("/fr/", size={"width": 1440, "height": 900})
    expect(page.locator("#results .row")).to_have_count(2)
    expect(page.locator("#map button.map-cell, #map button.map-pin").first).to_be_visible()
    page.locator(".home-chips label.svc-roads").click()
    expect(page.locator("#results .row")).to_have_count(1)
    expect(page.locator("#results")).to_contain_text(pothole.tracking_number)
    expect(page.locator("#results")).not_to_contain_text(litter.tracking_number)
    assert "service=roads" in page.url
    # A pin opens by keyboard and gives the focus to what it says, for who wants no motion too; Escape gives it back.
    page.emulate_media(reduced_motion="reduce")
    pin = page.locator("#map button.map-pin")
    expect(pin).to_have_count(1)
    pin.press("Enter")
    expect(page.locator(".map-popup__box")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".map-popup__box")).to_have_count(0)


def test_a_circle_says_what_it_counts_and_opens_its_list(
    open_page: Open, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while a tile is lost, and while there is too much traffic: the map says so, waits and goes on."""
    monkeypatch.setattr(tiles, "FEW", 2)
    for n in range(3):
        build_complaint(at=(0.5 + n / 50, 0.5), now=now)
    build_complaint(at=(3.5, 1.5), now=now)
    page = open_page("/fr/", size=DESKTOP)
    circle = page.locator("#map button.map-cell")
    expect(circle).to_have_accessible_name(re.compile(r"Réclamations\s:\s3\s; ouvertes\s:\s3\s; en retard\s:\s"))
    expect(page.locator("#map button.map-pin")).to_have_count(1)
    page.emulate_media(reduced_motion="reduce")
    circle.press("Enter")
    popup = page.locator(".map-popup__box")
    expect(popup).to_be_focused()
    # By keyboard: on a slow machine the map may still be moving under a mouse.
    popup.get_by_role("link", name="Montrer la liste").press("Enter")
    expect(page.locator("#results .row")).to_have_count(3)
    expect(page.locator("#home-count")).to_be_focused()
    expect(page.locator("#map path.map-chosen")).to_have_count(1)
    assert "bbox=" in page.url
    page.reload()
    expect(page.locator("#map path.map-chosen")).to_have_count(1)
    expect(page.locator("#map button.map-pin")).to_have_count(1)
    page.locator("[data-whole]").click()
    expect(page.locator("#results .row")).to_have_count(4)
    expect(page.locator("#map path.map-chosen")).to_have_count(0)
    notice = page.locator(".map-notice")
    page.route("**/tiles/**", lambda route: route.fulfill(status=429, headers={"Retry-After": "2"}))
    page.locator(".home-chips label.svc-roads").click()
    expect(notice).to_contain_text("Trop de demandes")
    page.unroute_all()
    page.route("**/tiles/**", lambda route: route.fulfill(status=503))
    expect(notice).to_contain_text("n'a pas pu être chargée")
    page.unroute_all()
    expect(notice).to_be_hidden()
    expect(circle).to_have_count(1)
