"""What is worked out from complaints and kept: how their promises ran, and reports made for download."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.models import Jurisdiction
from complaints.models import Complaint
from queueing.models import QueueRow


class Timing(models.Model):
    """What one complaint's history says about its promises. Worked out from its events at each change, never edited.

    The complaint's own deadlines stand still while the reporter must act; these are the ones it would have had with a
    clock that never stops. A complaint without a row (filed a second ago) has had no pause.
    """

    complaint = models.OneToOneField(Complaint, on_delete=models.CASCADE, primary_key=True, related_name="timing")
    answer_due_unpaused = models.DateTimeField(null=True)
    resolution_due_unpaused = models.DateTimeField(null=True)
    # Pauses that are over, together.
    paused_seconds = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"timing of {self.complaint_id}"


class Report(QueueRow):
    """A stand-alone map that somebody of the office asked for; a task draws it. No citizen's words are in it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField()
    language = models.CharField(max_length=10)
    # The filter as a query string (contract.md §3), period included.
    query = models.CharField(max_length=2000, blank=True)
    # Steps done of the steps there are, for who waits.
    step = models.PositiveSmallIntegerField(default=0)
    # Under MEDIA_ROOT; empty until it is drawn.
    path = models.CharField(max_length=120, blank=True)
    size = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [
            # the sweep
            models.Index(fields=["next_attempt_at", "id"], name="report_due", condition=Q(queue_state="due")),
            # one's own, newest first
            models.Index(fields=["requested_by", "-requested_at"], name="report_by_person"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
