"""The month's account of a contract: shown as it stands, then issued once with its collection order, and locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q

from accounts.models import User
from contracts.breaches import version_on
from contracts.errors import AlreadyIssued, EarlierMonthOpen, MonthNotOver, TurnoverMissing
from contracts.models import CollectionOrder, Contract, LedgerEntry, Paper, Statement, StatementLine, Treasury
from contracts.months import last_day, local_day, month_of, next_month
from contracts.notices import statement_mail
from contracts.permissions import ISSUING, require
from contracts.services.ledger import CHARGED, Ledger, cap_of, turnover_of, writing_to
from contracts.services.steps import lock_contract
from contracts.services.webhooks import announce_statement
from notifications.models import OutboxMessage

_Kind = LedgerEntry.Kind
DEFAULT_PAYMENT_DAYS = 30


@dataclass(frozen=True)
class Account:
    """What a statement of a month holds, issued or not. Sums in centimes."""

    contract: Contract
    month: date
    lines: Sequence[LedgerEntry]
    payments: Sequence[LedgerEntry]
    opening: int
    total: int
    paid: int
    turnover: int | None
    cap: int | None

    @property
    def closing(self) -> int:
        return self.opening + self.total - self.paid


def account(contract: Contract, month: date) -> Account:
    """The account of a month as its statement would be issued now: what was entered until its last day and is on none yet.

    Decisions of a month often concern breaches of the month before; they stand on the statement of the month in which they
    were made, under the cap of the month of the breach.
    """
    end = next_month(month)
    entries = LedgerEntry.objects.filter(contract=contract, day__lt=end).select_related(
        "finding__clause", "decision__decided_by", "cause__finding", "turnover", "payment__order"
    )
    lines = list(entries.filter(kind__in=CHARGED, line=None).order_by("seq"))
    before = Statement.objects.filter(contract=contract, month__lt=month).order_by("-month").first()
    # Days never go back along the chain: once a month is over, nothing is added to it any more.
    since = Q(day__gte=next_month(before.month)) if before else Q()
    payments = list(entries.filter(since, kind=_Kind.PAYMENT).order_by("seq"))
    turnover = turnover_of(contract, month)
    return Account(
        contract=contract,
        month=month,
        lines=lines,
        payments=payments,
        opening=before.closing_centimes if before else 0,
        total=sum(line.amount_centimes for line in lines),
        paid=-sum(entry.amount_centimes for entry in payments),
        turnover=turnover.amount_centimes if turnover else None,
        cap=cap_of(contract, month),
    )


@transaction.atomic
def issue_statement(contract_id: int, month: date, *, acting_user: User, now: datetime) -> Statement:
    """Lock a month: statement, lines, collection order (if anything is to be collected or given back), files to be made.

    One after the other: no month is issued before the ones that came earlier. Raises PersonNotAllowed, AlreadyIssued,
    MonthNotOver, EarlierMonthOpen or TurnoverMissing; then nothing is stored.
    """
    contract = lock_contract(contract_id)
    require(ISSUING, acting_user, contract.jurisdiction_id)
    with writing_to(contract.jurisdiction, now=now) as ledger:
        due = account(contract, month)
        _check(due, today=local_day(now, contract.jurisdiction.time_zone))
        statement = Statement.objects.create(
            contract=contract,
            month=month,
            issued_at=now,
            issued_by=acting_user,
            opening_centimes=due.opening,
            total_centimes=due.total,
            paid_centimes=due.paid,
            turnover_centimes=due.turnover,
            cap_centimes=due.cap,
            head_seq=ledger.seq,
            head_hash=ledger.hash,
        )
        StatementLine.objects.bulk_create(
            StatementLine(statement=statement, position=position, entry=entry)
            for position, entry in enumerate(due.lines, start=1)
        )
        if due.total:
            _order(statement, ledger, acting_user, now)
    Paper.objects.bulk_create(_papers(statement, now))
    OutboxMessage.objects.bulk_create(statement_mail(statement, now=now), ignore_conflicts=True)
    announce_statement(statement)
    return statement


def _check(due: Account, *, today: date) -> None:
    contract, month = due.contract, due.month
    if Statement.objects.filter(contract=contract, month=month).exists():
        raise AlreadyIssued
    if next_month(month) > today:
        raise MonthNotOver
    if Statement.objects.filter(contract=contract, month__gt=month).exists() or any(
        line.day < month for line in due.lines
    ):
        raise EarlierMonthOpen
    for period in sorted({line.period for line in due.lines}):
        terms = version_on(contract, last_day(period))
        if terms is not None and terms.cap_percent is not None and turnover_of(contract, period) is None:
            raise TurnoverMissing


def _order(statement: Statement, ledger: Ledger, user: User, now: datetime) -> CollectionOrder:
    """The next order of the city and year. The ledger's lock is held: numbers have no gaps, a rollback leaves none."""
    city = statement.contract.jurisdiction
    today = local_day(now, city.time_zone)
    last = CollectionOrder.objects.filter(jurisdiction=city, year=today.year).aggregate(last=Max("number"))["last"]
    treasury = Treasury.objects.filter(jurisdiction=city).first()
    order = CollectionOrder.objects.create(
        jurisdiction=city,
        year=today.year,
        number=(last or 0) + 1,
        statement=statement,
        amount_centimes=statement.total_centimes,
        issued_at=now,
        issued_by=user,
        due_on=today + timedelta(days=treasury.payment_days if treasury else DEFAULT_PAYMENT_DAYS),
    )
    ledger.order(order, actor=user)
    return order


def _papers(statement: Statement, now: datetime) -> list[Paper]:
    """PDF and XLSX in the city's first two languages, and one CSV, whose headings are codes."""
    languages = statement.contract.jurisdiction.languages[:2]
    wanted = [(form, language) for language in languages for form in (Paper.Format.PDF, Paper.Format.XLSX)]
    wanted.append((Paper.Format.CSV, languages[0]))
    return [
        Paper(statement=statement, format=form, language=language, dated=now, next_attempt_at=now)
        for form, language in wanted
    ]


def open_months(contract: Contract, *, today: date) -> list[date]:
    """Months that are over and have entries, but no statement: what is to be issued next, oldest first."""
    waiting = LedgerEntry.objects.filter(
        contract=contract, kind__in=CHARGED, line=None, day__lt=month_of(today)
    ).values_list("day", flat=True)
    return sorted({month_of(day) for day in waiting})
