"""The complaints a contract answers for, and what they come to month by month. Figures are counted, never guessed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from complaints.models import Complaint, Event
from complaints.querysets import ComplaintQuerySet
from contracts.breaches import NOT_TO_BE_ALLEGED
from contracts.models import Contract, Finding, LedgerEntry, Statement
from contracts.months import next_month, previous_month
from contracts.procedure import FindingState
from contracts.services.ledger import CAPPED, CHARGED, cap_of

_Kind = LedgerEntry.Kind


@dataclass(frozen=True)
class Month:
    """One month of a contract. Shares are whole percents of what is known; None where there is nothing to divide."""

    month: date
    cases: int
    answered_in_time: int | None
    resolved_in_time: int | None
    findings: int
    justified: int
    contested: int
    charged: int
    cap: int | None
    adjusted: int
    statement: Statement | None

    @property
    def net(self) -> int:
        return self.charged + self.adjusted


def cases_of(contract: Contract) -> ComplaintQuerySet:
    """Complaints that the contract's operator answers for: its services, dates and territory."""
    zone = ZoneInfo(contract.jurisdiction.time_zone)
    since = datetime(contract.starts_on.year, contract.starts_on.month, contract.starts_on.day, tzinfo=zone)
    last = contract.ends_on
    until = datetime(last.year, last.month, last.day, 23, 59, 59, 999_999, tzinfo=zone)
    rows = Complaint.objects.filter(
        unit=contract.unit_id,
        service__in=contract.services.all(),
        submitted_at__gte=since,
        submitted_at__lte=until,
    )
    return rows if contract.territory is None else rows.filter(point__coveredby=contract.territory)


def candidates(contract: Contract, *, since: datetime) -> ComplaintQuerySet:
    """Complaints that an officer may want to look at: a promise was missed, or the reporter contested the work.

    Things that something is alleged about already are left out. This only lists; nothing follows from being on it.
    """
    live = Finding.objects.filter(complaint=OuterRef("pk")).exclude(state=FindingState.WITHDRAWN)
    breached = Event.objects.filter(complaint=OuterRef("pk"), kind=Event.Kind.BREACHED, at__gte=since)
    return (
        cases_of(contract)
        .filter(Exists(breached) | Q(reopened_count__gt=0, updated_at__gte=since), ~Exists(live))
        .filter(merged_into=None, kind=Complaint.Kind.COMPLAINT)
        .exclude(state__in=NOT_TO_BE_ALLEGED)
        .select_related("category__service", "district", "jurisdiction")
        .order_by("-submitted_at", "-pk")
    )


def same_source(complaint: Complaint, *, since: datetime) -> int:
    """How many other complaints the same person filed about this operator lately: one person's campaign looks like that.

    Counted by address or telephone number, which nobody sees here (threat T4). 0 where she left neither.
    """
    reporter = getattr(complaint, "reporter", None)
    if reporter is None or not (reporter.email or reporter.phone):
        return 0
    same = Q(pk__in=[])
    if reporter.email:
        same |= Q(reporter__email__iexact=reporter.email)
    if reporter.phone:
        same |= Q(reporter__phone=reporter.phone)
    others = Complaint.objects.filter(same, unit=complaint.unit_id, submitted_at__gte=since)
    return others.exclude(pk=complaint.pk).count()


def by_month(contract: Contract, *, until: date, months: int, now: datetime) -> list[Month]:
    """The last `months` months up to and with `until`, newest first. Six queries, and one for each cap."""
    wanted = [until]
    while len(wanted) < months:
        wanted.append(previous_month(wanted[-1]))
    cases = _cases_by_month(contract, wanted, now)
    findings = _findings_by_month(contract, wanted)
    money = _money_by_month(contract, wanted)
    statements = {row.month: row for row in contract.statements.filter(month__in=wanted).select_related("order")}
    return [
        Month(
            month=month,
            **cases[month],
            **findings[month],
            charged=money.get((month, False), 0),
            adjusted=money.get((month, True), 0),
            cap=cap_of(contract, month),
            statement=statements.get(month),
        )
        for month in wanted
    ]


def _bounds(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A month's first instant and the next one's, on the city's clock."""
    start, end = month, next_month(month)
    return datetime(start.year, start.month, 1, tzinfo=zone), datetime(end.year, end.month, 1, tzinfo=zone)


def _cases_by_month(contract: Contract, months: Sequence[date], now: datetime) -> dict[date, dict[str, Any]]:
    """Cases filed in each month, and which share of the promises that are over was kept. One statement."""
    zone = ZoneInfo(contract.jurisdiction.time_zone)
    answer_over = Q(answer_due_at__isnull=False) & (Q(answered_at__isnull=False) | Q(answer_due_at__lt=now))
    answer_kept = Q(answered_at__lte=F("answer_due_at"))
    done = Q(closed_at__isnull=False, state__in=["resolved", "confirmed"])
    resolution_over = Q(resolution_due_at__isnull=False) & (done | Q(closed_at=None, resolution_due_at__lt=now))
    resolution_kept = done & Q(closed_at__lte=F("resolution_due_at"))
    counts: dict[str, Count] = {}
    for number, month in enumerate(months):
        start, end = _bounds(month, zone)
        filed = Q(submitted_at__gte=start, submitted_at__lt=end)
        counts[f"n{number}"] = Count("pk", filter=filed)
        counts[f"a{number}"] = Count("pk", filter=filed & answer_over)
        counts[f"ak{number}"] = Count("pk", filter=filed & answer_over & answer_kept)
        counts[f"r{number}"] = Count("pk", filter=filed & resolution_over)
        counts[f"rk{number}"] = Count("pk", filter=filed & resolution_kept)
    found = cases_of(contract).filter(merged_into=None, kind=Complaint.Kind.COMPLAINT).aggregate(**counts)
    return {
        month: {
            "cases": found[f"n{number}"],
            "answered_in_time": percent(found[f"ak{number}"], found[f"a{number}"]),
            "resolved_in_time": percent(found[f"rk{number}"], found[f"r{number}"]),
        }
        for number, month in enumerate(months)
    }


def _findings_by_month(contract: Contract, months: Sequence[date]) -> dict[date, dict[str, Any]]:
    """Findings by the month of their breach."""
    counts: dict[str, Count] = {}
    penal = [FindingState.JUSTIFIED, FindingState.APPEALED, FindingState.UPHELD, FindingState.WAIVED]
    for number, month in enumerate(months):
        within = Q(occurred_on__gte=month, occurred_on__lt=next_month(month))
        counts[f"n{number}"] = Count("pk", filter=within & ~Q(state=FindingState.WITHDRAWN), distinct=True)
        counts[f"j{number}"] = Count("pk", filter=within & Q(state__in=penal), distinct=True)
        counts[f"c{number}"] = Count("pk", filter=within & Q(arguments__stage="contest"), distinct=True)
    found = contract.findings.aggregate(**counts)
    return {
        month: {
            "findings": found[f"n{number}"],
            "justified": found[f"j{number}"],
            "contested": found[f"c{number}"],
        }
        for number, month in enumerate(months)
    }


def _money_by_month(contract: Contract, months: Sequence[date]) -> dict[tuple[date, bool], int]:
    """(month of the breach, is it the cap's adjustment) → centimes."""
    rows = (
        LedgerEntry.objects.filter(contract=contract, period__in=months, kind__in=CHARGED)
        .order_by()
        .values_list("period", "kind")
        .annotate(amount=Sum("amount_centimes"))
    )
    sums: dict[tuple[date, bool], int] = {}
    for period, kind, amount in rows:
        key = (period, kind not in CAPPED)
        sums[key] = sums.get(key, 0) + amount
    return sums


def balance_of(contract: Contract) -> int:
    """What the operator owes today: everything charged, less what was paid."""
    owed = LedgerEntry.objects.filter(contract=contract).exclude(kind=_Kind.COLLECTION_ORDER)
    return int(owed.aggregate(owed=Sum("amount_centimes", default=0))["owed"])


def waiting_for_the_city(findings: QuerySet[Finding]) -> dict[str, int]:
    """How many findings wait for which step of the city's."""
    states = {
        "decide": [FindingState.ACCEPTED, FindingState.CONTESTED, FindingState.LAPSED],
        "sign": [FindingState.TO_SIGN],
        "appeal": [FindingState.APPEALED],
        "operator": [FindingState.NOTIFIED],
    }
    return findings.aggregate(**{name: Count("pk", filter=Q(state__in=values)) for name, values in states.items()})


def percent(part: int, whole: int) -> int | None:
    """A share in whole percents; None of nothing."""
    return round(100 * part / whole) if whole else None
