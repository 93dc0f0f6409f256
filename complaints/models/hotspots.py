"""Places where the same trouble comes back again and again. A table that a job fills (services/hotspot_search.py)."""

from django.contrib.gis.db import models

from catalogue.models import Category, Jurisdiction, Unit


class Hotspot(models.Model):
    """One place and category with several complaints that are not one: settled, and there again."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="+")
    # Who answered the newest of them.
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    # The middle of the exact places: staff only. WGS 84, longitude first
    point = models.PointField(srid=4326)
    radius_m = models.PositiveIntegerField()
    count = models.PositiveIntegerField()
    open_count = models.PositiveIntegerField()
    # How often it was reported anew after an earlier one had been closed.
    returns = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    numbers = models.JSONField(default=list)
    found_at = models.DateTimeField()

    class Meta:
        indexes = [
            # the desk's queue of one unit, and the city's
            models.Index(fields=["unit", "-returns", "-last_at"], name="hotspot_of_unit"),
            models.Index(fields=["jurisdiction", "-returns", "-last_at"], name="hotspot_of_city"),
        ]

    def __str__(self) -> str:
        return f"{self.category_id} × {self.count}"
