"""Cases on paper that somebody of the desk asked for. A model by itself, as in groups.py."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from queueing.models import QueueRow


class CasePaper(QueueRow):
    """A case as a PDF, as far as whoever asked may see it; a task typesets it. Only that person gets the file."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    complaint = models.ForeignKey("complaints.Complaint", on_delete=models.CASCADE, related_name="papers")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField()
    language = models.CharField(max_length=10)
    # Steps done, for who waits (complaints/papers.py).
    step = models.PositiveSmallIntegerField(default=0)
    # Under MEDIA_ROOT; empty until it is made.
    path = models.CharField(max_length=120, blank=True)
    size = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [
            # the sweep
            models.Index(fields=["next_attempt_at", "id"], name="case_paper_due", condition=Q(queue_state="due")),
            # those that are too old
            models.Index(fields=["requested_at"], name="case_paper_age"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
