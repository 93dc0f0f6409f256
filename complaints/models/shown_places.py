"""What the world may know of a complaint's place, and what is kept of counting the sensitive ones (see small_numbers.py)."""

from typing import TYPE_CHECKING

from django.contrib.gis.db import models
from django.db.models.functions import Coalesce

from catalogue.models import Category, Unit
from complaints.querysets import DISTRICT_SHOWN, UNIT_SHOWN
from districts.models import District


class ShownPlace(models.Model):
    """The public side of a complaint's place.

    Who shows a complaint to the world reads `public_point`, `shown_district`, `shown_unit` and `shown_precision`, never
    the columns behind them.
    """

    class PlaceShown(models.TextChoices):
        """How much is public now. `city`: nothing of the place, only the unit; `withheld`: not even that."""

        EXACT = "exact", "exact"
        GRID = "grid", "grid"
        DISTRICT = "district", "district"
        CITY = "city", "city"
        WITHHELD = "withheld", "withheld"
        NEVER = "never", "never"

    public_point = models.PointField(srid=4326, null=True, blank=True)
    # The most that the category's policy allows; `place_shown` is what numbers allow, too.
    place_precision = models.CharField(max_length=10, choices=Category.Publication.choices)
    place_shown = models.CharField(max_length=10, choices=PlaceShown.choices, default=PlaceShown.WITHHELD)
    # Number of the 200 m cell (places.grid_cell) where the policy is `grid`.
    place_cell = models.BigIntegerField(null=True, blank=True)

    if TYPE_CHECKING:
        district: District | None
        unit: Unit

    class Meta:
        abstract = True

    @property
    def shown_district(self) -> District | None:
        return self.district if self.place_shown in DISTRICT_SHOWN else None

    @property
    def shown_unit(self) -> Unit | None:
        """Where units answer by area, the unit tells the area."""
        return self.unit if self.place_shown in UNIT_SHOWN else None

    @property
    def shown_precision(self) -> str:
        """As published: exact, grid, district, or city (somewhere in it)."""
        return "city" if self.place_shown == self.PlaceShown.WITHHELD else self.place_shown


class PlaceCount(models.Model):
    """Sensitive complaints of one category in one area, as last counted: a district, or the part that one unit answers for.

    Districts go by code: a complaint keeps the district of the edition it was routed with.
    """

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="+")
    district_code = models.CharField(max_length=60)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, null=True, related_name="+")
    n = models.PositiveIntegerField()
    # The complaint that made it k; null while there are fewer.
    kth_id = models.BigIntegerField(null=True)
    published = models.BooleanField()
    # Under which k it was counted.
    k = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint("category", "district_code", Coalesce("unit", 0), name="placecount_area_once")
        ]

    def __str__(self) -> str:
        return f"{self.category_id} {self.district_code}: {self.n}"


class PlaceRecount(models.Model):
    """ "Count this category's sensitive complaints in this district again": stored with every change, consumed by a sweep."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="+", db_index=False)
    # Null: those that lie in no district.
    district = models.ForeignKey(District, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["category"], name="placerecount_category")]

    def __str__(self) -> str:
        return f"{self.category_id} in {self.district_id}"
