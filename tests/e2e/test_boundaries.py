"""The round trip of an import in a real browser: upload, defects, repair, old against new, simulation, in force, back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.services.routing_jobs import run_due_reroutings, run_due_simulations
from districts.importing.comparing import work_on_comparisons
from districts.importing.drafts import work_on_drafts
from districts.models import BoundaryEdition
from tests.builders import PASSWORD, build_complaint
from tests.districts.drawn import collection, feature, quarters, square
from tests.e2e.conftest import DESKTOP, PHONE, Open

pytestmark = pytest.mark.django_db(transaction=True)

BOW_TIE = {"type": "Polygon", "coordinates": [[[0.03, 0], [0.04, 0.02], [0.04, 0], [0.03, 0.02], [0.03, 0]]]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Columns of which two overlap, one crosses itself and leaves land uncovered, and one has lost its Arabic name."""
    features = [feature("a", square(0, 0, 1.1, 2), population=100), *quarters()[1:3], feature("d", BOW_TIE)]
    features[2]["properties"]["name_ar"] = None
    path = tmp_path / "quartiers.geojson"
    path.write_bytes(collection(features))
    return path


def work() -> None:
    """What beat rings the worker for."""
    work_on_drafts(now=timezone.now())
    work_on_comparisons(now=timezone.now())
    run_due_simulations(now=timezone.now())
    run_due_reroutings(now=timezone.now())


def sign_in(page: Page, user: User) -> None:
    page.fill("input[name=login]", user.username)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")


def upload(page: Page, file: Path) -> None:
    page.set_input_files("input[type=file]", str(file))
    page.fill("input[name=source]", "Agence urbaine")
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("[role=status]").first).to_be_visible()
    work()


@pytest.mark.parametrize(("language", "size"), [("fr", DESKTOP), ("ar", PHONE)])
def test_a_file_goes_all_the_way_and_back(
    open_page: Open,
    administrator: User,
    city: Jurisdiction,
    file: Path,
    axe_faults: Callable[[Page], list[str]],
    language: str,
    size: dict[str, int],
) -> None:
    complaint = build_complaint("litter", at=(0.4, 0.7), now=timezone.now())
    page = open_page(f"/{language}/boundaries/new/", size=size)
    sign_in(page, administrator)
    upload(page, file)
    # The page asks again by itself.
    expect(page.locator("select[name=name_ar]")).to_have_value("name_ar")
    assert axe_faults(page) == []
    page.locator("form[action$='/choose/'] button[type=submit]").click()
    expect(page.locator(".boundary-working, .boundary-verdict").first).to_be_visible()
    work()
    rows = page.locator(".boundary-defect")
    expect(rows).to_have_count(4)
    # Every defect of the list that has a place is on the map, and a click on either shows the other.
    expect(page.locator(".map path.map-boundary--defect").first).to_be_attached()
    assert axe_faults(page) == []
    page.locator("#overlap-2-1 [data-shows]").click()
    expect(page.locator("#overlap-2-1")).to_have_class("boundary-defect is-highlighted")
    expect(page.locator(".map path.is-highlighted")).to_have_count(1)
    # One by one with the keyboard, then the rest.
    accept = page.locator("#overlap-2-1 button[value=accept]")
    accept.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#overlap-2-1 .badge--decided")).to_be_visible()
    page.locator(".boundary-verdict button[value=accept]").click()
    expect(page.locator(".boundary-verdict__text--good")).to_be_visible()
    page.locator("form[action$='/store/'] button").click()
    work()
    expect(page.locator("#force-title")).to_be_visible()
    expect(page.locator(".boundary-changes table tbody tr")).to_have_count(10)
    expect(page.locator(".map path.map-boundary--old").first).to_be_attached()
    assert axe_faults(page) == []
    _draw_the_curtain(page)
    _simulate(page)
    assert axe_faults(page) == []
    page.locator(".overline a").click()
    page.locator("form[action$='/activate/'] input[name=reroute_open]").check()
    page.locator("form[action$='/activate/'] button[type=submit]").click()
    expect(page.locator("form[action$='/back/'] button")).to_be_visible()
    assert _in_force() == 2 and _district_of(complaint) == "a"
    page.locator("form[action$='/back/'] input[name=reroute_open]").check()
    page.locator("form[action$='/back/'] button").click()
    expect(page.locator("h1 .badge--decided")).to_be_visible()
    assert _in_force() == 1 and _district_of(complaint) == "w1"


def _simulate(page: Page) -> None:
    """The one open complaint would go from its district to the new one."""
    page.locator("a[href*='/simulation/']").click()
    page.locator(".rules-ask button[type=submit]").click()
    expect(page.locator("[role=status] progress")).to_be_visible()
    work()
    expect(page.locator(".stats")).to_be_visible()
    moves = page.locator("table tbody tr")
    expect(moves).to_have_count(1)
    expect(moves).to_contain_text("w1")


def _in_force() -> int:
    return BoundaryEdition.objects.get(layer="districts", is_active=True).number


def _district_of(complaint: Complaint) -> str | None:
    """Once the worker has routed open complaints again."""
    work()
    complaint.refresh_from_db()
    return complaint.district.code if complaint.district else None


def _draw_the_curtain(page: Page) -> None:
    """With the arrow keys: more of the old comes into sight; both at once lifts it."""
    curtain = page.locator(".map-curtain")
    before = curtain.bounding_box()
    page.locator("#curtain").focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    after = curtain.bounding_box()
    assert before is not None and after is not None and after["x"] > before["x"] + 20
    page.locator("#both").check()
    expect(curtain).to_be_hidden()


def test_without_a_script_the_same_forms_lead_as_far(
    open_page: Open, administrator: User, city: Jurisdiction, file: Path
) -> None:
    page = open_page("/fr/boundaries/new/", javascript=False)
    sign_in(page, administrator)
    upload(page, file)
    page.locator("form[action$='/choose/'] button[type=submit]").click()
    work()
    expect(page.locator(".boundary-defect")).to_have_count(4)
    page.locator(".boundary-verdict button[value=accept]").click()
    page.locator("form[action$='/store/'] button").click()
    work()
    expect(page.locator("form[action$='/activate/'] button[type=submit]")).to_be_visible()
    page.locator("form[action$='/activate/'] button[type=submit]").click()
    expect(page.locator("form[action$='/back/'] button")).to_be_visible()


def test_what_may_not_be_done_is_said_and_nothing_typed_is_lost(
    open_page: Open, administrator: User, city: Jurisdiction, tmp_path: Path
) -> None:
    page = open_page("/en/boundaries/new/", size=DESKTOP)
    sign_in(page, administrator)
    empty = tmp_path / "empty.geojson"
    empty.write_bytes(b"")
    page.set_input_files("input[type=file]", str(empty))
    page.fill("input[name=source]", "Urban agency")
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator(".error-summary")).to_contain_text("The file is empty")
    expect(page.locator("input[name=source]")).to_have_value("Urban agency")
