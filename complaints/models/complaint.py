"""The complaint itself, who filed it, and what a caller was answered."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce, Upper
from django.utils.translation import pgettext_lazy

from catalogue.models import Category, Jurisdiction, Service, Unit
from complaints.models.shown_places import ShownPlace
from complaints.places import SENSITIVE
from complaints.querysets import ComplaintManager
from complaints.workflow import LAPSED_STATES, OPEN_STATES, State, StateGroup, state_group
from districts.models import District

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from complaints.models.files import Attachment
    from complaints.models.history import Event, Message
    from complaints.models.routing import RoutingDecision


class Complaint(ShownPlace):
    """One filing by one person about one point. `point` is staff-only; what the world sees of it is in ShownPlace."""

    class Kind(models.TextChoices):
        COMPLAINT = "complaint", pgettext_lazy("kind", "complaint")
        OBSERVATION = "observation", pgettext_lazy("kind", "observation")
        SUGGESTION = "suggestion", pgettext_lazy("kind", "suggestion")

    class Channel(models.TextChoices):
        WEB = "web", pgettext_lazy("channel", "web form")
        API = "api", pgettext_lazy("channel", "other program")
        PHONE = "phone", pgettext_lazy("channel", "phone")
        COUNTER = "counter", pgettext_lazy("channel", "counter")
        IMPORT = "import", pgettext_lazy("channel", "earlier records")

    class Visibility(models.TextChoices):
        PUBLIC = "public", pgettext_lazy("visibility", "public")
        PRIVATE = "private", pgettext_lazy("visibility", "private")
        HIDDEN = "hidden", pgettext_lazy("visibility", "hidden by moderation")

    class Review(models.TextChoices):
        PENDING = "pending", pgettext_lazy("review", "waiting for review")
        RELEASED = "released", pgettext_lazy("review", "released")
        WITHHELD = "withheld", pgettext_lazy("review", "withheld")

    tracking_number = models.CharField(max_length=20, unique=True)
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.PROTECT, related_name="complaints")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="complaints")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="complaints")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.COMPLAINT)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    # WGS 84, longitude first
    point = models.PointField(srid=4326)
    # Many records on one point are an office's default, not a place; they stay out of maps (set by the import).
    default_point_suspect = models.BooleanField(default=False)
    district = models.ForeignKey(District, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="complaints")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="assigned_complaints"
    )

    # Words of people: erasable.
    description = models.TextField(blank=True, max_length=4000)
    location_text = models.CharField(max_length=300, blank=True)
    answers = models.JSONField(default=dict, blank=True)
    # The description as the public may read it, where a moderator hid words of it; empty: as it is.
    public_description = models.TextField(blank=True, max_length=4000)
    text_review = models.CharField(max_length=10, choices=Review.choices, default=Review.PENDING)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC)
    # A clerk passed unreleased text and photos on to the operator that answers.
    passed_to_operator = models.BooleanField(default=False)

    state = models.CharField(max_length=20, choices=State.choices, default=State.RECEIVED)
    submitted_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    # A promise is a local wall time in the city's zone ("2026-11-25T16:30:00"), its UTC instant and the policy's version.
    answer_due_at = models.DateTimeField(null=True, blank=True)
    answer_due_wall = models.CharField(max_length=19, blank=True)
    resolution_due_at = models.DateTimeField(null=True, blank=True)
    resolution_due_wall = models.CharField(max_length=19, blank=True)
    policy_version = models.PositiveIntegerField(default=0)
    # While the reporter must act the clock stands still since this instant.
    paused_at = models.DateTimeField(null=True, blank=True)
    # When the escalation ladder is to be looked at again (None: at once), and how far up the complaint has come.
    next_rung_at = models.DateTimeField(null=True, blank=True)
    escalation = models.PositiveSmallIntegerField(default=0)

    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")
    merged_count = models.PositiveIntegerField(default=0)
    # People who said "me too" to it or to one merged into it, without filing.
    joined_count = models.PositiveIntegerField(default=0)
    reopened_count = models.PositiveSmallIntegerField(default=0)
    contested_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Until when those concerned are waited for after it was resolved; then their silence is recorded.
    verdict_until = models.DateTimeField(null=True, blank=True)
    link_version = models.PositiveIntegerField(default=1)
    source = models.CharField(max_length=100, blank=True)
    source_id = models.CharField(max_length=100, blank=True)

    # What the search finds it by, kept by the database. Never loaded, only asked (search.words_match).
    search = models.GeneratedField(
        expression=Func(
            F("description"),
            F("location_text"),
            F("tracking_number"),
            arg_joiner=" || ' ' || ",
            template="complaints_search_vector(%(expressions)s)",
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ComplaintManager()

    if TYPE_CHECKING:
        reporter: "Reporter"
        attachments: RelatedManager["Attachment"]
        messages: RelatedManager["Message"]
        events: RelatedManager["Event"]
        decisions: RelatedManager["RoutingDecision"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="complaint_state_known"),
            models.CheckConstraint(
                condition=Q(place_precision="never", public_point=None) | ~Q(place_precision="never"),
                name="complaint_never_public_has_no_public_point",
            ),
            models.CheckConstraint(
                condition=~Q(place_precision__in=SENSITIVE, place_shown="exact")
                & (~Q(place_precision="never") | Q(place_shown="never")),
                name="complaint_shows_no_more_than_allowed",
            ),
            models.CheckConstraint(
                condition=Q(public_point=None) | Q(place_shown__in=("exact", "grid", "district")),
                name="complaint_withheld_place_has_no_public_point",
            ),
            models.UniqueConstraint(
                fields=["jurisdiction", "source", "source_id"],
                condition=~Q(source_id=""),
                name="complaint_source_once",
            ),
            models.UniqueConstraint(Upper("tracking_number"), name="complaint_number_unique_in_any_case"),
        ]
        indexes = [
            # public list and map by time
            models.Index(fields=["jurisdiction", "-submitted_at", "-id"], name="complaint_by_time"),
            models.Index(fields=["service", "-submitted_at"], name="complaint_by_service"),
            # the desk: one unit's open items by time left
            models.Index(
                fields=["unit", "resolution_due_at"], name="complaint_desk", condition=Q(state__in=sorted(OPEN_STATES))
            ),
            # the desk's closed items and all the city's, newest closing first
            models.Index(
                F("unit"),
                Coalesce("closed_at", "submitted_at").desc(),
                F("id").desc(),
                name="complaint_desk_closed",
                condition=~Q(state__in=sorted(OPEN_STATES)),
            ),
            models.Index(
                F("jurisdiction"),
                Coalesce("closed_at", "submitted_at").desc(),
                F("id").desc(),
                name="complaint_city_closed",
                condition=~Q(state__in=sorted(OPEN_STATES)),
            ),
            # words, in one unit or everywhere
            GinIndex(fields=["unit", "search"], name="complaint_search"),
            # the field page
            models.Index(fields=["assigned_to"], name="complaint_crew", condition=Q(state__in=sorted(OPEN_STATES))),
            # the sweep of the ladders
            models.Index(
                fields=["next_rung_at"],
                name="complaint_ladder",
                condition=Q(state__in=sorted(OPEN_STATES), merged_into=None, resolution_due_at__isnull=False),
            ),
            # counting sensitive places (services/small_places.py)
            models.Index(
                fields=["category", "district"],
                include=["id", "unit", "place_cell", "place_shown", "visibility", "merged_into"],
                name="complaint_sensitive",
                condition=Q(place_precision__in=SENSITIVE),
            ),
            # the sweep of silence
            models.Index(fields=["verdict_until"], name="complaint_verdict", condition=Q(verdict_until__isnull=False)),
            # the moderator's queue
            models.Index(fields=["submitted_at"], name="complaint_review", condition=Q(text_review="pending")),
        ]

    def __str__(self) -> str:
        return self.tracking_number

    @property
    def state_group(self) -> StateGroup:
        return state_group(self.state)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    def is_late(self, now: datetime) -> bool:
        """Open and past a promise: the first answer (if none was given) or the resolution.

        While the reporter must act the clock stands still; what was missed before that stays missed. A merged complaint
        has no clock of its own: ask its primary.
        """
        if not self.is_open or self.merged_into_id is not None:
            return False
        clock = self.paused_at or now
        unanswered = self.answered_at is None and self.answer_due_at is not None and self.answer_due_at < clock
        return unanswered or (self.resolution_due_at is not None and self.resolution_due_at < clock)

    @property
    def answer_lapsed(self) -> bool:
        """Closed before anybody answered, as a withdrawn one is: the answer is owed no more."""
        return not self.is_open and self.answered_at is None

    @property
    def resolution_lapsed(self) -> bool:
        """Closed without having been resolved: withdrawn, rejected, somebody else's."""
        return self.state in LAPSED_STATES

    @property
    def reports(self) -> int:
        """How many people told of it: who filed it, those merged into it, and who joined."""
        return 1 + self.merged_count + self.joined_count

    @property
    def released_description(self) -> str:
        """Her words as the public may read them, once they are released."""
        return self.public_description or self.description

    @property
    def has_public_page(self) -> bool:
        """False: its public page shows state and deadlines only."""
        return self.visibility == self.Visibility.PUBLIC and self.place_precision != Category.Publication.NEVER


class ReporterManager(models.Manager["Reporter"]):
    """Reporters without the column for searches."""

    def get_queryset(self) -> models.QuerySet["Reporter"]:
        return super().get_queryset().defer("words")


class Reporter(models.Model):
    """The person who filed a complaint. Personal data sits here and nowhere else; erasure empties the row and keeps it."""

    complaint = models.OneToOneField(Complaint, on_delete=models.CASCADE, related_name="reporter")
    name = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=10)
    consent_contact = models.BooleanField(default=False)
    # Short messages to the phone, only where she asked for them.
    consent_sms = models.BooleanField(default=False, db_default=False)
    consent_version = models.CharField(max_length=40)
    consent_language = models.CharField(max_length=10)
    consent_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)
    # That of the complaint: the database keeps it, so that a unit's people are found without those of all others.
    unit = models.ForeignKey(
        Unit,
        on_delete=models.DO_NOTHING,
        null=True,
        editable=False,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    # The beginnings of words by which the desk finds a person, each with the unit. Never loaded, only asked.
    words = models.GeneratedField(
        expression=Func(
            Func(
                F("name"),
                F("email"),
                arg_joiner=" || ' ' || ",
                template="%(expressions)s",
                output_field=models.TextField(),
            ),
            F("phone"),
            F("unit"),
            function="complaints_person_vector",
            output_field=SearchVectorField(),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ReporterManager()

    class Meta:
        indexes = [GinIndex(fields=["words"], name="reporter_words")]

    def __str__(self) -> str:
        return f"reporter of {self.complaint_id}"


class IdempotencyKey(models.Model):
    """A caller's key and what it was answered; kept seven days. `response` holds no personal datum and no secret link."""

    key = models.CharField(max_length=64, primary_key=True)
    body_hash = models.CharField(max_length=64)
    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="+")
    response = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return self.key
