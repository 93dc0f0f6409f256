"""How long complaints have taken, as services/expectations.py last learned it."""

from django.db import models

from catalogue.models import Category


class ExpectedTime(models.Model):
    """Of one category in one district (by code; empty: in the whole city): from filing to settling, real time."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="+")
    district_code = models.CharField(max_length=60, blank=True)
    n = models.PositiveIntegerField()
    # Four of five took from `low` to `high`: one of ten less, one of ten more.
    low = models.DurationField()
    median = models.DurationField()
    high = models.DurationField()
    learned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["category", "district_code"], name="expected_time_once"),
        ]

    def __str__(self) -> str:
        return f"{self.category_id} {self.district_code}: {self.median}"
