"""What is attached to a complaint."""

from pathlib import PurePath
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from complaints.models.complaint import Complaint
from complaints.models.quarantined import QuarantinedFile

if TYPE_CHECKING:
    pass


class Attachment(QuarantinedFile):
    """A file of a complaint."""

    class Purpose(models.TextChoices):
        REPORT = "report", pgettext_lazy("file purpose", "report")
        MESSAGE = "message", pgettext_lazy("file purpose", "message")
        BEFORE = "before", pgettext_lazy("file purpose", "before the work")
        AFTER = "after", pgettext_lazy("file purpose", "after the work")

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="attachments")
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.REPORT)
    thumbnail_path = models.CharField(max_length=120, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    # A perceptual hash of the picture, by which the same photo is known again (complaints/likeness.py).
    look = models.BigIntegerField(null=True, blank=True)
    # How far from the complaint's place a photo of the work was taken, where it says so. Staff only.
    metres_off = models.PositiveIntegerField(null=True, blank=True)
    review = models.CharField(max_length=10, choices=Complaint.Review.choices, default=Complaint.Review.PENDING)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="attachment_due", condition=Q(queue_state="due"))
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"

    @property
    def version(self) -> str:
        """Another one for each picture that the row has pointed to; api/rows.py reads it from the path in the same way."""
        _stem, dash, version = PurePath(self.path).stem.rpartition("-")
        return version if dash else "0"

    @property
    def full_url(self) -> str:
        """The address of these very bytes: what is painted over moves to another one, and the old one is gone."""
        return reverse("attachment", args=[self.public_id, "full", self.version])

    @property
    def thumbnail_url(self) -> str:
        return reverse("attachment", args=[self.public_id, "thumbnail", self.version])
