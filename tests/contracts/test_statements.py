"""A month's statement: issued once, locked, with an order without gaps; the same to the centime as table, paper and account."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import openpyxl
import pypdfium2
import pytest
from django.core.management import call_command
from django.utils import translation

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.models import Reporter
from complaints.services.quarantine import media_path
from contracts.errors import (
    AlreadyCorrected,
    AlreadyIssued,
    AmountInvalid,
    DayInvalid,
    EarlierMonthOpen,
    MonthLocked,
    MonthNotOver,
    ReferenceMissing,
    ReferenceUsed,
    TurnoverMissing,
)
from contracts.models import CollectionOrder, Contract, Finding, LedgerEntry, Paper, Payment, Statement
from contracts.procedure import FindingVerb, PersonNotAllowed
from contracts.recomputation import recompute
from contracts.services.decisions import Ruling, decide, sign
from contracts.services.figures import enter_turnover
from contracts.services.findings import accept_finding, appeal_finding
from contracts.services.papers import ask_for_exchange, make_due_papers, remove_old_exchanges
from contracts.services.payments import correct_payment, paid_for, reconcile, record_payment
from contracts.services.statements import account, issue_statement, open_months
from contracts.wording import dirhams
from notifications.models import OutboxMessage
from tests.builders import build_contract, build_staff, new_version
from tests.conftest import SignIn
from tests.contracts.conftest import build_finding

pytestmark = pytest.mark.django_db
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
DECEMBER_2 = datetime(2026, 12, 2, 9, tzinfo=UTC)
JANUARY_5 = datetime(2027, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def issued(penalised: Callable[..., Finding], contract: Contract, treasury_officer: User, now: datetime) -> Statement:
    """November's statement: two penalties of 500."""
    penalised(now)
    penalised(now + timedelta(days=1))
    return issue_statement(contract.pk, NOVEMBER, acting_user=treasury_officer, now=DECEMBER_2)


def test_a_statement_holds_the_months_entries_and_makes_an_order(issued: Statement) -> None:
    assert (issued.opening_centimes, issued.total_centimes, issued.paid_centimes, issued.closing_centimes) == (
        0, 100_000, 0, 100_000,
    )  # fmt: skip
    assert [line.entry.seq for line in issued.lines.all()] == [1, 2]
    order = issued.order
    assert (order.label, order.amount_centimes, order.due_on) == ("2026-0001", 100_000, date(2027, 1, 1))
    mail = OutboxMessage.objects.get(dedup_key__startswith="statement:")
    assert mail.recipient == "waste-north@example.org"


def test_a_month_is_issued_once_and_only_when_it_is_over(
    issued: Statement, contract: Contract, treasury_officer: User
) -> None:
    with pytest.raises(AlreadyIssued):
        issue_statement(contract.pk, NOVEMBER, acting_user=treasury_officer, now=DECEMBER_2)
    with pytest.raises(MonthNotOver):
        issue_statement(contract.pk, DECEMBER, acting_user=treasury_officer, now=datetime(2026, 12, 31, 22, tzinfo=UTC))


def test_what_comes_later_stands_on_the_next_statement(
    issued: Statement,
    contract: Contract,
    contract_manager: User,
    second_manager: User,
    operator_user: User,
    treasury_officer: User,
) -> None:
    finding = Finding.objects.order_by("pk")[0]
    appeal_finding(finding.pk, ["Non."], acting_user=operator_user, now=DECEMBER_2)
    ruling = Ruling("x", {finding.arguments.get(stage="appeal").pk: "Oui."}, authority="A")
    decision = decide(finding.pk, FindingVerb.REVERSE, ruling, acting_user=contract_manager, now=DECEMBER_2)
    sign(finding.pk, decision.pk, agreed=True, acting_user=second_manager, now=DECEMBER_2)
    record_payment(
        issued.order.pk,
        100_000,
        paid_on=date(2026, 12, 2),
        reference="V-1",
        acting_user=treasury_officer,
        now=DECEMBER_2,
    )
    later = issue_statement(contract.pk, DECEMBER, acting_user=treasury_officer, now=JANUARY_5)
    assert (later.opening_centimes, later.total_centimes, later.paid_centimes, later.closing_centimes) == (
        100_000, -50_000, 100_000, -50_000,
    )  # fmt: skip
    # The order gives back; it is the first of the new year.
    assert (later.order.label, later.order.amount_centimes) == ("2027-0001", -50_000)
    issued.refresh_from_db()
    assert issued.total_centimes == 100_000, "what was issued stays as it was"


def test_months_are_issued_in_order(
    penalised: Callable[..., Finding], contract: Contract, treasury_officer: User, now: datetime
) -> None:
    penalised(now)
    penalised(DECEMBER_2)
    assert open_months(contract, today=JANUARY_5.date()) == [NOVEMBER, DECEMBER]
    with pytest.raises(EarlierMonthOpen):
        issue_statement(contract.pk, DECEMBER, acting_user=treasury_officer, now=JANUARY_5)
    issue_statement(contract.pk, NOVEMBER, acting_user=treasury_officer, now=JANUARY_5)
    issue_statement(contract.pk, DECEMBER, acting_user=treasury_officer, now=JANUARY_5)
    with pytest.raises(EarlierMonthOpen):
        issue_statement(contract.pk, date(2026, 10, 1), acting_user=treasury_officer, now=JANUARY_5)


def test_a_capped_month_needs_its_turnover_and_then_keeps_it(
    gridville: Jurisdiction, contract_manager: User, treasury_officer: User, now: datetime
) -> None:
    contract = build_contract(gridville, new_version(cap_percent=Decimal(10)))
    finding = build_finding(contract, contract_manager, now)
    accept_finding(finding.pk, acting_user=None, now=now)
    decide(finding.pk, FindingVerb.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    with pytest.raises(TurnoverMissing):
        issue_statement(contract.pk, NOVEMBER, acting_user=treasury_officer, now=DECEMBER_2)
    with pytest.raises(MonthNotOver):
        enter_turnover(contract.pk, NOVEMBER, 300_000, acting_user=contract_manager, now=now)
    enter_turnover(contract.pk, NOVEMBER, 300_000, acting_user=contract_manager, now=DECEMBER_2)
    # The adjustment was entered in December; November's own statement shows what was decided in November.
    assert account(contract, NOVEMBER).total == 50_000
    november = issue_statement(contract.pk, NOVEMBER, acting_user=treasury_officer, now=DECEMBER_2)
    assert (november.turnover_centimes, november.cap_centimes) == (300_000, 30_000)
    with pytest.raises(MonthLocked):
        enter_turnover(contract.pk, NOVEMBER, 400_000, acting_user=contract_manager, now=DECEMBER_2)
    december = issue_statement(contract.pk, DECEMBER, acting_user=treasury_officer, now=JANUARY_5)
    assert december.total_centimes == -20_000
    assert recompute(gridville).differences == []


@pytest.mark.parametrize("role", [Role.OPERATOR_USER, Role.TRIAGE_OFFICER, Role.CLERK, Role.OFFICE])
def test_others_issue_nothing(
    penalised: Callable[..., Finding], contract: Contract, gridville: Jurisdiction, role: Role
) -> None:
    penalised()
    unit = "waste-north" if role in (Role.OPERATOR_USER, Role.CLERK) else None
    with pytest.raises(PersonNotAllowed):
        issue_statement(contract.pk, NOVEMBER, acting_user=build_staff("x", role, gridville, unit=unit), now=DECEMBER_2)


def test_a_month_without_entries_may_be_stated_and_makes_no_order(contract: Contract, treasury_officer: User) -> None:
    empty = issue_statement(contract.pk, NOVEMBER, acting_user=treasury_officer, now=DECEMBER_2)
    assert (empty.total_centimes, CollectionOrder.objects.count()) == (0, 0)


def test_orders_are_numbered_by_city_and_year_without_gaps(
    gridville: Jurisdiction, contract_manager: User, treasury_officer: User, now: datetime
) -> None:
    contracts = [build_contract(gridville, code=f"c{index}", prefix="ABC"[index]) for index in range(3)]
    for contract in contracts:
        finding = build_finding(contract, contract_manager, now)
        accept_finding(finding.pk, acting_user=None, now=now)
        decide(finding.pk, FindingVerb.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    numbers = []
    for contract in contracts:
        # A failure takes no number.
        with pytest.raises(EarlierMonthOpen):
            issue_statement(contract.pk, DECEMBER, acting_user=treasury_officer, now=JANUARY_5)
        issued = issue_statement(contract.pk, NOVEMBER, acting_user=treasury_officer, now=DECEMBER_2)
        numbers.append(issued.order.label)
    assert numbers == ["2026-0001", "2026-0002", "2026-0003"]


# --- payments


def pay(order: CollectionOrder, amount: int, user: User, **more: object) -> Payment:
    values: dict[str, object] = {"paid_on": date(2026, 12, 2), "reference": "V-1", "now": DECEMBER_2}
    return record_payment(order.pk, amount, acting_user=user, **(values | more))  # type: ignore[arg-type]


def test_payments_are_recorded_and_reconciled(issued: Statement, treasury_officer: User) -> None:
    pay(issued.order, 40_000, treasury_officer)
    state = reconcile([issued.order], today=date(2027, 1, 2))[0]
    assert (state.paid, state.left, state.is_settled, state.is_overdue) == (40_000, 60_000, False, True)
    pay(issued.order, 60_000, treasury_officer, reference="V-2")
    assert reconcile([issued.order], today=date(2027, 1, 2))[0].is_settled
    assert list(LedgerEntry.objects.filter(kind="payment").values_list("amount_centimes", flat=True)) == [
        -40_000,
        -60_000,
    ]


def test_a_slip_is_mended_beside_it(issued: Statement, treasury_officer: User) -> None:
    wrong = pay(issued.order, 40_000, treasury_officer)
    correct_payment(wrong.pk, reference="V-1 annulé", acting_user=treasury_officer, now=DECEMBER_2)
    assert paid_for(issued.order) == 0 and Payment.objects.count() == 2
    with pytest.raises(AlreadyCorrected):
        correct_payment(wrong.pk, reference="V-1 bis", acting_user=treasury_officer, now=DECEMBER_2)


@pytest.mark.parametrize(
    ("amount", "more", "refusal"),
    [
        (0, {}, AmountInvalid),
        (-5, {}, AmountInvalid),
        (100_001, {}, AmountInvalid),
        (5, {"reference": " "}, ReferenceMissing),
        (5, {"paid_on": date(2026, 12, 3)}, DayInvalid),
        (5, {"paid_on": date(2026, 12, 1)}, DayInvalid),
    ],
)
def test_a_payment_that_cannot_be_is_refused(
    issued: Statement, treasury_officer: User, amount: int, more: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        pay(issued.order, amount, treasury_officer, **more)
    assert not Payment.objects.exists()


def test_the_same_receipt_is_not_entered_twice(issued: Statement, treasury_officer: User) -> None:
    pay(issued.order, 10, treasury_officer)
    with pytest.raises(ReferenceUsed):
        pay(issued.order, 10, treasury_officer, reference=" V-1 ")


def test_only_the_treasury_takes_money(issued: Statement, contract_manager: User) -> None:
    with pytest.raises(PersonNotAllowed):
        pay(issued.order, 10, contract_manager)


# --- files


def test_files_are_made_once_with_the_same_total_in_each(issued: Statement, now: datetime) -> None:
    Reporter.objects.update(name="Canarina", email="canary@example.org", phone="+212600000042")
    make_due_papers(now=DECEMBER_2, limit=10)
    papers = {(paper.format, paper.language): paper for paper in Paper.objects.all()}
    assert set(papers) == {("pdf", "fr"), ("pdf", "ar"), ("xlsx", "fr"), ("xlsx", "ar"), ("csv", "fr")}
    assert all(paper.sha256 and paper.queue_state == "done" for paper in papers.values())
    rows = list(csv.DictReader(io.StringIO(media_path(papers["csv", "fr"].path).read_text("utf-8-sig"))))
    assert [row["amount"] for row in rows] == ["500.00", "500.00"]
    assert sum(Decimal(row["amount"]) for row in rows) == 1000
    for language in ("fr", "ar"):
        made = media_path(papers["xlsx", language].path)
        sheet, values = (openpyxl.load_workbook(made, data_only=only).worksheets[0] for only in (False, True))
        assert sheet["K9"].value == "=SUM(K7:K8)" and values["K9"].value == 1000
        assert (sheet["K8"].value, sheet["K8"].data_type) == (500, "n")
        pages = pypdfium2.PdfDocument(media_path(papers["pdf", language].path).read_bytes())
        text = "".join(page.get_textpage().get_text_bounded() for page in pages)
        assert "WN-2026-0001" in text and "2026-0001" in text
        for canary in ("Canarina", "canary@", "+2126"):
            assert canary not in text
    assert make_due_papers(now=DECEMBER_2, limit=10) == 0


def test_a_line_tells_what_the_month_came_to_beside_its_cap_and_leads_to_its_statement(
    contract: Contract, issued: Statement, treasury_officer: User, signed_in: SignIn
) -> None:
    seq = LedgerEntry.objects.filter(kind="penalty").latest("seq").seq
    page = signed_in(treasury_officer).get(f"/fr/treasury/lines/{seq}/").content.decode()
    told = [" ".join(words.split()) for words in re.findall(r"<d[td][^>]*>(.*?)</d[td]>", page, re.DOTALL)]
    with translation.override("fr"):
        assert told[told.index("Imputé dans le mois") + 1] == dirhams(100_000).replace("\xa0", " ")
    assert told[told.index("Plafond du mois") + 1] == "aucun"
    assert f'href="/fr/treasury/statements/{contract.code}/2026-11/"' in page
    assert "Pénalité\xa0: " in page


def test_the_exchange_prints_with_its_evidence_and_hashes(
    penalised: Callable[..., Finding], contract_manager: User, operator_user: User, now: datetime
) -> None:
    finding = penalised()
    appeal_finding(finding.pk, ["La rue était barrée par un chantier."], acting_user=operator_user, now=now)
    asked = [ask_for_exchange(finding, language, acting_user=contract_manager, now=now) for language in ("fr", "ar")]
    assert ask_for_exchange(finding, "fr", acting_user=operator_user, now=now) == asked[0]
    assert make_due_papers(now=now) == 2
    for paper in asked:
        paper.refresh_from_db()
        pages = pypdfium2.PdfDocument(media_path(paper.path).read_bytes())
        text = "".join(page.get_textpage().get_text_bounded() for page in pages)
        assert finding.number in text and "chantier" in text
        assert finding.evidence.get(position=1).sha256 in text.replace("\r", "").replace("\n", "").replace("￾", "")
    later = now + timedelta(days=31)
    assert (remove_old_exchanges(now=later), Paper.objects.count()) == (2, 0)


# --- made again from the events


def test_the_whole_ledger_recomputes_to_the_centime(
    issued: Statement, gridville: Jurisdiction, capsys: pytest.CaptureFixture[str]
) -> None:
    found = recompute(gridville)
    assert (found.decisions, found.total_centimes, found.differences) == (2, 100_000, [])
    call_command("recompute_ledger", "--month", "2026-11", "--json")
    assert '"total_centimes": 100000' in capsys.readouterr().out
