"""Money: entries that nobody can change, chained by their hashes, and what is made of them for the treasury.

Every table here is append-only by the rights of the database (geoportal/management/commands/grant_runtime.py).
"""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from catalogue.models import Jurisdiction
from contracts.models.contract import Contract, Turnover
from contracts.models.finding import Decision, Finding

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class Statement(models.Model):
    """The account of one contract and month, as issued: its lines and sums stay what they are."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="statements")
    month = models.DateField()
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # What was owed before, what this month adds, what was paid meanwhile; the balance is their sum.
    opening_centimes = models.BigIntegerField()
    total_centimes = models.BigIntegerField()
    paid_centimes = models.BigIntegerField()
    turnover_centimes = models.BigIntegerField(null=True)
    cap_centimes = models.BigIntegerField(null=True)
    # The chain as it stood: the number and hash of its last entry.
    head_seq = models.BigIntegerField()
    head_hash = models.CharField(max_length=64)

    if TYPE_CHECKING:
        lines: RelatedManager["StatementLine"]

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "month"], name="statement_once_a_month"),
            models.CheckConstraint(condition=Q(month__day=1), name="statement_of_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.month:%Y-%m}"

    @property
    def closing_centimes(self) -> int:
        return self.opening_centimes + self.total_centimes - self.paid_centimes


class CollectionOrder(models.Model):
    """The order to collect what a statement charges (or to give back, if negative). Numbered by city and year, no gaps."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.PROTECT, related_name="collection_orders")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, related_name="order")
    amount_centimes = models.BigIntegerField()
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()

    if TYPE_CHECKING:
        payments: RelatedManager["Payment"]

    class Meta:
        ordering = ["-year", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "year", "number"], name="collection_order_number"),
            models.CheckConstraint(condition=~Q(amount_centimes=0), name="collection_order_of_something"),
            models.CheckConstraint(condition=Q(number__gte=1), name="collection_order_from_one"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return f"{self.year}-{self.number:04d}"


class Payment(models.Model):
    """Money that reached (or, negative, left) the treasury for one order. A slip is mended by a second, opposite payment."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.PROTECT, related_name="payments")
    order = models.ForeignKey(CollectionOrder, on_delete=models.PROTECT, related_name="payments")
    amount_centimes = models.BigIntegerField()
    paid_on = models.DateField()
    # The bank's or the cashier's own: the same receipt is never entered twice.
    reference = models.CharField(max_length=80)
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="corrected_by")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["paid_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "reference"], name="payment_reference_once"),
            models.CheckConstraint(condition=~Q(amount_centimes=0), name="payment_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.reference}"


class LedgerEntry(models.Model):
    """One line of a city's ledger. `hash` covers every column of it and the hash before it (contracts/chain.py)."""

    class Kind(models.TextChoices):
        PENALTY = "penalty", pgettext_lazy("entry", "penalty")
        CAP_ADJUSTMENT = "cap_adjustment", pgettext_lazy("entry", "adjustment to the cap")
        REVERSAL = "reversal", pgettext_lazy("entry", "reversal")
        WAIVER = "waiver", pgettext_lazy("entry", "waiver")
        COLLECTION_ORDER = "collection_order", pgettext_lazy("entry", "collection order")
        PAYMENT = "payment", pgettext_lazy("entry", "payment")

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.PROTECT, related_name="ledger")
    # 1, 2, 3… in each city, without gaps.
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    # The city's day under which it is counted; never goes back along the chain, never falls on a day whose head has left.
    day = models.DateField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="ledger")
    # First day of the month that a penalty and its cap belong to; of the statement for orders and payments.
    period = models.DateField()
    # What the operator owes by it: penalties more, reversals, waivers and payments less; an order moves nothing.
    amount_centimes = models.BigIntegerField()
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, null=True, related_name="ledger")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="ledger")
    # What made the cap's adjustment necessary: an entry, or a turnover that was entered.
    cause = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="adjustment")
    turnover = models.OneToOneField(Turnover, on_delete=models.PROTECT, null=True, related_name="adjustment")
    order = models.OneToOneField(CollectionOrder, on_delete=models.PROTECT, null=True, related_name="entry")
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True, related_name="entry")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # How the amount came about: codes and numbers, no words of people.
    facts = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["jurisdiction", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "seq"], name="ledger_seq_once"),
            models.UniqueConstraint(fields=["jurisdiction", "previous_hash"], name="ledger_never_forks"),
            # Exactly once per decision: a decision that takes effect twice meets this, whatever the code does.
            models.UniqueConstraint(fields=["decision"], name="ledger_once_per_decision"),
            models.UniqueConstraint(
                fields=["finding"], condition=Q(kind="penalty"), name="ledger_one_penalty_per_finding"
            ),
            models.UniqueConstraint(
                fields=["finding"], condition=Q(kind="reversal"), name="ledger_one_reversal_per_finding"
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind="penalty", amount_centimes__gt=0, decision__isnull=False, finding__isnull=False)
                    | Q(kind="reversal", amount_centimes__lt=0, decision__isnull=False, finding__isnull=False)
                    | Q(kind="waiver", amount_centimes__lt=0, decision__isnull=False, finding__isnull=False)
                    | Q(kind="cap_adjustment", decision=None) & (Q(cause__isnull=False) ^ Q(turnover__isnull=False))
                    | Q(kind="collection_order", order__isnull=False)
                    | Q(kind="payment", payment__isnull=False)
                ),
                name="ledger_kind_and_source",
            ),
            models.CheckConstraint(condition=~Q(amount_centimes=0), name="ledger_of_something"),
            models.CheckConstraint(condition=Q(period__day=1), name="ledger_of_a_month"),
        ]
        indexes = [
            # the newest entry of a month, which carries its sums; a contract's account
            models.Index(
                fields=["contract", "period", "seq"], include=["kind", "amount_centimes"], name="ledger_of_contract"
            ),
            # heads: the last entry up to a day
            models.Index(fields=["jurisdiction", "day", "seq"], name="ledger_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction_id}/{self.seq}"


class StatementLine(models.Model):
    """A ledger entry on the one statement that carries it."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="line")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["statement", "position"], name="statement_line_position")]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.position}"


class DayHead(models.Model):
    """The chain at the end of a day: how many entries, and the last one's hash. It leaves the database at once."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.PROTECT, related_name="ledger_heads")
    day = models.DateField()
    count = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["jurisdiction", "day"]
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "day"], name="ledger_head_once_a_day"),
            models.CheckConstraint(condition=Q(count__gte=0), name="ledger_head_count"),
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction_id} {self.day} {self.count}"
