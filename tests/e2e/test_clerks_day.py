"""A clerk's day in a real browser: the morning in French (triage, merge, answer, file for a caller), the afternoon in Arabic
(what is late and was escalated, a contested closing, something that is another body's)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from catalogue.models import Body, Jurisdiction
from complaints.models import Complaint, Reply
from complaints.services.breaches import record_breaches
from complaints.services.escalation import climb_ladders
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from notifications.models import OutboxMessage
from tests.builders import build_complaint, build_ladder
from tests.e2e.conftest import DESKTOP, Open
from tests.e2e.test_staff import sign_in

Axe = Callable[[Page], list[str]]


class Faults:
    """What axe finds on the pages of the day, by the name of the page."""

    def __init__(self, page: Page, axe: Axe) -> None:
        self.page, self.axe, self.found = page, axe, dict[str, list[str]]()

    def look(self, name: str) -> None:
        self.page.wait_for_load_state("networkidle")
        if found := self.axe(self.page):
            self.found[name] = found


def open_case(page: Page, complaint: Complaint, language: str) -> None:
    page.goto(f"/{language}/desk/{complaint.tracking_number}/")
    expect(page.locator("#desk-case")).to_contain_text(complaint.tracking_number)


def press(page: Page, slug: str) -> None:
    page.locator(f"#action-{slug} button[type=submit]:not([name])").click()


def state_of(complaint: Complaint) -> str:
    return Complaint.objects.get(pk=complaint.pk).state


def test_the_morning_in_french(open_page: Open, axe_faults: Axe, triage_officer: User, gridville: Jurisdiction) -> None:
    now = timezone.now()
    first = build_complaint(now=now - timedelta(hours=3), email="rita@example.org", description="Un grand trou")
    twin = build_complaint(now=now - timedelta(hours=2), email="sami@example.org")
    wrong = build_complaint("pavement", now=now - timedelta(hours=1))
    Reply.objects.create(
        jurisdiction=gridville, step="answer", name="Reçu", texts={"fr": "Bien reçu : {number}."}, updated_at=now
    )
    page = open_page("/fr/accounts/login/", size=DESKTOP)
    sign_in(page, triage_officer, "/fr/desk/")
    faults = Faults(page, axe_faults)
    faults.look("list")
    # Triage: a wrong category, and another unit's.
    open_case(page, wrong, "fr")
    page.keyboard.press("c")
    page.locator("#recategorise-category").select_option("litter")
    press(page, "recategorise")
    expect(page.locator(".notice--success")).to_be_visible()
    open_case(page, wrong, "fr")
    page.keyboard.press("h")
    page.locator("#hand-over-unit").select_option("bin-team")
    press(page, "hand-over")
    expect(page.locator(".notice--success")).to_be_visible()
    open_case(page, wrong, "fr")
    expect(page.locator("[data-action=take-over]")).to_be_visible()
    faults.look("handed over")
    # Two about one thing.
    open_case(page, twin, "fr")
    page.keyboard.press("m")
    page.locator("#merge-number").fill(first.tracking_number)
    press(page, "merge")
    expect(page.locator(".notice--success")).to_be_visible()
    # An answer from a ready-made text, looked at first.
    open_case(page, first, "fr")
    page.keyboard.press("r")
    page.locator("#answer-reply").select_option(label="Reçu")
    expect(page.locator("#answer-text")).to_have_value(f"Bien reçu : {first.tracking_number}.")
    page.locator("#action-answer button[name=preview]").click()
    expect(page.locator(".letter").first).to_contain_text(f"Bien reçu : {first.tracking_number}.")
    expect(page.locator(".letter__head").first).to_contain_text("rita@example.org")
    faults.look("preview")
    press(page, "answer")
    expect(page.locator(".notice--success")).to_be_visible()
    # Somebody calls.
    page.goto("/fr/desk/new/")
    page.locator("input[name=channel][value=phone]").check()
    page.locator("#no-map").evaluate("node => { node.open = true }")
    page.locator("select[name=district]").select_option("w1")
    page.locator("details.picker summary").first.click()
    page.locator("#category-pothole").check()
    page.locator("textarea[name=description]").fill("Un trou devant la pharmacie")
    faults.look("phone desk")
    page.locator("#send").click()
    page.wait_for_url("**/fr/desk/GRI-*/")
    expect(page.locator("#desk-case")).to_contain_text("Un trou devant la pharmacie")
    wrong.refresh_from_db()
    assert (wrong.category.code, wrong.unit.code) == ("litter", "bin-team")
    assert Complaint.objects.get(pk=twin.pk).merged_into == first
    assert state_of(first) == "accepted"
    assert Complaint.objects.get(channel="phone").description == "Un trou devant la pharmacie"
    assert {m.recipient for m in OutboxMessage.objects.filter(body__contains="Bien reçu")} == {
        "rita@example.org", "sami@example.org",
    }  # fmt: skip
    assert faults.found == {}


def test_the_afternoon_in_arabic(open_page: Open, axe_faults: Axe, clerk: User, gridville: Jurisdiction) -> None:
    now = timezone.now()
    calm = build_complaint(now=now - timedelta(hours=1))
    late = build_complaint("pavement", now=now - timedelta(days=60), email="rita@example.org")
    back = build_complaint("pavement", now=now - timedelta(days=1), description="الرصيف مكسور")
    change_state(back.pk, Verb.RESOLVE, acting_user=clerk, now=now - timedelta(hours=5), note="Fait.")
    change_state(back.pk, Verb.CONTEST, acting_user=None, now=now - timedelta(hours=4), note="ما زال مكسورا")
    build_ladder(gridville)
    record_breaches(now=now)
    climb_ladders(now=now)
    Body.objects.create(
        jurisdiction=gridville, code="water", email="eaux@example.org", name={"fr": "Eaux", "ar": "وكالة الماء"}
    )
    page = open_page("/ar/accounts/login/", size=DESKTOP)
    sign_in(page, clerk, "/ar/desk/")
    faults = Faults(page, axe_faults)
    # What is late stands first, and its history says who was told.
    expect(page.locator("#results tbody tr").first).to_have_attribute("data-tracking-number", late.tracking_number)
    faults.look("list")
    page.keyboard.press("j")
    expect(page.locator(f".desk__columns[data-number='{late.tracking_number}']")).to_have_count(1)
    expect(page.locator(".timeline__late").first).to_be_visible()
    assert late.events.filter(kind="escalated").exists()
    faults.look("late")
    # A closing that its reporter contests: her words are read, the work is done again.
    page.goto("/ar/desk/?state=reopened")
    page.locator("#results a").first.click()
    expect(page.locator(".timeline")).to_contain_text("ما زال مكسورا")
    page.keyboard.press("e")
    page.locator("#resolve-note").fill("أعيد إصلاح الرصيف.")
    faults.look("contested")
    press(page, "resolve")
    expect(page.locator(".undo button")).to_be_visible()
    # Another body's.
    open_case(page, calm, "ar")
    page.keyboard.press("o")
    page.locator("#out-of-scope-body").select_option("water")
    page.locator("#out-of-scope-note").fill("ليس من اختصاص المدينة.")
    faults.look("another body's")
    press(page, "out-of-scope")
    expect(page.locator(".notice--success")).to_be_visible()
    assert (state_of(back), state_of(calm), state_of(late)) == ("resolved", "out_of_scope", "received")
    assert calm.messages.get().text.startswith("ليس من اختصاص المدينة.") and not OutboxMessage.objects.filter(
        recipient="eaux@example.org"
    )
    assert faults.found == {}


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_hiding_words_a_pin_and_parts_of_a_photo_by_hand(
    open_page: Open, clerk: User, gridville: Jurisdiction, language: str
) -> None:
    complaint = build_complaint(now=timezone.now(), description="Trou devant chez Zineb")
    page = open_page(f"/{language}/accounts/login/", size=DESKTOP)
    sign_in(page, clerk, f"/{language}/desk/")
    open_case(page, complaint, language)
    page.locator(".case-more > summary").click()
    page.locator("#action-hide-words summary").click()
    page.locator("#action-hide-words label", has_text="Zineb").click()
    press(page, "hide-words")
    expect(page.locator(".notice--success")).to_be_visible()
    open_case(page, complaint, language)
    page.keyboard.press("l")
    expect(page.locator(".map-picked")).to_have_count(1)
    page.locator("#map").click(position={"x": 60, "y": 200})
    expect(page.locator("#move-pin-latitude")).not_to_have_value(f"{complaint.point.y:.6f}")
    complaint.refresh_from_db()
    assert complaint.public_description == "Trou devant chez █████"
