"""Which ladders the open complaints were planned by."""

from django.db import models

from catalogue.models import Service


class LadderInForce(models.Model):
    """By which ladder the open complaints of a service were planned; another one in the catalogue means: plan again."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, primary_key=True, related_name="+")
    fingerprint = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"ladder of {self.service_id}"
