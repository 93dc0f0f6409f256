"""A file that somebody sent, on its way out of quarantine."""

import uuid

from django.db import models
from django.utils.translation import pgettext_lazy

from queueing.models import QueueRow


class QuarantinedFile(QueueRow):
    """Columns of a file that lies in quarantine until a child process has rebuilt or refused it (services/quarantine.py)."""

    class Status(models.TextChoices):
        CHECKING = "checking", pgettext_lazy("file status", "being checked")
        READY = "ready", pgettext_lazy("file status", "ready")
        REFUSED = "refused", pgettext_lazy("file status", "refused")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The sender's own name for it: words of a person, erasable, never used as a path.
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)
    size = models.PositiveIntegerField()
    # Of the upload as it came.
    sha256 = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CHECKING)
    refused_code = models.CharField(max_length=40, blank=True)
    # Paths under MEDIA_ROOT: the quarantined upload, then what may be served.
    quarantine_path = models.CharField(max_length=120, blank=True)
    path = models.CharField(max_length=120, blank=True)

    class Meta:
        abstract = True

    @property
    def is_image(self) -> bool:
        return self.kind != "pdf"
