"""Which polygons cover a point: districts and service areas, in dated editions. All geometry is WGS 84, longitude first."""

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from catalogue.models import Category, Jurisdiction, Schedule, Service, Unit
from catalogue.translated import TranslatedTextField, text_in

DISTRICTS_LAYER = "districts"


def service_areas_layer(service_code: str) -> str:
    """Layer name of the polygons of one service, as `import_boundaries --layer` takes it."""
    return f"service-areas:{service_code}"


class BoundaryEdition(models.Model):
    """One dated import of a layer, with source and licence. Exactly one is active per layer; old complaints keep theirs."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="editions")
    layer = models.CharField(max_length=100)
    number = models.PositiveIntegerField()
    source = models.CharField(max_length=300)
    license = models.CharField(max_length=60)
    file_hash = models.CharField(max_length=64)
    imported_at = models.DateTimeField()
    imported_by = models.CharField(max_length=150)
    is_active = models.BooleanField(default=False)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("thing", "boundary edition")
        verbose_name_plural = pgettext_lazy("thing", "boundary editions")
        ordering = ["jurisdiction", "layer", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "layer", "number"], name="edition_number_unique"),
            models.UniqueConstraint(
                fields=["jurisdiction", "layer"], condition=Q(is_active=True), name="one_active_edition_per_layer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.layer} {self.number}"


class ActiveQuerySet(models.QuerySet["District"]):
    def active(self) -> "ActiveQuerySet":
        return self.filter(edition__is_active=True)


class District(models.Model):
    """Administrative polygon (arrondissement, quartier), nested by `parent_code`; level 1 is the top."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="districts")
    edition = models.ForeignKey(BoundaryEdition, on_delete=models.CASCADE, related_name="districts")
    code = models.CharField(max_length=60)
    name = TranslatedTextField()
    level = models.PositiveSmallIntegerField()
    parent_code = models.CharField(max_length=60, blank=True)
    population = models.PositiveIntegerField(null=True, blank=True)
    area_m2 = models.FloatField()
    geometry = models.MultiPolygonField(srid=4326)

    objects = ActiveQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("thing", "district")
        verbose_name_plural = pgettext_lazy("thing", "districts")
        ordering = ["level", "code"]
        constraints = [models.UniqueConstraint(fields=["edition", "code"], name="district_code_unique")]

    def __str__(self) -> str:
        return text_in(self.name, "fr") or self.code


class ServiceArea(models.Model):
    """Polygon in which one unit answers for one service, or for one category of it. Higher priority wins.

    Outside the hours of its schedule the fallback unit answers, or, if there is none, the next area that covers the place.
    """

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="service_areas")
    edition = models.ForeignKey(BoundaryEdition, on_delete=models.CASCADE, related_name="service_areas")
    code = models.CharField(max_length=60)
    name = TranslatedTextField()
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="areas")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="areas")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="areas")
    priority = models.IntegerField(default=0)
    schedule = models.ForeignKey(Schedule, on_delete=models.PROTECT, null=True, blank=True, related_name="areas")
    fallback_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # The values as last loaded: one that differs was edited here (as in catalogue.models.PackRow).
    loaded = models.JSONField(default=dict, editable=False)
    area_m2 = models.FloatField()
    geometry = models.MultiPolygonField(srid=4326)

    class Meta:
        verbose_name = pgettext_lazy("thing", "service area")
        verbose_name_plural = pgettext_lazy("thing", "service areas")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["edition", "code"], name="service_area_code_unique")]

    def __str__(self) -> str:
        return text_in(self.name, "fr") or self.code


class Landmark(models.Model):
    """A named place that people search for: a landmark, a street, a quarter's centre (city pack, layers/landmarks)."""

    class Kind(models.TextChoices):
        LANDMARK = "landmark", "landmark"
        STREET = "street", "street"
        QUARTER = "quarter", "quarter"

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="landmarks")
    code = models.CharField(max_length=60)
    name = TranslatedTextField()
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.LANDMARK)
    # WGS 84, longitude first
    point = models.PointField(srid=4326)

    class Meta:
        verbose_name = pgettext_lazy("thing", "landmark")
        verbose_name_plural = pgettext_lazy("thing", "landmarks")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "code"], name="landmark_code_unique"),
            models.CheckConstraint(condition=Q(kind__in=["landmark", "street", "quarter"]), name="landmark_kind_known"),
        ]

    def __str__(self) -> str:
        return text_in(self.name, "fr") or self.code
