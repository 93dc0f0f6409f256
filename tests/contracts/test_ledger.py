"""The ledger: charged once for each decision in force, in whatever order; within the month's cap; by nobody rewritten."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import User
from catalogue.models import Jurisdiction
from contracts.chain import genesis
from contracts.explain import short
from contracts.models import Contract, Decision, Finding, LedgerEntry
from contracts.procedure import FindingVerb, StepNotAllowed
from contracts.services.decisions import Ruling, decide, sign
from contracts.services.figures import enter_index, enter_turnover
from contracts.services.findings import accept_finding, appeal_finding
from contracts.services.ledger import carried_sums, charge_decision, sums_of
from geoportal.management.commands.grant_runtime import APPEND_ONLY
from tests.builders import FOUNDED, LATE, build_contract, new_version
from tests.contracts.conftest import build_finding, build_late_complaint

pytestmark = pytest.mark.django_db
V = FindingVerb
NOVEMBER = date(2026, 11, 1)
DECEMBER_2 = datetime(2026, 12, 2, 9, tzinfo=UTC)


def decided(contract: Contract, manager: User, now: datetime) -> Finding:
    finding = build_finding(contract, manager, now)
    accept_finding(finding.pk, acting_user=None, now=now)
    decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=manager, now=now)
    return finding


def amounts() -> list[tuple[str, int]]:
    return list(LedgerEntry.objects.order_by("seq").values_list("kind", "amount_centimes"))


def reverse(finding: Finding, manager: User, second: User, operator: User, now: datetime) -> Decision:
    appeal_finding(finding.pk, ["Non."], acting_user=operator, now=now)
    replies = {finding.arguments.get(stage="appeal").pk: "Oui."}
    ruling = Ruling("x", replies, authority="A")
    decision = decide(finding.pk, V.REVERSE, ruling, acting_user=manager, now=now)
    return sign(finding.pk, decision.pk, agreed=True, acting_user=second, now=now)


def test_the_chain_begins_with_the_city_and_numbers_its_entries(
    contract: Contract, penalised: Callable[..., Finding], now: datetime
) -> None:
    for _ in range(3):
        penalised()
    entries = list(LedgerEntry.objects.order_by("seq"))
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert entries[0].previous_hash == genesis("gridville")
    assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]


def test_days_late_are_counted_and_limited(gridville: Jurisdiction, contract_manager: User, now: datetime) -> None:
    limited = replace(LATE, most_centimes=70_000)
    contract = build_contract(gridville, new_version(date(2026, 1, 1), limited))
    for days in (13, 30):
        finding = build_finding(
            contract, contract_manager, now, clause="late-resolution", complaint=build_late_complaint(now, days=days)
        )
        accept_finding(finding.pk, acting_user=None, now=now)
        decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    first, second = LedgerEntry.objects.order_by("seq")
    # Filed on 10 November, due on the 17th at 16:30; opened on the 23rd at 9:00 UTC: the sixth day has begun.
    assert (first.facts["calculation_days"], first.amount_centimes) == (6, 60_000)
    assert (second.amount_centimes, second.facts["calculation_most_centimes"]) == (70_000, 70_000)


def test_an_indexed_amount_follows_the_index_of_its_month(
    gridville: Jurisdiction, contract_manager: User, now: datetime
) -> None:
    contract = build_contract(
        gridville, new_version(date(2026, 1, 1), replace(FOUNDED, indexed=True), index_base=Decimal("116.2"))
    )
    enter_index(contract.pk, date(2026, 9, 1), Decimal("118.5"), acting_user=contract_manager, now=now)
    enter_index(contract.pk, date(2026, 12, 1), Decimal("999"), acting_user=contract_manager, now=now)
    finding = build_finding(contract, contract_manager, now)
    accept_finding(finding.pk, acting_user=None, now=now)
    decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    entry = LedgerEntry.objects.get()
    # 500.00 × 118.5 ÷ 116.2 = 509.896…
    assert entry.amount_centimes == 50_990
    assert (entry.facts["calculation_index"], entry.facts["calculation_index_month"]) == ("118.5", "2026-09")
    with translation.override("fr"):
        assert short(entry, "MAD").endswith("indice 118,5 / 116,2")


def test_a_share_of_the_turnover_caps_the_month_once_it_is_known(
    gridville: Jurisdiction, contract_manager: User, now: datetime
) -> None:
    contract = build_contract(gridville, new_version(cap_percent=Decimal(10)))
    for _ in range(3):
        decided(contract, contract_manager, now)
    assert sums_of(contract, NOVEMBER) == (150_000, 0)
    # 10 % of 9,999.99 is 999.999: rounded down.
    enter_turnover(contract.pk, NOVEMBER, 999_999, acting_user=contract_manager, now=DECEMBER_2)
    assert sums_of(contract, NOVEMBER) == (150_000, -50_001)
    enter_turnover(contract.pk, NOVEMBER, 2_000_000, acting_user=contract_manager, now=DECEMBER_2)
    assert sums_of(contract, NOVEMBER) == (150_000, 0)
    assert [kind for kind, _ in amounts()] == ["penalty"] * 3 + ["cap_adjustment"] * 2


def test_a_reversal_gives_room_under_the_cap_again(
    gridville: Jurisdiction, contract_manager: User, second_manager: User, operator_user: User, now: datetime
) -> None:
    contract = build_contract(gridville, new_version(cap_centimes=80_000))
    findings = [decided(contract, contract_manager, now) for _ in range(3)]
    assert amounts() == [
        ("penalty", 50_000), ("penalty", 50_000), ("cap_adjustment", -20_000), ("penalty", 50_000),
        ("cap_adjustment", -50_000),
    ]  # fmt: skip
    reverse(findings[0], contract_manager, second_manager, operator_user, now)
    assert amounts()[-2:] == [("reversal", -50_000), ("cap_adjustment", 50_000)]
    reverse(findings[1], contract_manager, second_manager, operator_user, now)
    assert sums_of(contract, NOVEMBER) == (50_000, 0)


def test_each_entry_carries_what_its_month_comes_to(
    gridville: Jurisdiction, contract_manager: User, second_manager: User, operator_user: User, now: datetime
) -> None:
    contract = build_contract(gridville, new_version(cap_centimes=80_000))
    findings = [decided(contract, contract_manager, now) for _ in range(2)]
    reverse(findings[0], contract_manager, second_manager, operator_user, now)
    carried = [(row.facts["month_charged"], row.facts["month_adjusted"]) for row in LedgerEntry.objects.order_by("seq")]
    assert carried == [(50_000, 0), (100_000, 0), (100_000, -20_000), (50_000, -20_000), (50_000, 0)]
    assert sums_of(contract, NOVEMBER) == carried_sums(contract, NOVEMBER) == (50_000, 0)


def test_a_charge_sums_no_month_and_asks_as_much_at_its_end_as_at_its_beginning(
    gridville: Jurisdiction, contract_manager: User, now: datetime
) -> None:
    contract = build_contract(gridville, new_version(cap_centimes=10_000_000, cap_percent=Decimal(10)))
    asked = []
    for _ in range(3):
        decision = decided(contract, contract_manager, now).decisions.get()
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM contracts_ledgerentry WHERE decision_id = %s", [decision.pk])
            with CaptureQueriesContext(connection) as queries:
                charge_decision(decision.pk, now=now)
            transaction.set_rollback(True)
        assert not any("SUM(" in query["sql"] for query in queries)
        asked.append(len(queries))
    assert len(set(asked)) == 1 and asked[0] <= 11


def test_a_decision_delivered_again_moves_nothing(penalised: Callable[..., Finding], now: datetime) -> None:
    decision = penalised().decisions.get()
    for _ in range(3):
        assert charge_decision(decision.pk, now=now) == []
    assert amounts() == [("penalty", 50_000)]


def test_a_reversal_that_comes_first_brings_its_penalty_along(
    penalised: Callable[..., Finding], contract_manager: User, second_manager: User, operator_user: User, now: datetime
) -> None:
    finding = penalised()
    reversal = reverse(finding, contract_manager, second_manager, operator_user, now)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM contracts_ledgerentry")
    charge_decision(reversal.pk, now=now)
    charge_decision(finding.decisions.get(kind="first").pk, now=now)
    assert amounts() == [("penalty", 50_000), ("reversal", -50_000)]


def test_a_decision_that_is_not_in_force_moves_nothing(
    gridville: Jurisdiction, contract_manager: User, now: datetime
) -> None:
    contract = build_contract(gridville, new_version(second_signature_from_centimes=1))
    finding = build_finding(contract, contract_manager, now)
    accept_finding(finding.pk, acting_user=None, now=now)
    decision = decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
    assert charge_decision(decision.pk, now=now) == []


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 1},
        {"decision_id": "same"},
        {"kind": "penalty", "amount_centimes": -5},
        {"kind": "reversal", "amount_centimes": 5},
        {"amount_centimes": 0},
        {"decision_id": None},
    ],
)
def test_the_database_itself_refuses_a_second_or_senseless_entry(
    penalised: Callable[..., Finding], change: dict[str, object]
) -> None:
    penalised()
    entry = LedgerEntry.objects.get()
    same = change.get("decision_id") == "same"
    values: dict[str, object] = {"pk": None, "seq": 2, "previous_hash": entry.hash, "hash": "0" * 64}
    for name, value in (values | change).items():
        if not (name == "decision_id" and same):
            setattr(entry, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save(force_insert=True)


_REWRITING = (
    "UPDATE {table} SET id = id",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP TABLE {table} CASCADE",
    "SELECT id FROM {table} FOR UPDATE",
)


@pytest.mark.parametrize("table", [table for table in APPEND_ONLY if table.startswith("contracts_")])
def test_the_role_that_serves_can_only_add(as_runtime_role: None, table: str) -> None:
    denied = r"permission denied|must be owner"
    for statement in _REWRITING:
        with pytest.raises(ProgrammingError, match=denied), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(table=table))


def test_the_role_that_serves_cannot_switch_checks_off(as_runtime_role: None) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")


def test_all_that_a_finding_needs_can_be_done_by_that_role(
    contract: Contract, penalised: Callable[..., Finding], as_runtime_role: None
) -> None:
    penalised()
    assert amounts() == [("penalty", 50_000)]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_chain_and_one_penalty_each(
    contract: Contract, contract_manager: User, now: datetime
) -> None:
    findings = [build_finding(contract, contract_manager, now) for _ in range(8)]
    for finding in findings:
        accept_finding(finding.pk, acting_user=None, now=now)

    def work(offset: int) -> None:
        try:
            for step in range(len(findings)):
                finding = findings[(offset + step) % len(findings)]
                with suppress(StepNotAllowed):  # somebody else was first
                    decide(finding.pk, V.JUSTIFY, Ruling("x"), acting_user=contract_manager, now=now)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(2 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(LedgerEntry.objects.values_list("seq", flat=True)) == list(range(1, 9))
    assert {entry.finding_id for entry in LedgerEntry.objects.all()} == {finding.pk for finding in findings}


def test_days_never_go_back_along_the_chain(penalised: Callable[..., Finding], now: datetime) -> None:
    penalised(now)
    penalised(now - timedelta(days=3))
    assert [entry.day for entry in LedgerEntry.objects.order_by("seq")] == [now.date(), now.date()]


def test_an_index_is_asked_for_only_where_the_contract_follows_one(
    gridville: Jurisdiction, contract_manager: User, client: Client
) -> None:
    build_contract(gridville)
    indexed = new_version(date(2026, 1, 1), replace(FOUNDED, indexed=True), index_base=Decimal("116.2"))
    build_contract(gridville, indexed, code="indexed", prefix="IX")
    client.force_login(contract_manager)
    pages = {
        code: client.get(f"/en/treasury/contracts/{code}/").content.decode()
        for code in ("waste-north-contract", "indexed")
    }
    assert all("turnover-month" in page for page in pages.values())
    assert [code for code, page in pages.items() if "index-month" in page] == ["indexed"]
