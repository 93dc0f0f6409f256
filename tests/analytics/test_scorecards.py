"""Public scorecards: each figure is what the script in docs/ makes of the open data, and small numbers keep silent."""

import csv
import io
import runpy
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, User
from analytics.cards import Card, operator_cards, service_cards
from analytics.models import Timing
from analytics.periods import Period
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.services.publication import hide
from contracts.models import Contract
from contracts.procedure import FindingVerb
from contracts.services.decisions import Ruling, decide
from contracts.services.figures import enter_turnover
from contracts.services.findings import accept_finding, contest_finding, open_finding
from tests.builders import build_complaint, build_contract, build_enough, build_staff, new_version
from tests.clocks import stopped_at

pytestmark = pytest.mark.django_db
SCRIPT = settings.BASE_DIR / "docs" / "recompute_scorecards.py"
AS_OF = datetime(2026, 11, 27, 12, 30, 15, 654321, tzinfo=UTC)
SPAN = "jurisdiction=gridville&from=2026-11-01&to=2026-12-01"
FILES = ("complaints.csv", "findings.csv", "ledger.csv", "catalogue.json")
NORTH = (1.5, 1.5)


@pytest.fixture
def manager(gridville: Jurisdiction) -> User:
    return build_staff("nadia", Role.CONTRACT_MANAGER, gridville)


@pytest.fixture
def contract(gridville: Jurisdiction) -> Contract:
    return build_contract(gridville, new_version(cap_centimes=90_000))


@pytest.fixture
def month(gridville: Jurisdiction, contract: Contract, manager: User, now: datetime) -> None:
    """A month with everything in it: kept and missed answers, fractions of seconds, hidden and sensitive cases, findings."""
    start = datetime(2026, 11, 2, 9, 0, 0, 123456, tzinfo=UTC)
    for number in range(14):
        complaint = build_complaint("litter", at=NORTH, now=start + timedelta(days=number, seconds=number))
        assert complaint.answer_due_at is not None
        answered = complaint.answer_due_at + timedelta(hours=number - 7) if number % 5 else None
        closed = start + timedelta(days=number + 3, minutes=7 * number) if number % 3 else None
        Complaint.objects.filter(pk=complaint.pk).update(
            answered_at=answered, closed_at=closed, reopened_count=number % 4 == 1,
            state=["received", "resolved", "confirmed"][number % 3],
        )  # fmt: skip
    # The first answer came within the very second of its deadline.
    last = Complaint.objects.latest("pk")
    assert last.answer_due_at is not None
    Complaint.objects.filter(pk=last.pk).update(answered_at=last.answer_due_at + timedelta(microseconds=400_000))
    paused = build_complaint("litter", at=NORTH, now=start)
    Complaint.objects.filter(pk=paused.pk).update(state="waiting_reporter", paused_at=start + timedelta(hours=2))
    Timing.objects.update_or_create(
        complaint=paused,
        defaults={"answer_due_unpaused": start + timedelta(days=1), "paused_seconds": 0, "contested": 0},
    )
    for state in ("rejected", "out_of_scope", "resolved"):
        ended = build_complaint("litter", at=NORTH, now=start)
        Complaint.objects.filter(pk=ended.pk).update(state=state, closed_at=start + timedelta(days=20))
        due = start + timedelta(days=5, microseconds=700_000)
        Timing.objects.update_or_create(
            complaint=ended, defaults={"resolution_due_unpaused": due, "paused_seconds": 9, "contested": 0}
        )
    build_complaint("pothole", now=start)
    build_enough("noise", at=(1.25, 0.25), now=start)
    build_complaint("domestic", now=start)
    hidden = build_complaint("litter", at=NORTH, now=start)
    hide(hidden.pk, acting_user=build_staff("anna", Role.ADMINISTRATOR, gridville), now=now)
    clause = contract.versions.get().clauses.get(code="founded-complaint").pk
    for number, complaint in enumerate([hidden, *Complaint.objects.filter(category__code="litter").order_by("pk")[:4]]):
        finding = open_finding(complaint.pk, clause, grounds="Vu.", acting_user=manager, now=now)
        if number == 3:
            contest_finding(finding.pk, ["Non."], acting_user=None, now=now)
            continue
        accept_finding(finding.pk, acting_user=None, now=now)
        if number < 3:
            decide(finding.pk, FindingVerb.JUSTIFY, Ruling("Fondé."), acting_user=manager, now=now)


def read(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return (b"".join(response) if response.streaming else response.content).decode()


def published(client: Client, code: str, query: str = SPAN) -> list[list[str]]:
    return list(csv.reader(io.StringIO(read(client, f"/fr/data/scorecards/{code}.csv?{query}"))))


def recomputed(client: Client, folder: Path, query: str = SPAN) -> dict[str, list[list[str]]]:
    """What the script prints, run as anybody would: by itself, on the downloaded files."""
    for name in FILES:
        (folder / name).write_text(read(client, f"/api/v1/{name}?{query}"), encoding="utf-8")
    command = [sys.executable, "-I", str(SCRIPT), "--files", str(folder), "--as-of", AS_OF.isoformat()]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    tables: dict[str, list[list[str]]] = {}
    for part in printed.split("# ")[1:]:
        name, _, table = part.partition("\n")
        tables[name] = list(csv.reader(io.StringIO(table)))
    return tables


@pytest.mark.usefixtures("month")
@pytest.mark.parametrize(
    "span", ["from=2026-11-01&to=2026-12-01", "from=2026-11-06&to=2026-11-12", "from=2020-01-01&to=2020-02-01"]
)
def test_the_script_makes_every_published_figure_again_from_the_open_data(
    client: Client, tmp_path: Path, span: str
) -> None:
    query = f"jurisdiction=gridville&{span}"
    with stopped_at(AS_OF):
        tables = recomputed(client, tmp_path, query)
        for code in ("services", "operators"):
            assert tables[code] == published(client, code, query)


@pytest.mark.usefixtures("month")
def test_what_the_tables_say(client: Client) -> None:
    with stopped_at(AS_OF):
        head, *rows = published(client, "operators")
    [north] = [dict(zip(head, row, strict=True)) for row in rows if row[0] == "waste-north"]
    # Of the hidden case there is a finding and its penalty, and nothing else.
    assert (north["filed"], north["findings"], north["findings_contested"]) == ("18", "5", "1")
    assert (north["penalties"], north["penalties_after_cap"]) == ("1500.00", "900.00")
    assert north["answered_in_time_percent"] and north["days_to_answer_median"] and north["contested_percent"]


@pytest.mark.usefixtures("month")
def test_a_figure_that_stands_on_too_few_cases_keeps_silent(client: Client) -> None:
    with stopped_at(AS_OF):
        head, *rows = published(client, "services")
        page = client.get(f"/en/data/scorecards/?{SPAN}").content.decode()
    [roads] = [dict(zip(head, row, strict=True)) for row in rows if row[0] == "roads"]
    assert (roads["filed"], roads["answers_due"], roads["answered_in_time_percent"]) == ("1", "1", "")
    assert "too few to say" in page


def test_shares_begin_at_the_citys_own_minimum() -> None:
    card = Card("a", "A", 5, fixed=5, confirmed=2, days_to_resolve=3.0, answered=4, days_to_answer=1.0)
    assert (card.confirmed_share, card.median_resolve, card.median_answer) == (40.0, 3.0, None)
    assert card.answered_in_time is None and card.contested_share is None


@pytest.mark.usefixtures("month")
def test_the_findings_file_names_a_complaint_only_where_the_open_data_has_it(client: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(read(client, f"/api/v1/findings.csv?{SPAN}"))))
    listed = {row["tracking_number"] for row in csv.DictReader(io.StringIO(read(client, "/api/v1/complaints.csv")))}
    assert len(rows) == 5
    assert sorted(bool(row["tracking_number"]) for row in rows) == [False, True, True, True, True]
    assert {row["tracking_number"] for row in rows} - {""} <= listed
    hidden = Complaint.objects.get(visibility="hidden")
    for name in ("findings.csv", "ledger.csv"):
        text = read(client, f"/api/v1/{name}")
        assert hidden.tracking_number not in text and "nadia" not in text and "Fondé" not in text


@pytest.mark.usefixtures("month")
def test_the_ledger_file_carries_what_was_charged_and_not_the_treasurys_books(
    client: Client, contract: Contract, manager: User
) -> None:
    enter_turnover(contract.pk, date(2026, 11, 1), 1, acting_user=manager, now=datetime(2026, 12, 2, tzinfo=UTC))
    rows = list(csv.DictReader(io.StringIO(read(client, "/api/v1/ledger.csv"))))
    assert {row["kind"] for row in rows} == {"penalty", "cap_adjustment"}
    assert sum(float(row["amount"]) for row in rows) == 900


@pytest.mark.usefixtures("month")
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_page_shows_both_tables_and_leads_to_the_files(client: Client, language: str) -> None:
    page = read(client, f"/{language}/data/services/?{SPAN}")
    for part in ("services.csv", "operators.csv", "findings.csv", "ledger.csv", "recompute_scorecards.py"):
        assert part in page
    assert f"/{language}/data/services/" in read(client, f"/{language}/data/")
    assert "definitions-1" in page and "definitions-2" in page, "each version of the definitions has a place"


def test_a_city_without_contracts_tells_of_no_money(client: Client, gridville: Jurisdiction) -> None:
    build_complaint("litter", at=NORTH, now=AS_OF - timedelta(days=3))
    with stopped_at(AS_OF):
        page = read(client, "/en/data/services/")
    assert "Penalties</th>" not in page and "DH" not in page.split("<tbody>")[1].split("</tbody>")[0]


@pytest.mark.usefixtures("month")
def test_stopping_the_clock_cannot_flatter(client: Client) -> None:
    """Promises stand with and without pauses, on the page as in the files, and beside them what was closed without one."""
    with stopped_at(AS_OF):
        page = read(client, f"/en/data/services/?{SPAN}")
        head, *rows = published(client, "services")
    assert page.count("… if the clock never paused</th>") == 4 and page.count("Out of scope</th>") == 2
    [cleanliness] = [dict(zip(head, row, strict=True)) for row in rows if row[0] == "cleanliness"]
    assert cleanliness["answers_due_unpaused"] != cleanliness["answers_due"], (
        "the paused one is overdue without its pause"
    )
    assert cleanliness["resolved_in_time_unpaused_percent"] != cleanliness["resolved_in_time_percent"]
    assert float(cleanliness["rejected_percent"]) == float(cleanliness["out_of_scope_percent"]) == round(100 / 18, 2)


@pytest.mark.usefixtures("month")
def test_a_period_that_cannot_be_read_is_named(client: Client) -> None:
    response = client.get("/en/data/scorecards/?from=yesterday")
    assert response.status_code == 400 and "from:" in response.content.decode()
    assert client.get("/en/data/scorecards/services.csv?from=2026-12-01&to=2026-11-01").status_code == 400
    assert client.get("/en/data/scorecards/districts.csv").status_code == 404


@pytest.mark.usefixtures("month")
def test_the_script_is_there_to_download(client: Client) -> None:
    assert read(client, "/fr/data/scorecards/recompute_scorecards.py") == SCRIPT.read_text(encoding="utf-8")


def test_without_a_period_the_script_asks_for_what_the_tables_show(client: Client, gridville: Jurisdiction) -> None:
    with stopped_at(AS_OF):
        page = read(client, "/en/data/scorecards/")
    since, until = runpy.run_path(str(SCRIPT))["a_year"](AS_OF.date() + timedelta(days=1))
    assert f"--from {since} --to {until}" in page


def test_without_a_beginning_both_take_a_year(client: Client, gridville: Jurisdiction) -> None:
    with stopped_at(AS_OF):
        page = read(client, "/en/data/scorecards/?to=2026-11-01")
    since, until = runpy.run_path(str(SCRIPT))["a_year"](date(2026, 11, 1))
    assert f"--from {since} --to {until}" in page


@pytest.mark.parametrize("query", ["from=2026-11-01T12:00", "to=2026-11-01T12:00:00Z", "from=2100-01-01"])
def test_parts_of_days_and_what_has_not_begun_are_refused(client: Client, gridville: Jurisdiction, query: str) -> None:
    with stopped_at(AS_OF):
        assert client.get(f"/en/data/scorecards/?{query}").status_code == 400
        assert client.get(f"/en/data/scorecards/services.csv?{query}").status_code == 400


@pytest.mark.usefixtures("month")
def test_both_tables_cost_the_same_few_statements_however_long(
    gridville: Jurisdiction, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    period = Period(date(2026, 11, 1), date(2026, 11, 30), ZoneInfo(gridville.time_zone))
    service_cards(gridville, period, language="fr", now=AS_OF)
    with django_assert_num_queries(8):
        assert service_cards(gridville, period, language="fr", now=AS_OF)
        assert operator_cards(gridville, period, language="fr", now=AS_OF)
