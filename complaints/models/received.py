"""Mails that were taken into a complaint: each once. A model by itself, as in groups.py."""

from django.db import models


class ReceivedMail(models.Model):
    """That a mail came in: a keyed hash of complaint and Message-ID, so that the same one does not come in twice."""

    digest = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:8]
