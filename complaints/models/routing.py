"""The stored answers to "why here?", and the alarms where a rule is missing."""

from typing import TYPE_CHECKING

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from catalogue.models import Category, Jurisdiction, Service, Unit
from complaints.models.complaint import Complaint
from districts.models import BoundaryEdition, District, ServiceArea

if TYPE_CHECKING:
    pass


class RoutingDecision(models.Model):
    """The stored answer to "why here?". Rows are only added; the newest one counts."""

    class Reason(models.TextChoices):
        CATEGORY_AREA = "category_area", "category_area"
        SERVICE_AREA = "service_area", "service_area"
        DEFAULT_UNIT = "default_unit", "default_unit"
        TRIAGE = "triage", "triage"
        # The rule that would decide cannot be read: the triage unit too.
        BROKEN_RULE = "broken_rule", "broken_rule"
        BY_HAND = "by_hand", "by_hand"

    class Rule(models.TextChoices):
        """Which step of the order of decision put the service area before the runner-up (contract.md §5)."""

        CATEGORY = "category", "category"
        PRIORITY = "priority", "priority"
        SMALLER = "smaller", "smaller"
        CODE = "code", "code"

    # Read by complaint only (decision_newest): what else a decision names is looked up from here, never the other way.
    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="decisions", db_index=False)
    decided_at = models.DateTimeField()
    reason = models.CharField(max_length=20, choices=Reason.choices)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+", db_index=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", db_index=False)
    district = models.ForeignKey(District, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    service_area = models.ForeignKey(ServiceArea, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    edition = models.ForeignKey(BoundaryEdition, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    runner_up = models.ForeignKey(ServiceArea, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # "" when there is no runner-up (and in decisions of the time before it was kept).
    rule = models.CharField(max_length=10, choices=Rule.choices, blank=True)
    # It was outside the service area's hours: its fallback unit answers.
    by_fallback = models.BooleanField(default=False)
    # The best area that covers the place and did not answer at that hour (or whose hours could not be read: triage).
    passed_over = models.ForeignKey(
        ServiceArea, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    # Metres outside the city's edge; null when a district covers the point.
    outside_by_m = models.FloatField(null=True)

    class Meta:
        ordering = ["-decided_at", "-id"]
        verbose_name = pgettext_lazy("thing", "routing decision")
        verbose_name_plural = pgettext_lazy("thing", "routing decisions")
        indexes = [models.Index(fields=["complaint", "-decided_at"], name="decision_newest")]

    def __str__(self) -> str:
        return self.complaint.tracking_number


class RoutingAlert(models.Model):
    """A complaint came to the triage unit because a rule is missing or cannot be read: somebody must mend the rules.

    Closed once the complaint is decided again, by hand or by a mended rule. The desk counts the open ones.
    """

    class Kind(models.TextChoices):
        NO_UNIT = "no_unit", pgettext_lazy("routing alert", "No unit answers for this service here")
        BROKEN_SCHEDULE = "broken_schedule", pgettext_lazy("routing alert", "A schedule cannot be read")
        BROKEN_CALENDAR = "broken_calendar", pgettext_lazy("routing alert", "A calendar or a delay cannot be read")
        NO_TRIAGE_UNIT = "no_triage_unit", pgettext_lazy("routing alert", "The city names no triage unit")

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="routing_alerts")
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+", db_index=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("thing", "routing alert")
        verbose_name_plural = pgettext_lazy("thing", "routing alerts")
        ordering = ["-raised_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["no_unit", "broken_schedule", "broken_calendar", "no_triage_unit"]),
                name="routing_alert_kind_known",
            )
        ]
        indexes = [
            # the desk's counter
            models.Index(fields=["jurisdiction", "kind"], name="routing_alert_open", condition=Q(closed_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"
