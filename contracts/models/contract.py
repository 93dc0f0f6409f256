"""What an operator owes the city: contracts, their dated terms, the clauses that punish, and the figures they refer to."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.gis.db import models
from django.core.validators import RegexValidator
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from catalogue.models import Category, Jurisdiction, PackRow, Service, Unit
from catalogue.translated import TranslatedTextField
from contracts.procedure import Silence
from contracts.querysets import ContractQuerySet

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class Treasury(models.Model):
    """Who collects for a city: where the ledger's heads are mailed to, and how long a collection order may take."""

    jurisdiction = models.OneToOneField(Jurisdiction, on_delete=models.CASCADE, related_name="treasury")
    email = models.EmailField(blank=True)
    payment_days = models.PositiveSmallIntegerField(default=30)

    class Meta:
        verbose_name = pgettext_lazy("thing", "treasury")
        verbose_name_plural = pgettext_lazy("thing", "treasuries")

    def __str__(self) -> str:
        return self.email


class Contract(PackRow):
    """A delegated service: one operator, some services, a territory and dates. What it asks for is in its versions."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="contracts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="contracts")
    services = models.ManyToManyField(Service, related_name="contracts")
    # First part of its findings' numbers, as in CN-2026-0012.
    prefix = models.CharField(max_length=6, unique=True, validators=[RegexValidator(r"^[A-Z]{1,6}$")])
    reference = models.CharField(max_length=120, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    # WGS 84. Null: wherever the city's service areas send a complaint to this operator.
    territory = models.MultiPolygonField(srid=4326, null=True, blank=True)
    # Who is told of findings; the unit's own address where it is empty.
    email = models.EmailField(blank=True)

    objects = ContractQuerySet.as_manager()

    if TYPE_CHECKING:
        versions: RelatedManager["ContractVersion"]

    class Meta:
        verbose_name = pgettext_lazy("thing", "contract")
        verbose_name_plural = pgettext_lazy("thing", "contracts")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "code"], name="contract_code_unique"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="contract_dates_in_order"),
        ]

    @property
    def address(self) -> str:
        """Where the operator is written to; empty if nobody gave an address."""
        return self.email or self.unit.email


class ContractVersion(models.Model):
    """The terms from one day on. Append-only: a change is a new version, and a finding keeps the one it was opened under.

    Of two versions from the same day the later one counts (a slip that was mended).
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    valid_from = models.DateField()
    # Of the terms as the pack writes them: loading the same ones again makes no new version.
    digest = models.CharField(max_length=64)
    currency = models.CharField(max_length=3, default="MAD")
    # As in catalogue.toml: "10 working days", on the operator's calendar.
    contest_within = models.CharField(max_length=30)
    appeal_within = models.CharField(max_length=30)
    silence = models.CharField(max_length=10, choices=Silence.choices)
    # Penalties of one month never pass this share of the month's turnover before tax, nor the fixed sum; null: no such cap.
    cap_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    cap_centimes = models.BigIntegerField(null=True)
    # A second person signs from this penalty on, and from so many decided by one person in a month on; null: never.
    second_signature_from_centimes = models.BigIntegerField(null=True)
    second_signature_from_count = models.PositiveIntegerField(null=True)
    # An indexed amount is multiplied by (index of the month) / (this base).
    index_name = models.CharField(max_length=120, blank=True)
    index_base = models.DecimalField(max_digits=12, decimal_places=4, null=True)

    if TYPE_CHECKING:
        clauses: RelatedManager["Clause"]

    class Meta:
        ordering = ["valid_from", "number"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "number"], name="contract_version_number"),
            models.CheckConstraint(condition=Q(silence__in=Silence.values), name="contract_silence_known"),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} v{self.number}"


class Clause(models.Model):
    """One rule of a version: what it punishes, by how much, and where it stops. Amounts are centimes."""

    class Breach(models.TextChoices):
        FOUNDED = "founded_complaint", pgettext_lazy("breach", "founded complaint")
        ANSWER = "missed_answer", pgettext_lazy("breach", "first answer after its deadline")
        RESOLUTION = "missed_resolution", pgettext_lazy("breach", "resolution after its deadline")

    class Per(models.TextChoices):
        COMPLAINT = "complaint", pgettext_lazy("penalty", "per complaint")
        DAY_LATE = "day_late", pgettext_lazy("penalty", "per day late")

    version = models.ForeignKey(ContractVersion, on_delete=models.PROTECT, related_name="clauses")
    code = models.CharField(max_length=60)
    # Where it stands in the paper: "article 42.3".
    article = models.CharField(max_length=60, blank=True)
    name = TranslatedTextField()
    text = TranslatedTextField(blank=True)
    breach = models.CharField(max_length=20, choices=Breach.choices)
    # None: every category of the contract's services.
    categories = models.ManyToManyField(Category, related_name="+")
    per = models.CharField(max_length=10, choices=Per.choices)
    amount_centimes = models.BigIntegerField()
    # Time after the deadline that costs nothing ("24 hours", "1 working day"); empty: none.
    grace = models.CharField(max_length=30, blank=True)
    # The most that one finding costs under it; null: no limit of its own.
    most_centimes = models.BigIntegerField(null=True)
    indexed = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="clause_code_unique"),
            models.CheckConstraint(condition=Q(amount_centimes__gt=0), name="clause_costs_something"),
            models.CheckConstraint(
                condition=~Q(breach="founded_complaint") | Q(per="complaint"), name="clause_days_need_a_deadline"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Turnover(models.Model):
    """An operator's turnover before tax of one month, as the contract manager entered it. Append-only; the newest counts."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="turnovers")
    # First day of the month.
    month = models.DateField()
    amount_centimes = models.BigIntegerField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        ordering = ["month", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_centimes__gte=0), name="turnover_not_negative"),
            models.CheckConstraint(condition=Q(month__day=1), name="turnover_of_a_month"),
        ]
        indexes = [models.Index(fields=["contract", "month", "-id"], name="turnover_newest")]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.month:%Y-%m}"


class IndexValue(models.Model):
    """The published index of one month that a contract's amounts follow. Append-only; the newest counts."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="index_values")
    month = models.DateField()
    value = models.DecimalField(max_digits=12, decimal_places=4)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        ordering = ["month", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(value__gt=0), name="index_positive"),
            models.CheckConstraint(condition=Q(month__day=1), name="index_of_a_month"),
        ]
        indexes = [models.Index(fields=["contract", "month", "-id"], name="index_newest")]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.month:%Y-%m}"
