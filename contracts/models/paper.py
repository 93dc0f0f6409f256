"""Documents that a task makes: a statement's files when it is issued, a finding's whole exchange when somebody asks."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from contracts.models.finding import Finding
from contracts.models.ledger import Statement
from queueing.models import QueueRow


class Paper(QueueRow):
    """One file of one statement or finding, in one language. A statement's are made once and stay; an exchange is dated."""

    class Format(models.TextChoices):
        PDF = "pdf", "PDF"
        XLSX = "xlsx", "XLSX"
        CSV = "csv", "CSV"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, null=True, related_name="papers")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, null=True, related_name="papers")
    format = models.CharField(max_length=4, choices=Format.choices)
    language = models.CharField(max_length=10)
    # The moment that it shows; written on it.
    dated = models.DateTimeField()
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # Under MEDIA_ROOT; empty until it is made.
    path = models.CharField(max_length=120, blank=True)
    size = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["dated", "id"]
        verbose_name = pgettext_lazy("thing", "document")
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "format", "language"],
                condition=Q(statement__isnull=False),
                name="paper_once_per_statement",
            ),
            models.CheckConstraint(
                condition=Q(statement__isnull=False) ^ Q(finding__isnull=False), name="paper_of_one_thing"
            ),
        ]
        indexes = [models.Index(fields=["next_attempt_at", "id"], name="paper_due", condition=Q(queue_state="due"))]

    def __str__(self) -> str:
        return f"{self.public_id} {self.format}"
