"""The desk in a real browser: twenty complaints by keyboard, undo, several at once, without script, and for everybody."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import FloatRect, Page, expect

from accounts.models import User
from api import cells
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint
from complaints.services.file_checks import process_due_attachments
from complaints.services.presence import arrive
from complaints.services.quarantine import NewFile, media_path
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.builders import build_complaint
from tests.e2e.conftest import DESKTOP, PHONE, Open
from tests.e2e.test_staff import sign_in
from tests.sandbox.files import jpeg


class Keyboard:
    """Counts what a hand does: a letter, a digit, or Enter with Ctrl held down is one press."""

    def __init__(self, page: Page) -> None:
        self.page, self.presses = page, 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.presses += 1

    def await_other(self, number: str) -> str:
        """The number of the complaint that is open, once it is another one."""
        shown = self.page.locator(f".desk__columns:not([data-number='{number}'])")
        expect(shown).to_have_count(1)
        return shown.get_attribute("data-number") or ""


def test_twenty_complaints_are_triaged_in_sixty_presses(
    open_page: Open, clerk: User, crew_member: User, gridville: Jurisdiction
) -> None:
    now = timezone.now()
    for n in range(20):
        build_complaint("pothole" if n % 2 else "pavement", now=now - timedelta(hours=n))
    page = open_page("/fr/accounts/login/", size=DESKTOP)
    sign_in(page, clerk, "/fr/desk/")
    hand = Keyboard(page)
    hand.press("j")
    number = hand.await_other("")
    for n in range(20):
        if n % 2:
            hand.press("a")
        else:
            hand.press("s")
            expect(page.locator("#assign-crew_member")).to_be_focused()
            hand.press("1")
        number = hand.await_other(number) if n < 19 else number
    expect(page.locator(".notice--success")).to_be_visible()
    expect(page.locator("#desk-panes")).not_to_have_attribute("aria-busy", "true")
    assert hand.presses <= 60, hand.presses
    assert Complaint.objects.filter(state="accepted").count() == 10
    assert Complaint.objects.filter(assigned_to=crew_member).count() == 10


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_what_was_done_by_mistake_is_undone(open_page: Open, clerk: User, javascript: bool) -> None:
    complaint = build_complaint(now=timezone.now())
    page = open_page("/fr/accounts/login/", javascript=javascript, size=DESKTOP)
    sign_in(page, clerk, "/fr/desk/")
    page.locator("#results a").first.click()
    page.locator("[data-action=accept] button").click()
    expect(page.locator(".notice--success")).to_be_visible()
    if javascript:
        expect(page.locator(".map-ring")).to_have_count(1)
        page.keyboard.press("z")
    else:
        page.locator(".undo button").click()
    expect(page.locator("#desk-case .state--received")).to_be_visible()
    complaint.refresh_from_db()
    assert complaint.state == "received"
    expect(page.locator(".timeline__undone")).to_have_count(1)


def test_keys_write_where_somebody_writes_and_can_be_switched_off(open_page: Open, clerk: User) -> None:
    complaint = build_complaint(now=timezone.now())
    page = open_page("/fr/accounts/login/", size=DESKTOP)
    sign_in(page, clerk, "/fr/desk/")
    page.keyboard.press("/")
    page.keyboard.type("jakxz")
    expect(page.locator("#desk-search")).to_have_value("jakxz")
    page.goto(f"/fr/desk/{complaint.tracking_number}/")
    page.keyboard.press("r")
    page.keyboard.type("a sera fait")
    page.keyboard.press("Escape")
    expect(page.locator("#action-answer summary")).to_be_focused()
    page.keyboard.press("r")
    expect(page.locator("#answer-text")).to_have_value("a sera fait")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    complaint.refresh_from_db()
    assert complaint.state == "received"


def test_an_arabic_keyboard_has_the_same_keys(open_page: Open, clerk: User) -> None:
    first = build_complaint(now=timezone.now() - timedelta(hours=1))
    build_complaint(now=timezone.now())
    page = open_page(f"/ar/accounts/login/?next=/ar/desk/{first.tracking_number}/", size=DESKTOP)
    sign_in(page, clerk, f"/ar/desk/{first.tracking_number}/")
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ش', code: 'KeyA', bubbles: true}))")
    expect(page.locator(".undo button")).to_be_visible()
    first.refresh_from_db()
    assert first.state == "accepted"


def _the_circle_opens_its_list(page: Page) -> None:
    page.locator("#map button.map-cell", has_text="3").press("Enter")
    page.locator(".map-popup__box a").press("Enter")
    page.wait_for_url(re.compile("bbox="))
    expect(page.locator("#map path.map-chosen")).to_have_count(1)
    expect(page.locator("#results [data-tracking-number]")).to_have_count(3)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_several_are_rejected_at_once(
    open_page: Open, clerk: User, javascript: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "FEW", 2)
    rows = [build_complaint(now=timezone.now()) for _ in range(3)]
    build_complaint("litter", now=timezone.now())
    page = open_page("/fr/accounts/login/", javascript=javascript, size=DESKTOP)
    sign_in(page, clerk, "/fr/desk/")
    if javascript:
        _the_circle_opens_its_list(page)
    for row in rows[:2]:
        page.locator(f"[data-tracking-number='{row.tracking_number}'] input[type=checkbox]").check()
    page.locator("#bulk-bar button[value=reject]").click()
    page.locator("input[name=reason][value=not_founded]").check()
    page.locator("textarea[name=note]").fill("Rien à voir sur place.")
    page.locator("form.bulk button[type=submit]").click()
    page.wait_for_url(re.compile("/fr/desk/"))
    expect(page.locator(".undo button")).to_be_visible()
    assert Complaint.objects.filter(state="rejected").count() == 2
    page.locator(".undo button").click()
    expect(page.locator(".notice--info")).to_be_visible()
    assert not Complaint.objects.filter(state="rejected").exists()


def test_what_another_did_meanwhile_is_shown_and_the_words_stay(open_page: Open, clerk: User, manager: User) -> None:
    complaint = build_complaint(now=timezone.now())
    page = open_page(f"/fr/accounts/login/?next=/fr/desk/{complaint.tracking_number}/", size=DESKTOP)
    sign_in(page, clerk, f"/fr/desk/{complaint.tracking_number}/")
    page.keyboard.press("r")
    page.keyboard.type("Nous passons mardi.")
    change_state(complaint.pk, Verb.START, acting_user=manager, now=timezone.now())
    page.keyboard.press("Control+Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("#meanwhile-title")).to_be_visible()
    expect(page.locator("#answer-text")).to_have_value("Nous passons mardi.")
    page.locator("#action-answer button[type=submit]:not([name])").click()
    expect(page.locator(".timeline")).to_contain_text("Nous passons mardi.")


def test_somebody_else_is_on_it_until_she_leaves(open_page: Open, clerk: User, manager: User) -> None:
    complaint = build_complaint(now=timezone.now())
    arrive(complaint, manager, now=timezone.now())
    page = open_page(f"/fr/accounts/login/?next=/fr/desk/{complaint.tracking_number}/", size=DESKTOP)
    sign_in(page, clerk, f"/fr/desk/{complaint.tracking_number}/")
    expect(page.locator("#desk-case .notice--warning")).to_contain_text("Mona")
    page.keyboard.press("u")
    expect(page.locator("table#results")).to_be_visible()
    page.wait_for_timeout(500)
    assert [presence.user for presence in complaint.presences.all()] == [manager]


@pytest.mark.parametrize("hand", ["mouse", "finger", "keys"])
def test_part_of_a_photo_is_painted_black(open_page: Open, moderator: User, hand: str) -> None:
    soon = timezone.now()
    complaint = build_complaint(now=soon, files=[NewFile("photo.jpg", jpeg())])
    process_due_attachments(now=soon)
    before = Attachment.objects.get()
    home = f"/ar/desk/{complaint.tracking_number}/"
    page = open_page(f"/ar/accounts/login/?next={home}", size=PHONE if hand == "finger" else DESKTOP)
    sign_in(page, moderator, home)
    summary = page.locator(".black-out summary")
    summary.focus()
    page.keyboard.press("Enter")
    stage = page.locator(".boxes")
    expect(stage.locator("img")).to_have_js_property("complete", True)
    if hand == "keys":
        page.locator(".black-out__add").focus()
        for key in (
            "Enter",
            *["ArrowLeft"] * 15,
            *["ArrowUp"] * 15,
            *["Shift+ArrowRight"] * 10,
            *["Shift+ArrowDown"] * 10,
        ):
            page.keyboard.press(key)
        expect(page.locator(".boxes__box")).to_be_focused()
    else:
        stage.scroll_into_view_if_needed()
        drag(page, stage.bounding_box(), hand, (0.1, 0.1), (0.5, 0.5))
    left, top, width, height = map(float, page.locator(".black-out textarea").input_value().split())
    assert all(
        abs(side - wanted) <= 1 for side, wanted in zip((left, top, width, height), (10, 10, 40, 40), strict=True)
    )
    page.locator(".black-out button[type=submit]").click()
    expect(page.locator(".undo button")).to_be_visible()
    after = Attachment.objects.get()
    with Image.open(media_path(after.path)) as picture:
        inside, outside = (picture.getpixel((int(picture.width * x), int(picture.height * x))) for x in (0.3, 0.7))
    assert isinstance(inside, tuple) and isinstance(outside, tuple)
    assert max(inside) < 16 < max(outside)
    expect(page.locator(f".photos a[href='/ar{after.full_url[3:]}']")).to_have_count(1)
    assert page.request.get(before.full_url).status == 404


def drag(page: Page, box: FloatRect | None, hand: str, *corners: tuple[float, float]) -> None:
    """From one corner to the other, given in fractions of the box: with the mouse, or with a finger on the glass."""
    assert box is not None
    start, end = ((box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners)
    if hand == "mouse":
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end, steps=3)
        page.mouse.up()
        return
    glass = page.context.new_cdp_session(page)
    for kind, points in (("touchStart", [start]), ("touchMove", [end]), ("touchEnd", [])):
        touches = [{"x": x, "y": y} for x, y in points]
        glass.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_the_desk_fits_the_screen_and_axe_finds_nothing(
    open_page: Open,
    axe_faults: Callable[[Page], list[str]],
    clerk: User,
    manager: User,
    language: str,
    size: dict[str, int],
) -> None:
    now = timezone.now()
    rows = [build_complaint(now=now - timedelta(days=n), description="Un trou") for n in range(3)]
    arrive(rows[0], manager, now=now)
    page = open_page(f"/{language}/accounts/login/", size=size)
    sign_in(page, clerk, f"/{language}/desk/")
    faults: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.wait_for_load_state("networkidle")
        faults[name] = axe_faults(page)
        if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
            faults[name].append("wider than the screen")

    look("list")
    page.locator("#results input[type=checkbox]").first.check()
    for menu in page.locator(".desk__menu summary").all():
        menu.click()
    look("list, menus and bulk")
    page.goto(f"/{language}/desk/{rows[0].tracking_number}/")
    page.locator("#action-resolve summary").click()
    look("complaint, a form open")
    page.locator("#action-resolve button[type=submit]:not([name])").click()
    page.wait_for_timeout(300)
    look("refused")
    if size is DESKTOP:
        page.locator(".desk__help").click()
        look("keys")
    assert {name: found for name, found in faults.items() if found} == {}
