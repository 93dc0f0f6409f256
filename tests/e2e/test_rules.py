"""The pages about who answers where, in a real browser: coverage on a map, and "why here?" by a click."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from catalogue.models import Jurisdiction
from tests.builders import PASSWORD, SCALE, build_complaint
from tests.e2e.conftest import DESKTOP, PHONE, Open

pytestmark = pytest.mark.django_db(transaction=True)

EACH = pytest.mark.parametrize(("language", "size"), [("fr", DESKTOP), ("ar", PHONE)])
Faults = Callable[[Page], list[str]]


@pytest.fixture
def signed_in(open_page: Open, administrator: User) -> Open:
    def opened(path: str, **more: object) -> Page:
        page = open_page(path, **more)
        page.fill("input[name=login]", administrator.username)
        page.fill("input[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        return page

    return opened


@EACH
def test_what_nobody_covers_stands_on_the_map_and_in_the_list(
    signed_in: Open, city: Jurisdiction, axe_faults: Faults, language: str, size: dict[str, int]
) -> None:
    build_complaint("litter", at=(3.8, 1.8), now=timezone.now())
    page = signed_in(f"/{language}/boundaries/coverage/", size=size)
    rows = page.locator("[data-finding]")
    shapes = page.locator(".map path.map-finding")
    expect(shapes.first).to_be_attached()
    assert shapes.count() >= rows.count() > 0
    rows.first.focus()
    expect(page.locator(".map path.map-finding.is-highlighted").first).to_be_attached()
    assert axe_faults(page) == []


@EACH
def test_a_click_on_the_map_asks_why_here(
    signed_in: Open, city: Jurisdiction, axe_faults: Faults, language: str, size: dict[str, int]
) -> None:
    page = signed_in(f"/{language}/boundaries/why/", size=size)
    page.select_option("select[name=category]", "litter")
    expect(page.locator("#map.leaflet-container")).to_be_visible()
    page.locator("#map").click()
    # Where the two areas of the service overlap: an area that decides, one that comes second, a district, the 50 m.
    expect(page).to_have_url(re.compile("longitude=0"))
    page.goto(f"/{language}/boundaries/why/?longitude={0.5 * SCALE}&latitude={1.0 * SCALE}&category=litter")
    for look in ("decides", "second", "district", "round"):
        expect(page.locator(f".map path.map-ground--{look}")).to_have_count(1)
    expect(page.locator("tr.rules-winner")).to_contain_text("waste-north")
    assert axe_faults(page) == []


def test_without_a_script_the_numbers_are_typed(signed_in: Open, city: Jurisdiction) -> None:
    page = signed_in("/en/boundaries/why/", javascript=False)
    page.fill("input[name=longitude]", "0,005")
    page.fill("input[name=latitude]", "0.005")
    page.select_option("select[name=category]", "litter")
    page.locator("#why-form button[type=submit]").click()
    expect(page.locator("#answer-title")).to_contain_text("waste-south")
