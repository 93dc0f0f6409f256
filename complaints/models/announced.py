"""Under which special days the promises of a city were made. A model by itself, as in groups.py."""

from django.db import models

from catalogue.models import Jurisdiction


class DaysInForce(models.Model):
    """The special days (catalogue.Closure) that promises rest on, and how far moving them to newer ones has come.

    Days are [[kind, first, last], …]. `target`: what promises are being moved to, those up to `done_id` are; None at rest.
    """

    jurisdiction = models.OneToOneField(Jurisdiction, on_delete=models.CASCADE, primary_key=True, related_name="+")
    days = models.JSONField(default=list)
    target = models.JSONField(null=True, blank=True)
    done_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"days of {self.jurisdiction_id}"
