"""The staff's day in a real browser: sign in, answer and assign at the desk, finish on a phone, release a text."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint
from complaints.services.allocation import assign
from tests.builders import PASSWORD, build_complaint
from tests.e2e.conftest import DESKTOP, PHONE, Open
from tests.sandbox.files import jpeg


def sign_in(page: Page, person: User, home: str) -> None:
    page.locator("input[name=login]").fill(person.username)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile(re.escape(home)))


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_a_clerk_answers_and_sends_a_crew(
    open_page: Open, clerk: User, crew_member: User, language: str, javascript: bool
) -> None:
    complaint = build_complaint(now=timezone.now(), description="Un trou devant l'école")
    page = open_page(f"/{language}/accounts/login/", javascript=javascript, size=DESKTOP)
    sign_in(page, clerk, f"/{language}/desk/")
    if javascript:
        expect(page.locator(".map-pin")).to_have_count(1)
    page.locator(f"[data-tracking-number='{complaint.tracking_number}'] a").click()
    expect(page.locator("#desk-case")).to_contain_text("Un trou devant l'école")
    page.locator("#action-answer summary").click()
    page.locator("#answer-text").fill("Nous passons mardi.")
    page.locator("#action-answer button[type=submit]:not([name])").click()
    expect(page.locator(".timeline")).to_contain_text("Nous passons mardi.")
    page.locator("#action-assign summary").click()
    page.locator("#assign-crew_member").select_option(str(crew_member.pk))
    page.locator("#action-assign button[type=submit]:not([name])").click()
    expect(page.locator("#desk-case .facts").first).to_contain_text("Karim")
    complaint.refresh_from_db()
    assert (complaint.state, complaint.assigned_to) == ("accepted", crew_member)


def test_words_survive_a_refusal(open_page: Open, clerk: User) -> None:
    complaint = build_complaint(now=timezone.now())
    page = open_page("/fr/accounts/login/", size=DESKTOP)
    sign_in(page, clerk, "/fr/desk/")
    page.goto(f"/fr/desk/{complaint.tracking_number}/")
    page.locator("#action-resolve summary").click()
    page.locator("#resolve-note").fill("Rebouché ce matin.")
    page.locator("#action-resolve button[type=submit]:not([name])").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("#resolve-note")).to_have_value("Rebouché ce matin.")
    page.locator("#resolve-reason").select_option("no_trace")
    page.locator("#action-resolve button[type=submit]:not([name])").click()
    expect(page.locator(".state--resolved").first).to_be_visible()


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_crew_finds_the_nearest_and_finishes_it_with_a_photo(
    open_page: Open, clerk: User, crew_member: User, language: str, tmp_path: Path
) -> None:
    now = timezone.now()
    near, far = build_complaint(now=now, at=(0.6, 0.5)), build_complaint(now=now - timedelta(days=9), at=(1.9, 1.9))
    for complaint in (near, far):
        assign(complaint.pk, crew_member, acting_user=clerk, now=now)
    page = open_page(f"/{language}/accounts/login/", size=PHONE)
    sign_in(page, crew_member, f"/{language}/field/")
    stops = page.locator("#stops > li")
    # The phone may be asked for its place: it sorts by itself.
    expect(stops.first.locator("[data-distance]")).to_be_visible()
    expect(stops.first).to_have_attribute("data-tracking-number", near.tracking_number)
    expect(page.locator(".map-pin")).to_have_count(2)
    assert (stops.first.locator(".row__actions a").get_attribute("href") or "").startswith("geo:")
    stops.first.locator("h2 a").click()
    photo = tmp_path / "after.jpg"
    photo.write_bytes(jpeg())
    page.locator("#action-resolve summary").click()
    page.locator("#resolve-files").set_input_files(photo)
    page.locator("#resolve-note").fill("تم الإصلاح")
    page.locator("#action-resolve button[type=submit]:not([name])").click()
    page.wait_for_url(re.compile(rf"/{language}/field/$"))
    near.refresh_from_db()
    assert near.state == "resolved"
    assert Attachment.objects.get(complaint=near).purpose == "after"


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_staff_pages_fit_the_screen_and_axe_finds_nothing(
    open_page: Open,
    axe_faults: Callable[[Page], list[str]],
    gridville: Jurisdiction,
    triage_officer: User,
    language: str,
    size: dict[str, int],
) -> None:
    complaint = build_complaint(now=timezone.now(), email="rita@example.org", description="Un trou")
    build_complaint("live-wire", now=timezone.now() - timedelta(days=3))
    page = open_page(f"/{language}/accounts/login/", size=size)
    faults: dict[str, list[str]] = {"login": axe_faults(page)}
    sign_in(page, triage_officer, f"/{language}/desk/")
    paths = ["/desk/", f"/desk/{complaint.tracking_number}/", "/desk/moderation/", "/accounts/2fa/",
             "/accounts/password/change/", "/accounts/logout/", "/accounts/2fa/totp/activate/"]  # fmt: skip
    for path in paths:
        page.goto(f"/{language}{path}")
        page.wait_for_load_state("networkidle")
        faults[path] = axe_faults(page)
        if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
            faults[path].append("wider than the screen")
    assert {path: found for path, found in faults.items() if found} == {}


def test_the_administration_breaks_no_policy_of_the_page(
    open_page: Open, gridville: Jurisdiction, administrator: User, now: datetime
) -> None:
    page = open_page("/fr/accounts/login/?next=/admin/", size=DESKTOP)
    sign_in(page, administrator, "/admin/")
    category = gridville.categories.get(code="overflowing-bin")
    district = gridville.districts.get(code="w1")
    for path in (
        f"/admin/catalogue/category/{category.pk}/change/",
        f"/admin/districts/district/{district.pk}/change/",
        f"/admin/accounts/user/{administrator.pk}/change/",
        "/admin/catalogue/closure/add/",
    ):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        expect(page.locator("#content h1")).to_be_visible()
    assert Complaint.objects.count() == 0
