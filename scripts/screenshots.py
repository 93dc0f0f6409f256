"""Pictures of the running site for README.md: `.venv/bin/python scripts/screenshots.py http://127.0.0.1:8000`.

Signs in with the demo accounts that `./run` writes. Each picture is a WebP of at most 120 kB in docs/screenshots.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Geolocation, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "docs" / "screenshots"
LARGEST_BYTES = 120_000
CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESKTOP, PHONE = (1280, 800), (390, 844)
MEDINA: Geolocation = {"longitude": -5.3684, "latitude": 35.5727, "accuracy": 12}


@dataclass(frozen=True)
class Shot:
    """One picture: `path` below the language, as who (role; empty: anybody), and what to do before it is taken."""

    name: str
    path: str
    language: str
    size: tuple[int, int]
    role: str = ""
    before: Callable[[Page], None] = field(default=lambda page: None)


def place_and_category(page: Page) -> None:
    """Fill in the report as a citizen does: where she stands, then a word for what she sees."""
    page.locator("#gps").click()
    page.locator("#category-query").fill("poubelle")
    page.locator("#category-hits button, #category-hits label").first.click()
    page.locator(".leaflet-control-zoom-out").click()
    page.evaluate("scrollTo(0, document.getElementById('where-title').getBoundingClientRect().top + scrollY - 16)")


def open_first_row(page: Page) -> None:
    """From a list to the first complaint in it."""
    page.locator("main a[href*='/desk/']:has-text('-')").first.click()
    page.wait_for_load_state("networkidle")


def a_year_on_the_map(page: Page) -> None:
    """The office over a year: its figures, and where they come from."""
    page.get_by_role("link", name="365").click()
    settle(page)
    page.evaluate("scrollTo(0, document.querySelector('.stats').getBoundingClientRect().top + scrollY - 16)")


SHOTS = [
    Shot("home-fr-desktop", "", "fr", DESKTOP),
    Shot("home-ar-phone", "", "ar", PHONE),
    Shot("report-fr-phone", "report/", "fr", PHONE, before=place_and_category),
    Shot("complaint-ar-phone", "complaints/{complaint}/", "ar", PHONE),
    Shot("desk-fr-desktop", "desk/", "fr", DESKTOP, role="clerk"),
    Shot("desk-ar-desktop", "desk/", "ar", DESKTOP, role="clerk", before=open_first_row),
    Shot("field-fr-phone", "field/", "fr", PHONE, role="crew_member"),
    Shot("office-fr-desktop", "office/", "fr", DESKTOP, role="office", before=a_year_on_the_map),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="where the site runs, such as http://127.0.0.1:8000")
    parser.add_argument("--accounts", type=Path, default=REPOSITORY / "var" / "demo-accounts.json")
    parser.add_argument("--to", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    options = parser.parse_args()
    address = options.address.rstrip("/")
    accounts = {row["role"]: row for row in json.loads(options.accounts.read_text(encoding="utf-8"))}
    options.to.mkdir(parents=True, exist_ok=True)
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        number = complaint_to_show(browser, address)
        for shot in SHOTS:
            if options.only and shot.name not in options.only:
                continue
            with opened(browser, shot, address, accounts.get(shot.role)) as (page, faults):
                answer = page.goto(f"{address}/{shot.language}/{shot.path.format(complaint=number)}")
                settle(page)
                shot.before(page)
                settle(page)
                status = answer.status if answer else 0
                size = write(page.screenshot(), options.to / f"{shot.name}.webp")
            failed += status != 200 or bool(faults)
            sys.stdout.write("\n  ".join([f"{shot.name}: {status}, {size:,} bytes", *faults]) + "\n")
        browser.close()
    return 1 if failed else 0


def complaint_to_show(browser: Browser, address: str) -> str:
    """A public complaint that was worked on, the latest one with a released photo or words if there is any."""
    page = browser.new_page()
    answer = page.request.get(f"{address}/api/v1/complaints.geojson?state=in_progress,resolved&page_size=500")
    found = [feature["properties"] for feature in answer.json()["features"]]
    page.close()
    return str(max(found, key=lambda row: (bool(row["photos"]), bool(row["description"])))["tracking_number"])


@contextmanager
def opened(
    browser: Browser, shot: Shot, address: str, account: dict[str, str] | None
) -> Iterator[tuple[Page, list[str]]]:
    """A page of its own, signed in where the shot asks for it, and what the browser's console complains about."""
    width, height = shot.size
    phone = shot.size == PHONE
    context = browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=phone, has_touch=phone, locale=shot.language,
        geolocation=MEDINA, permissions=["geolocation"], color_scheme="light", reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    if shot.role:
        if account is None:
            raise SystemExit(f"there is no demo account for {shot.role}")
        page.goto(f"{address}/{shot.language}/accounts/login/")
        page.locator("input[name=login]").fill(account["username"])
        page.locator("input[name=password]").fill(account["password"])
        page.locator("main form button[type=submit]").click()
        page.wait_for_load_state("networkidle")
    try:
        yield page, faults
    finally:
        context.close()


def settle(page: Page) -> None:
    """Until nothing loads, no map says that it is busy, and tiles had time to be painted."""
    page.wait_for_load_state("networkidle")
    page.wait_for_selector("[aria-busy=true]", state="detached", timeout=20_000)
    page.wait_for_timeout(1200)


def write(png: bytes, file: Path) -> int:
    """Store a screenshot as WebP, in the best quality that fits. Returns its size in bytes."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in (86, 78, 70, 60, 50, 40):
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= LARGEST_BYTES:
            break
    file.write_bytes(out.getvalue())
    return out.tell()


if __name__ == "__main__":
    sys.exit(main())
