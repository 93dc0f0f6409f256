"""Which polygons cover a point: districts and service areas, in dated editions. All geometry is WGS 84, longitude first."""

import uuid

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from catalogue.models import Category, Jurisdiction, Schedule, Service, Unit
from catalogue.translated import TranslatedTextField, text_in
from queueing.models import QueueRow

DISTRICTS_LAYER = "districts"
STAGES = ["reading", "choosing", "checking", "deciding", "storing", "stored", "refused"]


def service_areas_layer(service_code: str) -> str:
    """Layer name of the polygons of one service, as `import_boundaries --layer` takes it."""
    return f"service-areas:{service_code}"


class BoundaryEdition(models.Model):
    """One dated import of a layer, with source and licence. Exactly one is active per layer; old complaints keep theirs."""

    class Origin(models.TextChoices):
        PACK = "pack", pgettext_lazy("boundary edition", "city pack")
        FILE = "file", pgettext_lazy("boundary edition", "imported file")

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
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.PACK)
    # Of when the drawing is, as its source says.
    data_date = models.DateField(null=True, blank=True)
    # Empty for city packs.
    file_name = models.CharField(max_length=200, blank=True)

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
        return text_in(self.name, get_language() or "fr") or self.code


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
        return text_in(self.name, get_language() or "fr") or self.code


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
        return text_in(self.name, get_language() or "fr") or self.code


class EditionActivation(QueueRow):
    """An edition that takes effect at `next_attempt_at`, or took effect at `done_at`: the history of a layer.

    `reroute_open` asks complaints to be looked at again once it is done; the room of complaints works that off.
    """

    edition = models.ForeignKey(BoundaryEdition, on_delete=models.CASCADE, related_name="activations")
    # What it took the place of; going back means to activate this one.
    replaced = models.ForeignKey(BoundaryEdition, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    is_rollback = models.BooleanField(default=False)
    reroute_open = models.BooleanField(default=False)
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("thing", "activation of boundaries")
        verbose_name_plural = pgettext_lazy("thing", "activations of boundaries")
        ordering = ["-requested_at", "-id"]
        indexes = [
            # the sweep
            models.Index(fields=["next_attempt_at", "id"], name="activation_due", condition=Q(queue_state="due"))
        ]

    def __str__(self) -> str:
        return f"{self.edition} {self.queue_state}"


class BoundaryDraft(QueueRow):
    """A file that somebody brought, on its way to an edition. The worker reads, checks and stores; she decides between."""

    class Stage(models.TextChoices):
        READING = "reading", pgettext_lazy("boundary draft", "being read")
        CHOOSING = "choosing", pgettext_lazy("boundary draft", "fields to choose")
        CHECKING = "checking", pgettext_lazy("boundary draft", "being checked")
        DECIDING = "deciding", pgettext_lazy("boundary draft", "to be decided")
        STORING = "storing", pgettext_lazy("boundary draft", "being stored")
        STORED = "stored", pgettext_lazy("boundary draft", "stored")
        REFUSED = "refused", pgettext_lazy("boundary draft", "refused")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+")
    layer = models.CharField(max_length=100)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.READING)
    uploaded_by = models.CharField(max_length=150)
    uploaded_at = models.DateTimeField()
    # Her file: its own name, where it lies under MEDIA_ROOT, SHA-256.
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=120)
    file_hash = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    source = models.CharField(max_length=300)
    license = models.CharField(max_length=60)
    data_date = models.DateField(null=True, blank=True)
    # What the file offers (layers, fields, samples, guesses), as the reading found it; only shown.
    offer = models.JSONField(default=dict)
    # What she chose: layer of the file, alphabet, coordinate system, {role: field}.
    source_layer = models.CharField(max_length=200, blank=True)
    encoding = models.CharField(max_length=20, blank=True)
    crs = models.CharField(max_length=40, blank=True)
    fields = models.JSONField(default=dict)
    # Why it was refused: a code and what fills its sentence.
    refused_code = models.CharField(max_length=40, blank=True)
    refused_params = models.JSONField(default=dict)
    # Steps done of the steps there are, for who waits.
    step = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    # What checking found.
    read_count = models.PositiveIntegerField(default=0)
    edition = models.ForeignKey(BoundaryEdition, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = pgettext_lazy("thing", "draft of boundaries")
        verbose_name_plural = pgettext_lazy("thing", "drafts of boundaries")
        ordering = ["-uploaded_at", "-id"]
        indexes = [models.Index(fields=["next_attempt_at", "id"], name="draft_due", condition=Q(queue_state="due"))]
        constraints = [models.CheckConstraint(condition=Q(stage__in=STAGES), name="draft_stage_known")]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.layer})"


class DraftFeature(models.Model):
    """A feature of a draft as the checking left it. `drawing` has few vertices and is only looked at."""

    draft = models.ForeignKey(BoundaryDraft, on_delete=models.CASCADE, related_name="features")
    number = models.PositiveIntegerField()
    code = models.CharField(max_length=60)
    name = TranslatedTextField()
    level = models.PositiveSmallIntegerField(default=1)
    population = models.PositiveIntegerField(null=True)
    area_m2 = models.FloatField()
    drawing = models.GeometryField(srid=4326)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="draft_feature_unique")]

    def __str__(self) -> str:
        return f"{self.number} {self.code}"


class DraftDefect(models.Model):
    """Something wrong with a draft, where, and what is proposed. `key` names it in its file, also for the command."""

    class Resolution(models.TextChoices):
        OPEN = "", _("to be decided")
        REPAIR = "repair", _("repaired as proposed")
        KEEP = "keep", _("left as it is")

    draft = models.ForeignKey(BoundaryDraft, on_delete=models.CASCADE, related_name="defects")
    key = models.CharField(max_length=120)
    code = models.CharField(max_length=40)
    # A remark needs no decision.
    blocks = models.BooleanField()
    # Numbers of features in the file, from 1.
    features = ArrayField(models.PositiveIntegerField())
    params = models.JSONField(default=dict)
    place = models.PointField(srid=4326, null=True)
    shape = models.GeometryField(srid=4326, null=True)
    repair = models.CharField(max_length=40, blank=True)
    repair_params = models.JSONField(default=dict)
    moved_m2 = models.FloatField(null=True)
    keepable = models.BooleanField(default=False)
    resolution = models.CharField(max_length=10, choices=Resolution.choices, blank=True, default=Resolution.OPEN)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["draft", "key"], name="draft_defect_unique")]

    def __str__(self) -> str:
        return self.key

    @property
    def is_settled(self) -> bool:
        return not self.blocks or self.resolution != self.Resolution.OPEN


class EditionComparison(QueueRow):
    """What one edition of a layer changes against another; reckoned in the worker when a page first asks."""

    edition = models.ForeignKey(BoundaryEdition, on_delete=models.CASCADE, related_name="+")
    against = models.ForeignKey(BoundaryEdition, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["edition", "against"], name="edition_comparison_unique")]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="comparison_due", condition=Q(queue_state="due"))
        ]

    def __str__(self) -> str:
        return f"{self.edition} / {self.against}"


class EditionChange(models.Model):
    """One code that a comparison found added, removed, changed or the same. `moved` is the area that changes hands."""

    class Kind(models.TextChoices):
        ADDED = "added", pgettext_lazy("boundary change", "new")
        REMOVED = "removed", pgettext_lazy("boundary change", "gone")
        CHANGED = "changed", pgettext_lazy("boundary change", "redrawn")
        SAME = "same", pgettext_lazy("boundary change", "unchanged")

    comparison = models.ForeignKey(EditionComparison, on_delete=models.CASCADE, related_name="changes")
    code = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    before_m2 = models.FloatField(null=True)
    after_m2 = models.FloatField(null=True)
    moved_m2 = models.FloatField()
    moved = models.MultiPolygonField(srid=4326, null=True)

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["comparison", "code"], name="edition_change_unique")]

    def __str__(self) -> str:
        return f"{self.code} {self.kind}"


class CoverageReport(models.Model):
    """What was found about a city's rules (coverage.py), as of the rules that `rules_hash` names."""

    jurisdiction = models.OneToOneField(Jurisdiction, on_delete=models.CASCADE, related_name="coverage")
    rules_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    area_m2 = models.FloatField()
    residents = models.PositiveIntegerField()
    # Services, and categories with areas of their own.
    services = models.PositiveIntegerField()

    class Meta:
        verbose_name = pgettext_lazy("thing", "coverage report")
        verbose_name_plural = pgettext_lazy("thing", "coverage reports")

    def __str__(self) -> str:
        return f"{self.jurisdiction_id} {self.made_at}"


class CoverageFinding(models.Model):
    """Ground on which something is wrong with who answers. Without service: whatever no area covers."""

    class Kind(models.TextChoices):
        NO_UNIT = "no_unit", pgettext_lazy("coverage", "No unit answers")
        NO_UNIT_AT_HOURS = "no_unit_at_hours", pgettext_lazy("coverage", "No unit answers at some hours")
        TIE = "tie", pgettext_lazy("coverage", "Two units at one priority")
        NO_CONTACT = "no_contact", pgettext_lazy("coverage", "The unit has neither e-mail nor telephone")
        NO_CALENDAR = "no_calendar", pgettext_lazy("coverage", "The unit has no calendar that can be read")
        BROKEN_SCHEDULE = "broken_schedule", pgettext_lazy("coverage", "The schedule cannot be read")
        NO_TRIAGE_UNIT = "no_triage_unit", pgettext_lazy("coverage", "The city names no triage unit")

    # What leaves a complaint with nobody who can be held to it; a tie is decided, by size.
    HOLES = (Kind.NO_UNIT, Kind.NO_UNIT_AT_HOURS, Kind.BROKEN_SCHEDULE, Kind.NO_TRIAGE_UNIT)

    report = models.ForeignKey(CoverageReport, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    units = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    # A wall time of the city at which it is so ("2026-11-23T03:00:00"); empty: always.
    at_wall = models.CharField(max_length=19, blank=True)
    area_m2 = models.FloatField()
    area_share = models.FloatField()
    residents = models.PositiveIntegerField()
    residents_share = models.FloatField()
    geometry = models.MultiPolygonField(srid=4326)

    class Meta:
        ordering = ["service__order", "service__code", "category__code", "kind", "-area_m2"]

    def __str__(self) -> str:
        return f"{self.kind} {self.area_m2:.0f} m²"
