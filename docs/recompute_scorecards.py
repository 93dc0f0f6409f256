#!/usr/bin/env python3
"""Makes the published scorecards of services and operators again from the open data, and says whether they are the same.

    python3 recompute_scorecards.py https://reclamations.example.org --jurisdiction tetouan --from 2026-01-01 --to 2026-07-01

Reads complaints.csv, findings.csv, ledger.csv and catalogue.json (all open), counts, and compares with the tables that the
site publishes. With --files FOLDER it reads these four from a folder, counts as of --as-of, and prints the two tables. Status
0: the same; 1: they differ; 2: the site refused. Needs Python 3.11 and nothing else.

What each figure means (definitions, version 2):

    filed                     complaints of the period in the open data: each thing once
    answers_due               promised first answers that are decided: given, or overdue and not given
    answered_in_time_percent  of these, given in time. The clock stands still while the reporter must act
    resolutions_due           promised resolutions that are decided: done, or overdue and not done. What was rejected, withdrawn
                              or out of scope promises none: rejected_percent and out_of_scope_percent are shares of all filed
    resolved_in_time_percent  of these, done in time
    …_unpaused                the same as if the clock had never stood still
    days_to_answer_median     from filing to first answer, of all that have one
    fixed                     closed as done, confirmed by the reporter or not
    confirmed_percent         of these, confirmed by the reporter
    contested_percent         of those closed as done or reopened: reopened, because somebody disagreed
    days_to_resolve_median    from filing to closing, of the fixed ones
    findings                  opened against operators in the period; findings_contested: of these, contested by the operator
    penalties                 charged in the period, less reversals and waivers; penalties_after_cap: as the months' caps left it

A share or a median that stands on fewer than the city's minimum of cases (small_sample_k in catalogue.json) is left empty.
"""

import argparse
import csv
import io
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

Row = dict[str, str]
COLUMNS = (
    "code", "filed", "answers_due", "answered_in_time_percent", "answers_due_unpaused", "answered_in_time_unpaused_percent",
    "resolutions_due", "resolved_in_time_percent", "resolutions_due_unpaused", "resolved_in_time_unpaused_percent",
    "rejected_percent", "out_of_scope_percent", "answered", "days_to_answer_median", "fixed",
    "confirmed_percent", "fixed_or_reopened", "contested_percent", "days_to_resolve_median", "findings",
    "findings_contested", "penalties", "penalties_after_cap",
)  # fmt: skip
FIXED = ("resolved", "confirmed")
PROMISES = ("answer", "resolution")
DAY = 86_400


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the published scorecards again from the open data.")
    parser.add_argument("site", nargs="?", help="address of the site")
    parser.add_argument("--jurisdiction", default="", help="code of the city")
    parser.add_argument(
        "--from", dest="since", type=date.fromisoformat, help="first day, such as 2026-01-01 (default: a year)"
    )
    parser.add_argument(
        "--to", dest="until", type=date.fromisoformat, help="the day after the last one (default: today's)"
    )
    parser.add_argument("--files", type=Path, help="a folder with the four files, instead of a site")
    parser.add_argument("--as-of", default="", help="when the files were made, as 2026-07-01T09:00:00Z (default: now)")
    given = parser.parse_args()
    if bool(given.site) == bool(given.files):
        parser.error("give the address of a site, or --files")
    since, until = given.since, given.until
    if given.site and not since:
        since, until = a_year(until or datetime.now(UTC).date() + timedelta(days=1))
    asked = {"jurisdiction": given.jurisdiction, "from": since, "to": until}
    query = urlencode({name: str(value) for name, value in asked.items() if value})
    read: Callable[[str], str] = (
        (lambda name: (given.files / name).read_text(encoding="utf-8"))
        if given.files
        else (lambda name: download(f"{given.site.rstrip('/')}/api/v1/{name}?{query}"))
    )
    as_of = datetime.fromisoformat(given.as_of) if given.as_of else datetime.now(UTC)
    tables = scorecards(
        rows_of(read("complaints.csv")), rows_of(read("findings.csv")), rows_of(read("ledger.csv")),
        json.loads(read("catalogue.json")), as_of,
    )  # fmt: skip
    if given.files:
        for name, table in tables.items():
            print(f"# {name}")
            csv.writer(sys.stdout, lineterminator="\n").writerows(table)
        return 0
    same = True
    for name, table in tables.items():
        text = download(f"{given.site.rstrip('/')}/fr/data/scorecards/{name}.csv?{query}")
        published = list(csv.reader(io.StringIO(text)))
        same = compare(name, table, published) and same
    return 0 if same else 1


def a_year(until: date) -> tuple[date, date]:
    """The 365 days before a day: what the tables show where no beginning is asked for. The files would hold everything."""
    return until - timedelta(days=365), until


def download(address: str) -> str:
    """The text at an address; ends the script where the site refuses."""
    try:
        with urlopen(Request(address, headers={"User-Agent": "recompute-scorecards/1"}), timeout=300) as response:
            text: str = response.read().decode("utf-8-sig")
    except HTTPError as refused:
        print(f"{address}: {refused.code} {refused.read(500).decode('utf-8', 'replace')}", file=sys.stderr)
        raise SystemExit(2) from None
    return text


def rows_of(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def scorecards(
    complaints: list[Row], findings: list[Row], ledger: list[Row], catalogue: dict[str, Any], as_of: datetime
) -> dict[str, list[list[str]]]:
    """Both tables, headings first, by code."""
    operators = {unit["code"] for unit in catalogue["units"] if unit["kind"] == "operator"}
    least = catalogue["jurisdiction"]["small_sample_k"]
    tables = {}
    for name, key, other in (("services", "service", "service"), ("operators", "unit", "operator")):
        parts = [by(complaints, key), by(findings, other), by(ledger, other)]
        codes = sorted({code for part in parts for code in part} - {""})
        if name == "operators":
            codes = [code for code in codes if code in operators]
        lines = [line(code, [part.get(code, []) for part in parts], least, as_of, name) for code in codes]
        tables[name] = [list(COLUMNS), *lines]
    return tables


def by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def line(code: str, parts: list[list[Row]], least: int, as_of: datetime, table: str) -> list[str]:
    """One line of a table."""
    complaints, findings, ledger = parts
    answered = [took(row, "answered_at") for row in complaints if row["answered_at"]]
    fixed = [row for row in complaints if row["state"] in FIXED]
    reopened = [row for row in complaints if int(row["reopened_count"]) > 0]
    touched = [row for row in complaints if row["state"] in FIXED or int(row["reopened_count"]) > 0]
    resolved = [took(row, "closed_at") for row in fixed if row["closed_at"]]
    charged = sum((Decimal(row["amount"]) for row in ledger if row["kind"] != "cap_adjustment"), Decimal("0.00"))
    after_cap = sum((Decimal(row["amount"]) for row in ledger), Decimal("0.00"))
    confirmed = sum(row["state"] == "confirmed" for row in fixed)
    return [
        code,
        str(len(complaints)),
        *(
            text
            for promise in PROMISES
            for unpaused in (False, True)
            for text in in_time(complaints, promise, unpaused, as_of, least)
        ),
        *(
            share(sum(row["state"] == state for row in complaints), len(complaints), least)
            for state in ("rejected", "out_of_scope")
        ),
        str(len(answered)),
        middle(answered, len(answered), least),
        str(len(fixed)),
        share(confirmed, len(fixed), least),
        str(len(touched)),
        share(len(reopened), len(touched), least),
        middle(resolved, len(fixed), least),
        str(len(findings)),
        str(sum(row["contested"] == "true" for row in findings)),
        f"{charged:.2f}",
        f"{after_cap:.2f}" if table == "operators" else "",
    ]


def in_time(complaints: list[Row], promise: str, unpaused: bool, as_of: datetime, least: int) -> tuple[str, str]:
    """How many promises are decided, and the share that was kept."""
    verdicts = [found for row in complaints if (found := verdict(row, promise, unpaused, as_of)) is not None]
    return str(len(verdicts)), share(sum(verdicts), len(verdicts), least)


def verdict(row: Row, promise: str, unpaused: bool, as_of: datetime) -> bool | None:
    """Was the promise kept? None: nothing was promised, or it is not decided yet."""
    text = row[f"{promise}_due_unpaused_at" if unpaused else f"{promise}_due_at"]
    if not text:
        return None
    due = instant(text)
    done = row["answered_at"] if promise == "answer" else row["closed_at"] if row["state"] in FIXED else ""
    if done:
        return instant(done) <= due
    clock = instant(row["paused_at"]) if row["paused_at"] and not unpaused else as_of.replace(microsecond=0)
    return False if row["state_group"] == "open" and due < clock else None


def took(row: Row, end: str) -> float:
    """Seconds from filing."""
    return (instant(row[end]) - instant(row["submitted_at"])).total_seconds()


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def share(part: int, whole: int, least: int) -> str:
    return f"{100 * part / whole:.2f}" if whole and whole >= least else ""


def middle(seconds: list[float], cases: int, least: int) -> str:
    return f"{median(seconds) / DAY:.2f}" if seconds and cases >= least else ""


def compare(name: str, computed: list[list[str]], published: list[list[str]]) -> bool:
    """Say what differs."""
    if computed == published:
        print(f"{name}: the {len(computed) - 1} published lines are what the open data gives")
        return True
    print(f"{name}: DIFFERENT")
    known = {row[0]: row for row in published}
    for row in computed:
        other = known.pop(row[0], None)
        if row != other:
            print(f"  from the open data: {row}\n  published:          {other}")
    for row in known.values():
        print(f"  from the open data: nothing\n  published:          {row}")
    return False


if __name__ == "__main__":
    sys.exit(main())
