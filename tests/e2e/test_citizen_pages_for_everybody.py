"""Every page of the citizen fits a phone and a desk, reads well to machines, in French and Arabic."""

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Page

from complaints.tracking import secret_token
from following.links import END, token
from following.services import Wish, subscribe
from tests.builders import build_complaint
from tests.e2e.conftest import DESKTOP, PHONE, Open

PATHS = ["/", "/report/", "/report/?category=live-wire", "/track/", "/complaints/{number}/", "/c/{token}/?new=1", "/privacy/",
         "/accessibility/", "/follow/?subject=area", "/f/{following}/", "/f/{end}/end/"]  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_nothing_is_wider_than_the_screen_and_axe_finds_nothing(
    open_page: Open, axe_faults: Callable[[Page], list[str]], now: datetime, language: str, size: dict[str, int]
) -> None:
    complaint = build_complaint(now=now, email="rita@example.org", description="Un trou")
    wish = Wish(city=complaint.jurisdiction, email="rita@example.org", language=language, complaint=complaint)
    followed = subscribe(wish, now=now)
    values = {
        "number": complaint.tracking_number,
        "token": secret_token(complaint.pk, 1),
        "following": token(followed),
        "end": token(followed, END),
    }
    page = open_page(f"/{language}/", size=size)
    faults: dict[str, list[str]] = {}
    for path in PATHS:
        page.goto(f"/{language}" + path.format(**values))
        page.wait_for_load_state("networkidle")
        found = axe_faults(page)
        if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
            found.append("wider than the screen")
        if found:
            faults[path] = found
    assert faults == {}
