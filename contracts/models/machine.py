"""Machines of an operator: keys that open its contract's cases, and addresses that are told when something happens."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from contracts.models.contract import Contract
from queueing.models import QueueRow


class ApiKey(models.Model):
    """A key to one contract. Its secret is shown once and never stored; what it does is signed by an account of its own."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80)
    # Names the key in lists and logs; carries no right.
    prefix = models.CharField(max_length=12, unique=True)
    # SHA-256 of the whole key: 256 random bits need no slower hash.
    digest = models.CharField(max_length=64)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_key")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = pgettext_lazy("thing", "API key")

    def __str__(self) -> str:
        return f"{self.prefix} {self.name}"


class Webhook(models.Model):
    """An address of the operator's that is told of events. What it gets is signed with a secret derived from `version`."""

    class Event(models.TextChoices):
        CASE_RECEIVED = "case.received", pgettext_lazy("webhook", "a case was received")
        FINDING_OPENED = "finding.opened", pgettext_lazy("webhook", "a finding was opened")
        FINDING_CHANGED = "finding.changed", pgettext_lazy("webhook", "a finding moved on")
        STATEMENT_ISSUED = "statement.issued", pgettext_lazy("webhook", "a statement was issued")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="webhooks")
    url = models.URLField(max_length=300)
    events = ArrayField(models.CharField(max_length=30, choices=Event.choices))
    version = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(QueueRow):
    """One event for one address: sent at least once, later each time on trouble, then given up where people see it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=30, choices=Webhook.Event.choices)
    # What it is about, so that the same thing is announced once: an id of the event, or a tracking number.
    reference = models.CharField(max_length=60)
    body = models.JSONField()
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event", "reference"], name="webhook_delivery_once"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="webhook_delivery_due", condition=Q(queue_state="due"))
        ]

    def __str__(self) -> str:
        return f"{self.webhook_id} {self.event} {self.reference}"
