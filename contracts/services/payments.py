"""Money that reaches the treasury, order by order, and what is still missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from contracts.errors import AlreadyCorrected, AmountInvalid, DayInvalid, ReferenceMissing, ReferenceUsed
from contracts.models import CollectionOrder, Payment
from contracts.months import local_day
from contracts.permissions import CASHING, require
from contracts.services.ledger import writing_to


@dataclass(frozen=True)
class Reconciled:
    """One order beside what came in for it."""

    order: CollectionOrder
    paid: int
    today: date

    @property
    def left(self) -> int:
        return self.order.amount_centimes - self.paid

    @property
    def is_settled(self) -> bool:
        return self.left == 0

    @property
    def is_overdue(self) -> bool:
        return not self.is_settled and self.order.due_on < self.today


@transaction.atomic
def record_payment(
    order_id: int, amount_centimes: int, *, paid_on: date, reference: str, acting_user: User, now: datetime
) -> Payment:
    """Money that came in for an order (or went out for one that gives back). Never more than is left of it.

    Raises PersonNotAllowed, AmountInvalid, DayInvalid, ReferenceMissing or ReferenceUsed.
    """
    order = _order(order_id)
    require(CASHING, acting_user, order.jurisdiction_id)
    with writing_to(order.jurisdiction, now=now) as ledger:
        left = order.amount_centimes - paid_for(order)
        within = 0 < amount_centimes <= left if order.amount_centimes > 0 else left <= amount_centimes < 0
        if not within:
            raise AmountInvalid
        today = local_day(now, order.jurisdiction.time_zone)
        if not local_day(order.issued_at, order.jurisdiction.time_zone) <= paid_on <= today:
            raise DayInvalid
        payment = _keep(order, amount_centimes, paid_on, reference, acting_user, now)
        ledger.pay(payment, actor=acting_user)
    return payment


@transaction.atomic
def correct_payment(payment_id: int, *, reference: str, acting_user: User, now: datetime) -> Payment:
    """Take back a payment that was recorded by mistake: the same sum the other way, beside it. Once.

    Raises PersonNotAllowed, AlreadyCorrected, ReferenceMissing or ReferenceUsed.
    """
    wrong = Payment.objects.select_related("order__jurisdiction", "order__statement__contract").get(pk=payment_id)
    order = wrong.order
    require(CASHING, acting_user, order.jurisdiction_id)
    with writing_to(order.jurisdiction, now=now) as ledger:
        if wrong.corrects_id is not None or Payment.objects.filter(corrects=wrong).exists():
            raise AlreadyCorrected
        today = local_day(now, order.jurisdiction.time_zone)
        payment = _keep(order, -wrong.amount_centimes, today, reference, acting_user, now, corrects=wrong)
        ledger.pay(payment, actor=acting_user)
    return payment


def paid_for(order: CollectionOrder) -> int:
    """What came in for an order, corrections taken off."""
    return int(order.payments.aggregate(paid=Sum("amount_centimes", default=0))["paid"])


def reconcile(orders: Iterable[CollectionOrder], *, today: date) -> list[Reconciled]:
    """Each order with what was paid for it. Two queries."""
    rows = list(orders)
    paid = dict(
        Payment.objects.filter(order__in=rows)
        .order_by()
        .values_list("order")
        .annotate(paid=Sum("amount_centimes"))
        .values_list("order", "paid")
    )
    return [Reconciled(order, paid.get(order.pk, 0), today) for order in rows]


def _order(order_id: int) -> CollectionOrder:
    return CollectionOrder.objects.select_related("jurisdiction", "statement__contract").get(pk=order_id)


def _keep(
    order: CollectionOrder,
    amount: int,
    paid_on: date,
    reference: str,
    user: User,
    now: datetime,
    *,
    corrects: Payment | None = None,
) -> Payment:
    known = reference.strip()
    if not known:
        raise ReferenceMissing
    # The ledger's lock is held: nobody enters the same receipt between this look and the insertion.
    if Payment.objects.filter(jurisdiction=order.jurisdiction, reference=known).exists():
        raise ReferenceUsed
    return Payment.objects.create(
        jurisdiction=order.jurisdiction,
        order=order,
        amount_centimes=amount,
        paid_on=paid_on,
        reference=known,
        corrects=corrects,
        recorded_by=user,
        recorded_at=now,
    )
