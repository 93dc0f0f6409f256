"""A real browser on the running site. Anything the browser complains about in its console fails the test."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from catalogue.models import Jurisdiction

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 360, "height": 760}
DESKTOP = {"width": 1440, "height": 900}
AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"

Open = Callable[..., Page]

# Playwright runs an event loop in the thread in which the tests use the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
# Five seconds were not always enough for a page on a machine that two test processes share.
expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/e2e/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def site(live_server: LiveServer, settings: Settings, tmp_path: Path) -> str:
    """Address of the running site; uploads go to a folder of this test."""
    settings.MEDIA_ROOT = tmp_path
    settings.PUBLIC_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def city(transactional_db: None, gridville: Jurisdiction) -> Jurisdiction:
    return gridville


@pytest.fixture
def open_page(browser: Browser, site: str, city: Jurisdiction) -> Iterator[Open]:
    """`open_page("/fr/", javascript=False)`: a page in a fresh browser profile, phone-sized unless said otherwise."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # Gridville has no drawn basemap: its map falls back to outlines, after asking once. A refused form is an
        # answer; 429, 502 and 503 are a test's own doing.
        expected = ".pmtiles" in message.location.get("url", "") or re.search(
            r"a status of (400|422|429|502|503)", message.text
        )
        if message.type in ("error", "warning") and not expected:
            complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def opened(path: str, *, javascript: bool = True, size: dict[str, int] | None = None) -> Page:
        wanted = size or PHONE
        context = browser.new_context(
            base_url=site,
            viewport={"width": wanted["width"], "height": wanted["height"]},
            java_script_enabled=javascript,
            locale=path.split("/")[1],
            has_touch=wanted is PHONE,
            is_mobile=wanted is PHONE,
            geolocation={"longitude": 0.005, "latitude": 0.005, "accuracy": 15},
            permissions=["geolocation"],
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def axe_faults() -> Callable[[Page], list[str]]:
    """What axe-core finds against WCAG 2.2 A and AA on a page, one line a rule and element."""

    def faults(page: Page) -> list[str]:
        page.evaluate(AXE.read_text())
        found = page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        return [f"{rule['id']}: {node['html'][:200]}" for rule in found["violations"] for node in rule["nodes"]]

    return faults
