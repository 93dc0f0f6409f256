"""The month's figures that caps and indexed amounts refer to: a contract manager enters them, the operator sees them."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from contracts.errors import AmountInvalid, MonthLocked, MonthNotOver
from contracts.models import IndexValue, Statement, Turnover
from contracts.months import local_day, month_of
from contracts.permissions import ENTERING, require
from contracts.services.ledger import writing_to
from contracts.services.steps import lock_contract

# A slip of the finger (a sum in centimes, a second comma) is caught above this: a thousand million.
LARGEST_CENTIMES = 100_000_000_000


@transaction.atomic
def enter_turnover(
    contract_id: int, month: date, amount_centimes: int, *, acting_user: User, now: datetime
) -> Turnover:
    """The operator's turnover before tax of a month. Entered again it is corrected, until that month's statement is issued.

    The month's cap follows at once: its penalties are adjusted in the same transaction. Raises PersonNotAllowed,
    AmountInvalid, MonthNotOver or MonthLocked.
    """
    contract = lock_contract(contract_id)
    require(ENTERING, acting_user, contract.jurisdiction_id)
    if not 0 <= amount_centimes <= LARGEST_CENTIMES:
        raise AmountInvalid
    if month >= month_of(local_day(now, contract.jurisdiction.time_zone)):
        raise MonthNotOver
    if Statement.objects.filter(contract=contract, month__gte=month).exists():
        raise MonthLocked
    turnover = Turnover.objects.create(
        contract=contract, month=month, amount_centimes=amount_centimes, entered_by=acting_user, entered_at=now
    )
    with writing_to(contract.jurisdiction, now=now) as ledger:
        ledger.adjust(contract, month, actor=acting_user, turnover=turnover)
    return turnover


@transaction.atomic
def enter_index(contract_id: int, month: date, value: Decimal, *, acting_user: User, now: datetime) -> IndexValue:
    """The published index of a month. Decisions made before keep the value that they were made with.

    Raises PersonNotAllowed or AmountInvalid.
    """
    contract = lock_contract(contract_id)
    require(ENTERING, acting_user, contract.jurisdiction_id)
    if not Decimal(0) < value < Decimal(10) ** 8:
        raise AmountInvalid(field="value")
    return IndexValue.objects.create(
        contract=contract, month=month, value=value, entered_by=acting_user, entered_at=now
    )
