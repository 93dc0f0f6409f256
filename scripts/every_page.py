"""Pictures of every page, to be looked at before a release: `.venv/bin/python scripts/every_page.py http://127.0.0.1:8000`.

Each page in French and Arabic, on a phone and on a desk, light and dark; four pictures make one sheet in var/look. Signs in
with the demo accounts that `./run` writes. A page that answers otherwise than expected, or that the browser complains
about, is named, and the exit status is 1.
"""

import argparse
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, StorageState, sync_playwright
from screenshots import CHROMIUM, FLAGS, REPOSITORY, complaint_to_show

LANGUAGES = ("fr", "ar")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {"phone": (360, 740), "desk": (1440, 900)}
TALLEST = 2600
SHEET_WIDTH = 1480
WHERE_THE_CLERK_ANSWERS = (-5.3722, 35.5741)


@dataclass(frozen=True)
class Look:
    """One page: `path` below the language (or from the root, with a slash before), as who, and the status it has.

    With `then`, the page is the one that links lead to from there: each time the first whose address has that in it. With
    `press`, the one that follows on that button, where it is there to be pressed.
    """

    name: str
    path: str
    role: str = ""
    status: int = 200
    then: tuple[str, ...] = ()
    press: str = ""


LOOKS = [
    Look("home", ""),
    Look("report", "report/"),
    Look("report-urgent", "report/?category=immediate-danger&longitude=-5.3722&latitude=35.5741"),
    Look("report-similar", "report/?category=overflowing-bin&longitude=-5.3684&latitude=35.5727"),
    Look("report-outside", "report/?category=overflowing-bin&longitude=-5.2&latitude=35.62"),
    Look("track", "track/"),
    Look("track-unknown", "track/?number=TET-2222-2222", status=404),
    Look("complaint", "complaints/{complaint}/"),
    Look("secret", "{secret}"),
    Look("secret-new", "{secret}?new"),
    Look("data", "data/"),
    Look("scorecards", "data/services/"),
    Look("secret-erase", "{secret}", press=".erase-form button"),
    Look("secret-settled", "{settled}"),
    Look("closing", "{closing}"),
    Look("follow", "follow/"),
    Look("subscription", "{subscription}"),
    Look("subscription-gone", "{subscription}end/", status=404),
    Look("privacy", "privacy/"),
    Look("accessibility", "accessibility/"),
    Look("not-found", "nowhere/", status=404),
    Look("login", "accounts/login/"),
    Look("mails", "/dev/mail/"),
    Look("desk", "desk/", "clerk"),
    Look("desk-complaint", "desk/{own}/", "clerk"),
    Look("desk-paper", "desk/{own}/paper/", "clerk"),
    Look("desk-paper-waiting", "desk/{own}/paper/", "clerk", press="main form .button--primary"),
    Look("desk-operator", "desk/", "operator_user"),
    Look("desk-triage", "desk/", "triage_officer"),
    Look("not-for-her", "office/", "crew_member", 404),
    Look("desk-phone-call", "desk/new/", "clerk"),
    Look("desk-hotspots", "desk/hotspots/", "triage_officer"),
    Look("desk-texts", "desk/replies/", "unit_manager"),
    Look("moderation", "desk/moderation/", "moderator"),
    Look("coverage", "boundaries/coverage/", "triage_officer"),
    Look("boundaries", "boundaries/", "administrator"),
    Look("boundaries-upload", "boundaries/new/", "administrator"),
    Look("boundaries-edition", "boundaries/", "administrator", then=("/editions/",)),
    Look(
        "boundaries-why", "boundaries/why/?longitude=-5.3684&latitude=35.5727&category=overflowing-bin", "administrator"
    ),
    Look("boundaries-what-if", "boundaries/what-if/", "administrator"),
    Look("boundaries-what-if-chosen", "boundaries/what-if/?rule=default:cleanliness", "administrator"),
    Look("boundaries-rerouting", "boundaries/rerouting/", "administrator"),
    Look("treasury", "treasury/", "treasury_officer"),
    Look("treasury-contract", "treasury/", "contract_manager", then=("/treasury/contracts/",)),
    Look("treasury-findings", "treasury/findings/", "contract_manager"),
    Look("treasury-finding", "treasury/findings/", "contract_manager", then=("-2026-",)),
    Look("treasury-ledger", "treasury/ledger/", "treasury_officer"),
    Look("treasury-orders", "treasury/orders/", "treasury_officer"),
    Look("treasury-order", "treasury/orders/", "treasury_officer", then=("/treasury/orders/2",)),
    Look("treasury-statement", "treasury/", "treasury_officer", then=("/treasury/contracts/", "/treasury/statements/")),
    Look("operator", "operator/", "operator_user"),
    Look("operator-contract", "operator/", "operator_user", then=("/operator/contracts/",)),
    Look("operator-finding", "operator/", "operator_user", then=("/operator/findings/",)),
    Look("field", "field/", "crew_member"),
    Look("office", "office/", "office"),
    Look("office-squares", "office/?measure=recurrence_share&by=squares", "office"),
    Look("office-brief-end", "office/weekly/none/end/", status=404),
    Look("office-year", "office/", "office", press="main a:has-text('365')"),
    Look("second-factor", "accounts/2fa/", "clerk"),
    Look("reauthenticate", "accounts/reauthenticate/", "clerk"),
    Look("password", "accounts/password/change/", "clerk"),
    Look("logout", "accounts/logout/", "clerk"),
    Look("admin", "/admin/", "administrator"),
    Look("admin-users", "/admin/accounts/user/", "administrator"),
    Look("admin-user", "/admin/accounts/user/1/change/", "administrator"),
    Look("admin-category", "/admin/catalogue/category/1/change/", "administrator"),
    Look("admin-city", "/admin/catalogue/jurisdiction/1/change/", "administrator"),
    Look("admin-schedule", "/admin/catalogue/schedule/add/", "administrator"),
    Look("admin-editions", "/admin/districts/boundaryedition/", "administrator"),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="where the site runs, such as http://127.0.0.1:8000")
    parser.add_argument("--accounts", type=Path, default=REPOSITORY / "var" / "demo-accounts.json")
    parser.add_argument("--to", type=Path, default=REPOSITORY / "var" / "look")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    options = parser.parse_args()
    address = options.address.rstrip("/")
    accounts = {row["role"]: row for row in json.loads(options.accounts.read_text(encoding="utf-8"))}
    options.to.mkdir(parents=True, exist_ok=True)
    looks = [look for look in LOOKS if not options.only or look.name in options.only]
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        names = {"complaint": complaint_to_show(browser, address), "secret": file_one(browser, address)}
        settles = asked_for(looks, "{settled}", "{closing}")
        roles = {look.role for look in looks} - {""} | ({"clerk"} if settles else set())
        states = {role: sign_in(browser, address, accounts[role]) for role in roles}
        if settles:
            names["settled"] = file_one(browser, address, "pothole", WHERE_THE_CLERK_ANSWERS)
            names["closing"] = settle(browser, address, names["settled"], states["clerk"])
        if asked_for(looks, "{subscription}"):
            names["subscription"] = subscribe(browser, address)
        names["own"] = own_complaint(browser, address, states.get("clerk")) or names["complaint"]
        for look in looks:
            for kind, size in SIZES.items():
                pictures = list(take(browser, address, look, names, states.get(look.role), size, faults))
                sheet(pictures).save(options.to / f"{look.name}-{kind}.png")
            sys.stdout.write(f"{look.name}\n")
        browser.close()
    sys.stdout.write("\n".join(faults) + "\n" if faults else "The browser complains about nothing.\n")
    return 1 if faults else 0


def asked_for(looks: list[Look], *names: str) -> bool:
    """Whether the address of one of the pages has one of these names in it."""
    return any(name in look.path for look in looks for name in names)


def take(
    browser: Browser,
    address: str,
    look: Look,
    names: dict[str, str],
    state: StorageState | None,
    size: tuple[int, int],
    faults: list[str],
) -> Iterator[Image.Image]:
    """A picture of the whole page for each language and scheme."""
    for language in LANGUAGES:
        for scheme in SCHEMES:
            width, height = size
            phone = width < 500
            context = browser.new_context(
                viewport={"width": width, "height": height}, is_mobile=phone, has_touch=phone, locale=language,
                color_scheme=scheme, storage_state=state, reduced_motion="reduce",
            )  # fmt: skip
            page = context.new_page()
            where = f"{look.name} {language} {scheme} {width}"
            listen(page, where, look, faults)
            path = look.path.format(**names)
            answer = page.goto(f"{address}{path}" if path.startswith("/") else f"{address}/{language}/{path}")
            for part in look.then:
                answer = page.goto(address + linked(page, part))
            if look.press and page.locator(look.press).count():
                page.locator(look.press).first.click()
            if answer is None or answer.status != look.status:
                faults.append(f"{where}: status {answer and answer.status}, not {look.status}")
            page.wait_for_load_state("networkidle")
            page.wait_for_timeout(700)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                faults.append(f"{where}: {wide} px wider than the screen")
            yield Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
            context.close()


def linked(page: Page, part: str) -> str:
    """The first address on the page that has `part` in it; its own, where there is none, which shows in the picture."""
    found = page.locator(f"main a[href*='{part}']")
    return str(found.first.get_attribute("href")) if found.count() else "/no-link-to" + part


def listen(page: Page, where: str, look: Look, faults: list[str]) -> None:
    """Note what the browser complains about; that an error page is one is no complaint."""
    expected = f"status of {look.status}"
    page.on(
        "console",
        lambda said: (
            faults.append(f"{where}: {said.text}") if said.type == "error" and expected not in said.text else None
        ),
    )
    page.on("pageerror", lambda error: faults.append(f"{where}: {error}"))


def sheet(pictures: list[Image.Image]) -> Image.Image:
    """Four pictures on one: phones beside each other, desks two by two."""
    columns = 4 if pictures[0].width < 500 else 2
    width = SHEET_WIDTH // columns - 8
    scaled = []
    for picture in pictures:
        part = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
        scaled.append(part.resize((width, round(part.height * width / part.width))))
    rows = [scaled[i : i + columns] for i in range(0, len(scaled), columns)]
    heights = [max(picture.height for picture in row) + 8 for row in rows]
    made = Image.new("RGB", (SHEET_WIDTH, sum(heights)), "#888")
    for row, top in zip(rows, (sum(heights[:i]) for i in range(len(rows))), strict=True):
        for column, picture in enumerate(row):
            made.paste(picture, (column * (width + 8), top))
    return made


def sign_in(browser: Browser, address: str, account: dict[str, str]) -> StorageState:
    """The cookies of somebody who is signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/fr/accounts/login/")
    page.locator("input[name=login]").fill(account["username"])
    page.locator("input[name=password]").fill(account["password"])
    page.locator("main form button[type=submit]").click()
    page.wait_for_load_state("networkidle")
    state = context.storage_state()
    context.close()
    return state


def file_one(
    browser: Browser, address: str, category: str = "overflowing-bin", at: tuple[float, float] = (-5.3684, 35.5727)
) -> str:
    """The address below the language of the secret page of a complaint that is filed for it."""
    page = browser.new_page()
    reporter = {"name": "Sara El Amrani", "email": "sara@example.org", "language": "fr", "consent_contact": True}
    report = {"category": category, "longitude": at[0], "latitude": at[1], "reporter": reporter}
    words = {"description": "Le bac déborde depuis lundi, devant l'école.", "location_text": "en face de l'école"}
    answer = page.request.post(f"{address}/api/v1/complaints/", data=report | words)
    address = str(answer.json()["secret_url"])
    page.close()
    return address.split("/", 4)[4]


def settle(browser: Browser, address: str, secret: str, clerk: StorageState) -> str:
    """Have a clerk call it done; the address below the language of the page that the message about it leads to."""
    context = browser.new_context(storage_state=clerk)
    page = context.new_page()
    page.goto(f"{address}/fr/{secret}")
    number = page.locator(".tracking-number").first.inner_text()
    page.goto(f"{address}/fr/desk/{number}/")
    form = page.locator(f"form[action='/fr/desk/{number}/resolve/']").first
    with page.expect_navigation():
        form.evaluate(
            "form => { form.elements.note.value = 'Le trou est rebouché.'; form.elements.reason.value = 'no_trace';"
            " form.requestSubmit([...form.querySelectorAll('button[type=submit]')].find((button) => !button.name)); }"
        )
    context.close()
    return mailed(browser, address, "/closing/", subject=number)


def subscribe(browser: Browser, address: str) -> str:
    """Ask to be told about a district; the address below the language of the page that the message leads to."""
    page = browser.new_page()
    page.goto(f"{address}/fr/follow/")
    page.locator("input[name=subject][value=district]").check()
    page.locator("select[name=district]").select_option(index=1)
    page.locator("input[name=email]").fill("sara@example.org")
    page.locator("#follow-form button[type=submit]").last.click()
    page.wait_for_load_state("networkidle")
    page.close()
    return mailed(browser, address, "/f/")


def mailed(browser: Browser, address: str, link: str, subject: str = "") -> str:
    """What stands below the language in the first such link of the newest mails; waits until one was sent."""
    page = browser.new_page()
    for _attempt in range(30):
        page.goto(f"{address}/dev/mail/")
        rows = page.locator("main tbody a", has_text=subject).all()[:3]
        for mail in [row.get_attribute("href") for row in rows]:
            page.goto(f"{address}{mail}")
            found = page.locator(f"main a[href*='{link}']")
            if found.count():
                path = str(found.first.get_attribute("href")).split("/", 4)[4].split("?")[0]
                page.close()
                return path
        page.wait_for_timeout(1000)
    raise SystemExit(f"No mail with {link} in it came within half a minute.")


def own_complaint(browser: Browser, address: str, state: StorageState | None) -> str:
    """The number of the first complaint on somebody's desk; empty if nobody is given or the desk is empty."""
    if state is None:
        return ""
    context = browser.new_context(storage_state=state)
    page = context.new_page()
    page.goto(f"{address}/fr/desk/")
    found = page.locator("[data-tracking-number]")
    number = found.first.get_attribute("data-tracking-number") if found.count() else ""
    context.close()
    return number or ""


if __name__ == "__main__":
    sys.exit(main())
