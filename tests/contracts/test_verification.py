"""Nobody changes a ledger unnoticed: not one figure, not the order, not the end, not the whole."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import User
from catalogue.models import Jurisdiction
from contracts.chain import Head, entry_hash, genesis, read_heads
from contracts.models import Contract, DayHead, Finding, LedgerEntry
from contracts.services.heads import export_heads, heads, take_heads
from contracts.services.ledger import content_of
from contracts.verification import verify, verify_chain
from notifications.channels.email import compose
from notifications.models import OutboxMessage
from tests.builders import build_contract, build_gridville

pytestmark = pytest.mark.django_db
DAYS = 3
ATTACKS = 1000


@pytest.fixture
def ledger(contract: Contract, gridville: Jurisdiction, penalised: Callable[..., Finding], now: datetime) -> list[Head]:
    """An entry a day on three days, and the heads that left each night but the last."""
    return fill(gridville, penalised, now, days=DAYS, a_day=1)


def fill(city: Jurisdiction, penalised: Callable[..., Finding], now: datetime, *, days: int, a_day: int) -> list[Head]:
    for day in range(days):
        at = now + timedelta(days=day)
        take_heads(now=at)
        for _ in range(a_day):
            penalised(at)
    return list(heads(city))


def test_an_untouched_ledger_is_whole(ledger: list[Head], gridville: Jurisdiction) -> None:
    assert [head.count for head in ledger] == [1, 2]
    verified = verify(gridville, ledger)
    assert (verified.entries, verified.heads, verified.broken) == (DAYS, DAYS - 1, None)


def test_a_ledger_without_entries_has_no_head(contract: Contract, now: datetime) -> None:
    assert take_heads(now=now) == 0
    assert not DayHead.objects.exists() and not OutboxMessage.objects.exists()


def test_heads_are_taken_once_a_day_and_mailed_to_the_treasury(ledger: list[Head], now: datetime) -> None:
    assert take_heads(now=now + timedelta(days=DAYS - 1)) == 0
    mails = OutboxMessage.objects.filter(recipient="treasury@example.org")
    assert mails.count() == DAYS - 1
    assert [next(read_heads(mail.body)) for mail in mails.order_by("pk")] == ledger


def test_a_head_is_read_back_from_a_mail_as_it_travels_and_from_the_export(ledger: list[Head], tmp_path: Path) -> None:
    mail = compose(OutboxMessage.objects.filter(recipient="treasury@example.org").order_by("pk")[1])
    assert set(read_heads(mail.message().as_string())) == {ledger[1]}
    assert export_heads(tmp_path) == {"gridville": DAYS - 1}
    assert list(read_heads((tmp_path / "gridville.txt").read_text())) == ledger


def test_nothing_is_added_on_a_day_whose_head_has_left(
    ledger: list[Head], gridville: Jurisdiction, penalised: Callable[..., Finding], now: datetime
) -> None:
    last = now + timedelta(days=DAYS - 1)
    take_heads(now=last + timedelta(days=1))
    penalised(last)  # a request that began before midnight and ends after it
    entry = LedgerEntry.objects.order_by("-seq")[0]
    assert entry.day == last.date() + timedelta(days=1)
    assert verify(gridville, heads(gridville)).broken is None


def test_a_day_that_was_slept_through_is_covered_by_the_next_head(
    contract: Contract, gridville: Jurisdiction, penalised: Callable[..., Finding], now: datetime
) -> None:
    penalised(now)
    take_heads(now=now + timedelta(days=4))
    assert [(row.day, row.count) for row in DayHead.objects.all()] == [(now.date() + timedelta(days=3), 1)]


def test_the_reasons_of_a_decision_are_covered_too(ledger: list[Head], gridville: Jurisdiction) -> None:
    entry = LedgerEntry.objects.get(seq=2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contracts_decision SET reasons = 'autre' WHERE id = %s", [entry.decision_id])
    broken = verify(gridville).broken
    assert broken is not None and (broken.seq, broken.code) == (2, "changed")


def test_the_command_names_the_first_broken_entry(ledger: list[Head], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_ledger")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contracts_ledgerentry SET amount_centimes = amount_centimes - 100 WHERE seq IN (2, 3)")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_ledger", "--json")
    told = capsys.readouterr().out
    assert ended.value.code == 1 and '"gridville entry 2"' in told and "entry 3" not in told


def test_the_command_checks_against_heads_from_files(
    ledger: list[Head], gridville: Jurisdiction, tmp_path: Path
) -> None:
    export_heads(tmp_path)
    call_command("verify_ledger", heads=[tmp_path / "gridville.txt"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contracts_ledgerentry SET at = at + interval '1 second' WHERE seq = 2")
    make_anew(gridville, from_seq=2)
    call_command("verify_ledger")
    with pytest.raises(SystemExit):
        call_command("verify_ledger", heads=[tmp_path / "gridville.txt"])


def test_an_amount_that_was_changed_in_a_chain_made_anew_does_not_fit_what_its_month_comes_to(
    ledger: list[Head], gridville: Jurisdiction
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contracts_ledgerentry SET amount_centimes = 1 WHERE seq = 2")
    make_anew(gridville, from_seq=2)
    broken = verify(gridville).broken
    assert broken is not None and (broken.seq, broken.code) == (2, "miscounted")


def test_entries_from_before_they_carried_their_months_sums_are_still_whole(
    ledger: list[Head], gridville: Jurisdiction, penalised: Callable[..., Finding], now: datetime
) -> None:
    forget_sums(gridville)
    penalised(now + timedelta(days=DAYS))
    last = LedgerEntry.objects.latest("seq")
    assert (last.facts["month_charged"], last.facts["month_adjusted"]) == ((DAYS + 1) * 50_000, 0)
    assert verify(gridville).broken is None


def forget_sums(city: Jurisdiction) -> None:
    """Make the chain what it was when entries did not carry what their month comes to."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contracts_ledgerentry SET facts = facts - 'month_charged' - 'month_adjusted'")
    make_anew(city, from_seq=1)


@pytest.mark.parametrize("content", ["", "nothing here", "ledger-head gridville 2026-99-99 1 " + "0" * 64])
def test_a_file_without_heads_is_refused_rather_than_passed(ledger: list[Head], tmp_path: Path, content: str) -> None:
    file = tmp_path / "heads.txt"
    file.write_text(content)
    with pytest.raises(SystemExit):
        call_command("verify_ledger", heads=[file])


def test_a_head_of_an_unknown_city_is_a_fault(ledger: list[Head], tmp_path: Path) -> None:
    file = tmp_path / "heads.txt"
    file.write_text(Head("elsewhere", date(2026, 11, 1), 1, "0" * 64).line())
    with pytest.raises(SystemExit):
        call_command("verify_ledger", heads=[file])


# --- a thousand attacks as the database's owner


def make_anew(city: Jurisdiction, *, from_seq: int) -> None:
    """What a thorough insider does: hash everything again from an entry on."""
    previous = LedgerEntry.objects.filter(jurisdiction=city, seq=from_seq - 1).values_list(
        "hash", flat=True
    ).first() or genesis(city.code)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contracts_ledgerentry SET previous_hash = 'x' || seq WHERE seq >= %s", [from_seq])
        for entry in LedgerEntry.objects.filter(jurisdiction=city, seq__gte=from_seq).order_by("seq"):
            new = entry_hash(content_of(entry, city.code), previous)
            cursor.execute(
                "UPDATE contracts_ledgerentry SET previous_hash = %s, hash = %s WHERE id = %s",
                [previous, new, entry.pk],
            )
            previous = new


COLUMNS = {
    "amount_centimes": "amount_centimes + 1",
    "at": "at + interval '1 second'",
    "day": "day + 1",
    "period": "period + interval '1 month'",
    "kind": "CASE kind WHEN 'penalty' THEN 'waiver' ELSE 'penalty' END",
    "finding_id": "(SELECT max(id) - finding_id + min(id) FROM contracts_finding)",
    "decision_id": "NULL",
    "actor_id": "(SELECT max(id) FROM accounts_user WHERE id <> actor_id)",
    "facts": "facts || '{\"calculation_days\": 7}'",
    "hash": "reverse(hash)",
    "previous_hash": "reverse(previous_hash)",
    "seq": "seq + 100",
    "jurisdiction_id": "(SELECT max(id) FROM catalogue_jurisdiction)",
    "contract_id": "(SELECT max(id) FROM contracts_contract)",
}


def attack(draw: random.Random, city: Jurisdiction, *, covered: int) -> str:
    """One attack on what the last head covers; its name."""
    how = draw.choice(["edit", "edit", "delete", "swap", "truncate", "truncate all", "edit and make anew",
                       "delete and make anew", "insert"])  # fmt: skip
    seq = draw.randrange(1, covered + 1)
    with connection.cursor() as cursor:
        if how.startswith("edit"):
            column = draw.choice([name for name in COLUMNS if how == "edit" or name not in ("hash", "previous_hash", "seq",
                                                                                             "jurisdiction_id")])  # fmt: skip
            cursor.execute(f"UPDATE contracts_ledgerentry SET {column} = {COLUMNS[column]} WHERE seq = %s", [seq])
            how += f" {column}"
        elif how.startswith("delete"):
            cursor.execute("DELETE FROM contracts_ledgerentry WHERE seq = %s", [seq])
            if "anew" in how:
                cursor.execute("UPDATE contracts_ledgerentry SET seq = -seq WHERE seq > %s", [seq])
                cursor.execute("UPDATE contracts_ledgerentry SET seq = -seq - 1 WHERE seq < 0")
        elif how == "swap":
            other = seq % covered + 1
            cursor.execute(
                "UPDATE contracts_ledgerentry SET seq = -seq WHERE seq IN (%(a)s, %(b)s);"
                " UPDATE contracts_ledgerentry SET seq = CASE seq WHEN -%(a)s THEN %(b)s ELSE %(a)s END WHERE seq < 0",
                {"a": seq, "b": other},
            )
        elif how == "truncate":
            cursor.execute("DELETE FROM contracts_ledgerentry WHERE seq >= %s", [seq])
        elif how == "truncate all":
            cursor.execute("TRUNCATE contracts_ledgerentry CASCADE")
        elif how == "insert":
            cursor.execute("UPDATE contracts_ledgerentry SET seq = -seq WHERE seq >= %s", [seq])
            cursor.execute("UPDATE contracts_ledgerentry SET seq = -seq + 1 WHERE seq < 0")
            entry = LedgerEntry.objects.order_by("seq")[0]
            entry.pk, entry.seq, entry.decision_id, entry.kind = None, seq, None, "penalty"
            entry.previous_hash, entry.hash = "y", "y"
            entry.save(force_insert=True)
            make_anew(city, from_seq=seq)
    if "anew" in how:
        make_anew(city, from_seq=seq)
    return f"{how} at {seq}"


def test_a_thousand_attacks_as_superuser_are_all_found(
    contract: Contract,
    gridville: Jurisdiction,
    penalised: Callable[..., Finding],
    second_manager: User,
    now: datetime,
) -> None:
    ledger = fill(gridville, penalised, now, days=5, a_day=2)
    build_contract(build_gridville("second", "SEC", shift=10), code="elsewhere", prefix="EL")
    draw = random.Random(20261123)
    with connection.cursor() as cursor:
        # The owner can do whatever the rights of the role that serves forbid; constraints go first.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'contracts_ledgerentry'::regclass AND contype IN ('c', 'u')"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE contracts_ledgerentry DROP CONSTRAINT "{name}" CASCADE')
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'contracts_ledgerentry' AND indexname LIKE 'ledger_one%'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')
    before = LedgerEntry.objects.count()
    missed = []
    for _ in range(ATTACKS):
        with transaction.atomic():
            told = attack(draw, gridville, covered=ledger[-1].count)
            if verify(gridville, ledger).broken is None:
                missed.append(told)
            transaction.set_rollback(True)
    assert missed == []
    assert LedgerEntry.objects.count() == before and verify(gridville, ledger).broken is None


def test_what_no_head_covers_yet_shows_single_changes_only(ledger: list[Head], gridville: Jurisdiction) -> None:
    """The honest limit: until tonight's head has left, an insider can still make the last day's entries anew."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM contracts_ledgerentry WHERE seq = 3")
    assert verify(gridville, ledger).broken is None


def test_a_restored_old_copy_is_too_short_for_the_heads(ledger: list[Head], gridville: Jurisdiction) -> None:
    rows = [
        (content_of(row, "gridville"), row.previous_hash, row.hash) for row in LedgerEntry.objects.filter(seq__lte=1)
    ]
    broken = verify_chain("gridville", rows, ledger).broken
    assert broken is not None and broken.code == "truncated"


def test_a_head_counts_for_its_own_city_only(ledger: list[Head], gridville: Jurisdiction) -> None:
    strangers = [replace(head, city="elsewhere", hash="0" * 64) for head in ledger]
    assert verify(gridville, strangers).broken is None
