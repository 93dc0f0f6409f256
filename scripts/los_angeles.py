"""A tour of Los Angeles' 29,999 real records: `.venv/bin/python scripts/los_angeles.py http://127.0.0.1:8000`.

Loads them into the running demo as a second city, gives the demo's office person a seat in its office, tells in JSON what maps
and counts say of them, and takes the pictures of docs/los-angeles.md. GEOPORTAL_SHARED_DATA names the folder with la311/;
without it nothing is done, and that is said. Loading again changes nothing.
"""

import argparse
import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright
from screenshots import CHROMIUM, DESKTOP, FLAGS, FOLDER, PHONE, REPOSITORY, Shot, opened, settle, write

sys.path.insert(0, str(REPOSITORY))
from tests.real.los_angeles import DATA, MAPPING, NEW, OLD, build_pack

PACK = REPOSITORY / "var" / "los-angeles"
CITY = "jurisdiction=los-angeles"
DAYS = f"{CITY}&from=2017-12-27&to=2018-01-05"
SEAT = """
from accounts.models import Membership, Role, User
from catalogue.models import Jurisdiction
city = Jurisdiction.objects.get(code="los-angeles")
Membership.objects.get_or_create(user=User.objects.get(username="demo-office"), role=Role.OFFICE, jurisdiction=city)
"""


def scroll_to(selector: str) -> Any:
    """What a shot does before it is taken."""

    def scrolled(page: Page) -> None:
        for details in page.locator(f"{selector} details:not([open]) > summary").all():
            details.click()
        page.evaluate(f"scrollTo(0, document.querySelector('{selector}').getBoundingClientRect().top + scrollY - 16)")

    return scrolled


SHOTS = [
    Shot("los-angeles-home", f"?{CITY}", "en", DESKTOP),
    Shot("los-angeles-squares", f"office/?{DAYS}&measure=count", "en", DESKTOP, "office", scroll_to(".office-where")),
    Shot(
        "los-angeles-days-to-fix", f"office/?{DAYS}&measure=median_days_to_resolve", "en", DESKTOP, "office",
        scroll_to(".office-where"),
    ),
    Shot(
        "los-angeles-table", f"office/?{DAYS}&measure=p90_days_to_resolve", "en", DESKTOP, "office",
        scroll_to("section:has(#squares-title)"),
    ),
    Shot(
        "los-angeles-months", f"office/?{CITY}&from=2018-01-01&to=2018-02-01&measure=count&by=squares", "en", PHONE, "office",
        scroll_to("#months"),
    ),
]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="where the site runs, such as http://127.0.0.1:8000")
    parser.add_argument("--accounts", type=Path, default=REPOSITORY / "var" / "demo-accounts.json")
    parser.add_argument("--to", type=Path, default=FOLDER)
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.stdout.write(f"skipped: the Los Angeles records are not here ({DATA})\n")
        return 0
    loaded, address = load(), options.address.rstrip("/")
    office = next(row for row in json.loads(options.accounts.read_text(encoding="utf-8")) if row["role"] == "office")
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for shot in SHOTS:
            with opened(browser, shot, address, office) as (page, faults):
                answer = page.goto(f"{address}/{shot.language}/{shot.path}")
                settle(page)
                shot.before(page)
                settle(page)
                status = answer.status if answer else 0
                size = write(page.screenshot(), options.to / f"{shot.name}.webp")
            failed += status != 200 or bool(faults)
            sys.stderr.write("\n  ".join([f"{shot.name}: {status}, {size:,} bytes", *faults]) + "\n")
        browser.close()
    sys.stdout.write(json.dumps({"ok": not failed, "loaded": loaded, **told(address)}) + "\n")
    return 1 if failed else 0


def load() -> dict[str, int]:
    """The city and its records; sums of what the imports counted."""
    if not PACK.is_dir():
        build_pack(PACK)
    manage("load_city", str(PACK))
    totals: dict[str, int] = {}
    for name, columns in (("2017-12", OLD), ("2018-01", OLD), ("2020-01", NEW)):
        file, mapping = PACK.parent / f"la311-{name}.csv", PACK.parent / f"la311-{name}.toml"
        with gzip.open(DATA / f"la311_{name}.csv.gz") as packed, file.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        mapping.write_text(MAPPING.format(file=name, **columns))
        for key, count in manage(
            "import_complaints", str(file), "--jurisdiction", "los-angeles", "--mapping", str(mapping)
        ).items():
            totals[key] = totals.get(key, 0) + count
    manage("shell", "-c", SEAT, report=False)
    return totals


def manage(*command: str, report: bool = True) -> dict[str, int]:
    """Run a command of the site; returns its counts."""
    line = [str(REPOSITORY / "run"), "manage", *command, *(["--json"] if report else [])]
    done = subprocess.run(line, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    if done.returncode or not report:
        if done.returncode:
            raise SystemExit(f"{' '.join(command[:1])} ended with {done.returncode}: {done.stdout[-2000:]}")
        return {}
    counts: dict[str, int] = json.loads(done.stdout.splitlines()[-1])["counts"]
    return counts


def told(address: str) -> dict[str, Any]:
    """What heat.json says of the days around New Year 2018, and how many records stand on no map."""

    def ask(path: str) -> Any:
        with urlopen(f"{address}/api/v1/{path}") as answer:  # noqa: S310 (the address is the caller's)
            return json.load(answer)

    count = ask(f"heat.json?{DAYS}&zoom=10")
    days = ask(f"heat.json?{DAYS}&zoom=10&measure=median_days_to_resolve")
    known = [cell["value"] for cell in days["cells"] if not cell["few"]]
    return {
        "listed": ask(f"complaints.geojson?{DAYS}&page_size=1")["numberMatched"],
        "in_squares": count["n"],
        "squares": len(count["cells"]),
        "fullest_square": max(cell["n"] for cell in count["cells"]),
        "median_days_to_resolve": {"lowest": min(known), "highest": max(known), "squares": len(known)} if known else {},
    }


if __name__ == "__main__":
    sys.exit(main())
