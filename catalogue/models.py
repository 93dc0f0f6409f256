"""What the city does, who does it, and by when."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext_lazy

from catalogue.ladders import reach_in_words
from catalogue.translated import TranslatedTextField, text_in

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

CODE = RegexValidator(r"^[a-z0-9-]+$", "Codes use a-z, 0-9 and hyphens.")


class PackRow(models.Model):
    """A row that a city pack loads. `loaded` keeps the values as last loaded: a value that differs was edited here."""

    code = models.CharField(max_length=60, validators=[CODE])
    name = TranslatedTextField()
    loaded = models.JSONField(default=dict, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return text_in(self.name, get_language() or "fr") or self.code


class Jurisdiction(PackRow):
    """A city (commune) served. `bounds` is only the first view; "inside" means covered by a top-level district."""

    tracking_prefix = models.CharField(max_length=6, unique=True)
    languages = ArrayField(models.CharField(max_length=10))
    time_zone = models.CharField(max_length=60)
    country = models.CharField(max_length=2)
    # west, south, east, north in degrees WGS 84
    bounds = ArrayField(models.FloatField(), size=4)
    edge_tolerance_m = models.PositiveIntegerField(default=30)
    legal_answer_limit_days = models.PositiveIntegerField(default=60)
    license = models.CharField(max_length=60)
    source = TranslatedTextField()
    reporter_days_after_close = models.PositiveIntegerField(default=365)
    # So long those concerned are waited for after a complaint was resolved; then their silence is recorded.
    verdict_days = models.PositiveSmallIntegerField(default=14)
    # Cells and districts with fewer cases of a sensitive category are suppressed in published data.
    small_sample_k = models.PositiveSmallIntegerField(default=5)
    emergency = models.JSONField(default=list, blank=True)
    consent_version = models.CharField(max_length=40, default="1")
    consent_text = TranslatedTextField(blank=True)
    # Raised by a database trigger at each change of any catalogue table; snapshot.py keeps one copy a version in memory.
    catalogue_version = models.BigIntegerField(default=1, editable=False)
    # Null only while a city is being loaded: without it nobody would answer where nothing covers the point.
    triage_unit = models.ForeignKey("Unit", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = pgettext_lazy("thing", "city")
        verbose_name_plural = pgettext_lazy("thing", "cities")
        constraints = [models.UniqueConstraint(fields=["code"], name="jurisdiction_code_unique")]


class Calendar(PackRow):
    """Weekly opening hours of units: {"mon": ["08:30-16:30"], …}; `ramadan` replaces `week` during Ramadan."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="calendars")
    week = models.JSONField()
    ramadan = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("thing", "calendar")
        verbose_name_plural = pgettext_lazy("thing", "calendars")
        constraints = [models.UniqueConstraint(fields=["jurisdiction", "code"], name="calendar_code_unique")]


class Closure(models.Model):
    """Days that are other than the country's calendar has them: announced, or the city's own. Both days are included.

    A lunar feast that was announced for another day is two rows: the day on which it is, closed, and the estimated day,
    worked. Promises that have not passed are moved when such days change (complaints/services/announced_days.py).
    """

    class Kind(models.TextChoices):
        CLOSED = "closed", pgettext_lazy("kind of day", "closed")
        WORKED = "worked", pgettext_lazy("kind of day", "worked, though the calendar has a holiday")
        RAMADAN = "ramadan", pgettext_lazy("kind of day", "Ramadan hours, instead of the estimated dates")

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="closures")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CLOSED, db_default=Kind.CLOSED)
    first_day = models.DateField()
    last_day = models.DateField()
    name = TranslatedTextField()

    class Meta:
        verbose_name = pgettext_lazy("thing", "closing day")
        verbose_name_plural = pgettext_lazy("thing", "closing days")
        ordering = ["first_day"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")), name="closure_days_in_order"
            ),
            models.UniqueConstraint(fields=["jurisdiction", "kind", "first_day", "last_day"], name="closure_unique"),
        ]

    def __str__(self) -> str:
        first, last = (date_format(day, "DATE_FORMAT") for day in (self.first_day, self.last_day))
        return first if first == last else f"{first} – {last}"


class Schedule(PackRow):
    """When it is the turn of a service area's unit: by night, in summer (catalogue/schedules.py reads it).

    `week` as in Calendar, but spans may cross midnight, and None is every hour; `seasons` are "06-15/09-15" for every
    year or "2026-06-15/2026-09-15" for one.
    """

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="schedules")
    week = models.JSONField(null=True, blank=True)
    seasons = ArrayField(models.CharField(max_length=21), default=list, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("thing", "schedule")
        verbose_name_plural = pgettext_lazy("thing", "schedules")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["jurisdiction", "code"], name="schedule_code_unique")]


class Unit(PackRow):
    """Who answers: a municipal department or a delegated operator (Open311: agency_responsible)."""

    class Kind(models.TextChoices):
        DEPARTMENT = "department", pgettext_lazy("unit kind", "Department")
        OPERATOR = "operator", pgettext_lazy("unit kind", "Operator")

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="units")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="units")
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("thing", "unit")
        verbose_name_plural = pgettext_lazy("thing", "units")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "code"], name="unit_code_unique"),
            models.CheckConstraint(condition=models.Q(kind__in=["department", "operator"]), name="unit_kind_known"),
        ]


class Body(PackRow):
    """Somebody outside the city who answers for what the city does not: a utility, a province, a ministry's service."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="bodies")
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    website = models.URLField(blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name = pgettext_lazy("thing", "other body")
        verbose_name_plural = pgettext_lazy("thing", "other bodies")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["jurisdiction", "code"], name="body_code_unique")]


class Service(PackRow):
    """What is evaluated: cleanliness, security, public transport, green spaces…"""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="services")
    icon = models.CharField(max_length=30, blank=True)
    colour = models.CharField(max_length=7, default="#1f6f54", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")])
    order = models.PositiveSmallIntegerField(default=0)
    default_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name = pgettext_lazy("thing", "service")
        verbose_name_plural = pgettext_lazy("thing", "services")
        ordering = ["order", "code"]
        constraints = [models.UniqueConstraint(fields=["jurisdiction", "code"], name="service_code_unique")]


class Category(PackRow):
    """Nature of a complaint inside a service (Open311: service). Carries deadlines, questions, publication and evidence."""

    class Publication(models.TextChoices):
        EXACT = "exact", pgettext_lazy("publication", "Exact point")
        GRID = "grid", pgettext_lazy("publication", "200 m grid cell")
        DISTRICT = "district", pgettext_lazy("publication", "District only")
        NEVER = "never", pgettext_lazy("publication", "Never")

    class Release(models.TextChoices):
        AFTER_REVIEW = "after_review", pgettext_lazy("publication", "After review")
        NEVER = "never", pgettext_lazy("publication", "Never")

    class Evidence(models.TextChoices):
        PHOTO = "photo", pgettext_lazy("evidence", "Photo or reason")
        REASON = "reason", pgettext_lazy("evidence", "Reason")
        NONE = "none", pgettext_lazy("evidence", "None")

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="categories")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="categories")
    help = TranslatedTextField(blank=True)
    keywords = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    answer_within = models.CharField(max_length=30)
    resolve_within = models.CharField(max_length=30)
    # Raised when answer_within or resolve_within change; a promise keeps the version that it was made under.
    policy_version = models.PositiveIntegerField(default=1)
    publication = models.CharField(max_length=10, choices=Publication.choices, default=Publication.EXACT)
    publish_text = models.CharField(max_length=12, choices=Release.choices, default=Release.AFTER_REVIEW)
    publish_photos = models.CharField(max_length=12, choices=Release.choices, default=Release.AFTER_REVIEW)
    evidence = models.CharField(max_length=10, choices=Evidence.choices, default=Evidence.NONE)
    urgent = models.BooleanField(default=False)
    order = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    if TYPE_CHECKING:
        questions: RelatedManager["Question"]

    class Meta:
        verbose_name = pgettext_lazy("thing", "category")
        verbose_name_plural = pgettext_lazy("thing", "categories")
        ordering = ["service__order", "order", "code"]
        constraints = [models.UniqueConstraint(fields=["jurisdiction", "code"], name="category_code_unique")]

    @property
    def place_precision(self) -> str:
        """How precisely the place is public: exact, grid, district or never. What is urgent is never public."""
        return self.Publication.NEVER if self.urgent else self.publication


class Question(PackRow):
    """What a field crew needs to know, asked with a category. `name` is its label."""

    class Kind(models.TextChoices):
        TEXT = "text", "text"
        NUMBER = "number", "number"
        DATE = "date", "date"
        CHOICE = "choice", "choice"
        MULTICHOICE = "multichoice", "multichoice"

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="questions")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    required = models.BooleanField(default=False)
    # [{"code": "green", "name": {"fr": …}}, …] for choice and multichoice
    choices = models.JSONField(default=list, blank=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = pgettext_lazy("thing", "question")
        verbose_name_plural = pgettext_lazy("thing", "questions")
        ordering = ["order", "code"]
        constraints = [models.UniqueConstraint(fields=["category", "code"], name="question_code_unique")]


class Rung(PackRow):
    """One step of a service's ladder: when somebody is told that a promise runs out, or has run out.

    `at` is written like "1 working day before", "breach", "2 working days after" (catalogue/ladders.py reads it).
    """

    class Deadline(models.TextChoices):
        ANSWER = "answer", pgettext_lazy("deadline", "First answer")
        RESOLUTION = "resolution", pgettext_lazy("deadline", "Resolution")
        LEGAL = "legal", pgettext_lazy("deadline", "Legal limit of an answer")

    class Tell(models.TextChoices):
        UNIT = "unit", pgettext_lazy("who is told", "The unit that answers")
        UNIT_MANAGER = "unit_manager", pgettext_lazy("who is told", "The unit's manager")
        TRIAGE = "triage", pgettext_lazy("who is told", "Triage")
        OFFICE = "office", pgettext_lazy("who is told", "The mayor's office")

    name = TranslatedTextField(blank=True)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="rungs")
    deadline = models.CharField(max_length=12, choices=Deadline.choices)
    at = models.CharField(max_length=40)
    tell = models.CharField(max_length=14, choices=Tell.choices)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = pgettext_lazy("thing", "rung of the ladder")
        verbose_name_plural = pgettext_lazy("thing", "rungs of the ladder")
        ordering = ["order", "code"]
        constraints = [
            models.UniqueConstraint(fields=["service", "code"], name="rung_code_unique"),
            models.CheckConstraint(
                condition=models.Q(deadline__in=["answer", "resolution", "legal"]), name="rung_deadline_known"
            ),
            models.CheckConstraint(
                condition=models.Q(tell__in=["unit", "unit_manager", "triage", "office"]), name="rung_tell_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_deadline_display()} · {reach_in_words(self.at)} · {self.get_tell_display()}"


class PolicyVersion(models.Model):
    """What a category promised under one version of its policy. Written by the database at each change, never edited."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="policies")
    version = models.PositiveIntegerField()
    answer_within = models.CharField(max_length=30)
    resolve_within = models.CharField(max_length=30)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["category", "version"]
        constraints = [models.UniqueConstraint(fields=["category", "version"], name="policy_version_unique")]

    def __str__(self) -> str:
        return f"{self.category_id} v{self.version}: {self.answer_within}, {self.resolve_within}"
