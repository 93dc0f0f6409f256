"""Who wants to be told of what: one complaint, a street, a district, or an area drawn on the map."""

from typing import TYPE_CHECKING

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from catalogue.models import Category, Jurisdiction, Service
from complaints.models import Complaint

if TYPE_CHECKING:
    from datetime import datetime


class Subscription(models.Model):
    """One wish of one address. It tells nothing before its owner has confirmed it, and is deleted when it ends."""

    class Subject(models.TextChoices):
        COMPLAINT = "complaint", pgettext_lazy("subject", "a complaint")
        STREET = "street", pgettext_lazy("subject", "a street or place")
        DISTRICT = "district", pgettext_lazy("subject", "a district")
        AREA = "area", pgettext_lazy("subject", "an area")

    class Delivery(models.TextChoices):
        INSTANT = "instant", pgettext_lazy("delivery", "at once")
        WEEKLY = "weekly", pgettext_lazy("delivery", "once a week")

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    email = models.EmailField()
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=10, choices=Subject.choices)
    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, null=True, blank=True, related_name="followers")
    district_code = models.CharField(max_length=60, blank=True)
    # What was drawn, or the ground round a street or place; WGS 84, longitude first.
    area = models.PolygonField(srid=4326, null=True, blank=True)
    # How the place is called in its owner's language; for a drawn area empty.
    place = models.CharField(max_length=120, blank=True)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    delivery = models.CharField(max_length=10, choices=Delivery.choices, default=Delivery.INSTANT)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # Until when the weekly letter has told; new complaints are told once by the outbox's own key.
    told_until = models.DateTimeField(null=True, blank=True)
    link_version = models.PositiveIntegerField(default=1)

    if TYPE_CHECKING:
        since: "datetime"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(subject="complaint", complaint__isnull=False)
                | Q(subject="district") & ~Q(district_code="")
                | Q(subject__in=["street", "area"], area__isnull=False),
                name="subscription_names_its_subject",
            ),
            models.CheckConstraint(condition=Q(delivery__in=["instant", "weekly"]), name="subscription_delivery_known"),
        ]
        indexes = [
            # who is told of a change, by what she follows
            models.Index(fields=["complaint"], name="subscription_complaint", condition=Q(complaint__isnull=False)),
            models.Index(fields=["jurisdiction", "district_code"], name="subscription_district"),
            # one address's wishes
            models.Index(fields=["email"], name="subscription_email"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.pk}"


class Watermark(models.Model):
    """Until when the new complaints of a city have been told. Each sweep looks back a little further than that."""

    jurisdiction = models.OneToOneField(Jurisdiction, on_delete=models.CASCADE, primary_key=True, related_name="+")
    told_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.jurisdiction_id} {self.told_until}"
