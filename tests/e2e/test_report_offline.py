"""The map to take along, opened from a disk in a browser without a network."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from accounts.models import User
from catalogue.models import Jurisdiction
from tests.analytics.test_reports import drawn
from tests.builders import build_complaint


@pytest.mark.parametrize(("language", "width"), [("fr", 1440), ("ar", 360)])
def test_it_draws_without_a_network(
    browser: Browser,
    gridville: Jurisdiction,
    office_user: User,
    now: datetime,
    tmp_path: Path,
    language: str,
    width: int,
) -> None:
    for number in range(8):
        build_complaint("pothole", at=(0.5 + number % 3, 0.5), now=now - timedelta(days=number))
    file = tmp_path / "map.html"
    file.write_text(drawn(office_user, gridville, now, language))
    asked: list[str] = []
    faults: list[str] = []
    with browser.new_context(offline=True, viewport={"width": width, "height": 800}) as profile:
        page = profile.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector("path.leaflet-interactive")
        assert page.locator("path.leaflet-interactive").count() == 4
        assert page.locator(".leaflet-control-layers-overlays label").count() == 3
        page.wait_for_selector("canvas.leaflet-heatmap-layer")
        # One legend for the whole period, with the glow; one that all months share.
        assert page.locator(".panel > .legend li").count() == 8
        assert page.locator(".months .legend li").count() == 7
        page.locator("#slider").press("Home")
        first = page.locator("#month").inner_text()
        page.locator("#slider").press("End")
        assert "n = " in first and page.locator("#month").inner_text() != first
        page.locator("#whole").click()
        assert page.locator("#month").inner_text() == ""
        page.locator(".leaflet-control-layers-overlays label").nth(1).click()
        assert page.locator("path.leaflet-interactive").count() > 4
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert faults == []
