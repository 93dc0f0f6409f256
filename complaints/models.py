"""The work itself: complaints, who filed them, what was attached, what was said and what happened."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce, Upper
from django.utils.translation import pgettext_lazy

from catalogue.models import Category, Jurisdiction, Service, Unit
from complaints.places import SENSITIVE
from complaints.querysets import ComplaintManager
from complaints.reroutings import Rerouting, Simulation, SimulationCell, SimulationMove
from complaints.shown_places import PlaceCount, PlaceRecount, ShownPlace
from complaints.workflow import OPEN_STATES, State, StateGroup, state_group
from districts.models import BoundaryEdition, District, ServiceArea
from queueing.models import QueueRow

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


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
            # words
            GinIndex(fields=["search"], name="complaint_search"),
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


def reporter_words(prefix: str = "") -> Func:
    """Name, address and number as one text without accents and capitals (index reporter_words); `prefix`: the way there."""
    return Func(
        *(F(f"{prefix}{name}") for name in ("name", "email", "phone")),
        arg_joiner=" || ' ' || ",
        template="complaints_fold(%(expressions)s)",
        output_field=models.TextField(),
    )


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

    class Meta:
        indexes = [
            # the desk's search for a person, by any part of name, address or number
            GinIndex(OpClass(reporter_words(), name="gin_trgm_ops"), name="reporter_words"),
        ]

    def __str__(self) -> str:
        return f"reporter of {self.complaint_id}"


class RoutingDecision(models.Model):
    """The stored answer to "why here?". Rows are only added; the newest one counts."""

    class Reason(models.TextChoices):
        CATEGORY_AREA = "category_area", "category_area"
        SERVICE_AREA = "service_area", "service_area"
        DEFAULT_UNIT = "default_unit", "default_unit"
        TRIAGE = "triage", "triage"
        # The rule that would decide cannot be read: the triage unit too.
        BROKEN_RULE = "broken_rule", "broken_rule"
        BY_HAND = "by_hand", "by_hand"

    class Rule(models.TextChoices):
        """Which step of the order of decision put the service area before the runner-up (contract.md §5)."""

        CATEGORY = "category", "category"
        PRIORITY = "priority", "priority"
        SMALLER = "smaller", "smaller"
        CODE = "code", "code"

    # Read by complaint only (decision_newest): what else a decision names is looked up from here, never the other way.
    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="decisions", db_index=False)
    decided_at = models.DateTimeField()
    reason = models.CharField(max_length=20, choices=Reason.choices)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+", db_index=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", db_index=False)
    district = models.ForeignKey(District, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    service_area = models.ForeignKey(ServiceArea, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    edition = models.ForeignKey(BoundaryEdition, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    runner_up = models.ForeignKey(ServiceArea, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    # "" when there is no runner-up (and in decisions of the time before it was kept).
    rule = models.CharField(max_length=10, choices=Rule.choices, blank=True)
    # It was outside the service area's hours: its fallback unit answers.
    by_fallback = models.BooleanField(default=False)
    # The best area that covers the place and did not answer at that hour (or whose hours could not be read: triage).
    passed_over = models.ForeignKey(
        ServiceArea, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    # Metres outside the city's edge; null when a district covers the point.
    outside_by_m = models.FloatField(null=True)

    class Meta:
        ordering = ["-decided_at", "-id"]
        verbose_name = pgettext_lazy("thing", "routing decision")
        verbose_name_plural = pgettext_lazy("thing", "routing decisions")
        indexes = [models.Index(fields=["complaint", "-decided_at"], name="decision_newest")]

    def __str__(self) -> str:
        return f"{self.complaint_id}: {self.reason}"


class RoutingAlert(models.Model):
    """A complaint came to the triage unit because a rule is missing or cannot be read: somebody must mend the rules.

    Closed once the complaint is decided again, by hand or by a mended rule. The desk counts the open ones.
    """

    class Kind(models.TextChoices):
        NO_UNIT = "no_unit", pgettext_lazy("routing alert", "No unit answers for this service here")
        BROKEN_SCHEDULE = "broken_schedule", pgettext_lazy("routing alert", "A schedule cannot be read")
        BROKEN_CALENDAR = "broken_calendar", pgettext_lazy("routing alert", "A calendar or a delay cannot be read")
        NO_TRIAGE_UNIT = "no_triage_unit", pgettext_lazy("routing alert", "The city names no triage unit")

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="routing_alerts")
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="+", db_index=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("thing", "routing alert")
        verbose_name_plural = pgettext_lazy("thing", "routing alerts")
        ordering = ["-raised_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["no_unit", "broken_schedule", "broken_calendar", "no_triage_unit"]),
                name="routing_alert_kind_known",
            )
        ]
        indexes = [
            # the desk's counter
            models.Index(fields=["jurisdiction", "kind"], name="routing_alert_open", condition=Q(closed_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"


class Event(models.Model):
    """What happened, who did it, when. Append-only (the runtime role may not change it); codes and references, no words."""

    class Kind(models.TextChoices):
        SUBMITTED = "submitted", pgettext_lazy("event", "Complaint filed")
        IMPORTED = "imported", pgettext_lazy("event", "Imported from earlier records")
        STATE_CHANGED = "state_changed", pgettext_lazy("event", "State changed")
        ANSWERED = "answered", pgettext_lazy("event", "Answered")
        NOTED = "noted", pgettext_lazy("event", "Internal note")
        MESSAGE_RECEIVED = "message_received", pgettext_lazy("event", "Message from the reporter")
        HANDED_OVER = "handed_over", pgettext_lazy("event", "Handed over to another unit")
        TAKEN_OVER = "taken_over", pgettext_lazy("event", "Hand-over accepted")
        REMINDED = "reminded", pgettext_lazy("event", "Unit reminded to accept the hand-over")
        RECATEGORISED = "recategorised", pgettext_lazy("event", "Category changed")
        REROUTED = "rerouted", pgettext_lazy("event", "Routed again")
        PIN_MOVED = "pin_moved", pgettext_lazy("event", "Place corrected")
        SPLIT = "split", pgettext_lazy("event", "Split into several")
        ASSIGNED = "assigned", pgettext_lazy("event", "Assigned to a crew")
        DEADLINE_CHANGED = "deadline_changed", pgettext_lazy("event", "Deadline changed")
        BREACHED = "breached", pgettext_lazy("event", "Deadline missed")
        FILE_ADDED = "file_added", pgettext_lazy("event", "File added")
        REVIEWED = "reviewed", pgettext_lazy("event", "Publication reviewed")
        PASSED_ON = "passed_on", pgettext_lazy("event", "Passed on to the operator")
        FORWARDED = "forwarded", pgettext_lazy("event", "Passed on to another body")
        VISIBILITY_CHANGED = "visibility_changed", pgettext_lazy("event", "Visibility changed")
        LINK_RENEWED = "link_renewed", pgettext_lazy("event", "Secret link renewed")
        ERASED = "erased", pgettext_lazy("event", "Personal data erased")
        UNDONE = "undone", pgettext_lazy("event", "Undone at once")
        MERGED = "merged", pgettext_lazy("event", "Merged with another complaint")
        SEPARATED = "separated", pgettext_lazy("event", "Separated again")
        JOINED = "joined", pgettext_lazy("event", "Somebody else has the same problem")
        STEPPED_BACK = "stepped_back", pgettext_lazy("event", "One of those who reported it steps back")
        ESCALATED = "escalated", pgettext_lazy("event", "Brought to attention")
        VOICED = "voiced", pgettext_lazy("event", "Somebody concerned said what she thinks of the closing")
        SILENT = "silent", pgettext_lazy("event", "No reply about the closing within the time set")
        RATED = "rated", pgettext_lazy("event", "Satisfaction told")

    # Read by complaint (event_history).
    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="events", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    # A role, "reporter" or "system"; `actor` is the member of staff, if one acted.
    actor_role = models.CharField(max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    is_public = models.BooleanField(default=False)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20, blank=True)
    # Codes and ids only: {"message": 12}, {"reason": "not_founded"}, {"from": "unit-a", "to": "unit-b"}…
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["complaint", "at"], name="event_history"),
            # what one re-routing moved
            models.Index(fields=["at"], name="event_rerouted", condition=Q(kind="rerouted")),
        ]
        constraints = [
            # A breach of one promise is recorded once, however often the sweep runs.
            models.UniqueConstraint(
                models.F("complaint"),
                models.F("data__deadline"),
                models.F("data__due"),
                condition=Q(kind="breached"),
                name="event_breach_once",
            ),
            # Silence about one closing is recorded once.
            models.UniqueConstraint(
                models.F("complaint"), models.F("data__round"), condition=Q(kind="silent"), name="event_silence_once"
            ),
            # A rung of the ladder is climbed once, until a reopening starts a new round.
            models.UniqueConstraint(
                models.F("complaint"),
                models.F("data__rung"),
                models.F("data__round"),
                condition=Q(kind="escalated"),
                name="event_rung_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"


class Message(models.Model):
    """Words about a complaint: a public answer, an exchange with the reporter, or an internal note. Erasable."""

    class Audience(models.TextChoices):
        PUBLIC = "public", pgettext_lazy("audience", "public")
        REPORTER = "reporter", pgettext_lazy("audience", "reporter")
        INTERNAL = "internal", pgettext_lazy("audience", "internal")

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="messages")
    audience = models.CharField(max_length=10, choices=Audience.choices)
    from_reporter = models.BooleanField(default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    text = models.TextField(max_length=4000)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.audience}"


class Attachment(QueueRow):
    """A file of a complaint. What was uploaded lies in quarantine until a child process has rebuilt or refused it."""

    class Status(models.TextChoices):
        CHECKING = "checking", pgettext_lazy("file status", "being checked")
        READY = "ready", pgettext_lazy("file status", "ready")
        REFUSED = "refused", pgettext_lazy("file status", "refused")

    class Purpose(models.TextChoices):
        REPORT = "report", pgettext_lazy("file purpose", "report")
        MESSAGE = "message", pgettext_lazy("file purpose", "message")
        BEFORE = "before", pgettext_lazy("file purpose", "before the work")
        AFTER = "after", pgettext_lazy("file purpose", "after the work")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="attachments")
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.REPORT)
    # The uploader's own name for it: words of a person, erasable, never used as a path.
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CHECKING)
    refused_code = models.CharField(max_length=40, blank=True)
    # Paths under MEDIA_ROOT: the quarantined upload, then what may be served.
    quarantine_path = models.CharField(max_length=120, blank=True)
    path = models.CharField(max_length=120, blank=True)
    thumbnail_path = models.CharField(max_length=120, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    # A perceptual hash of the picture, by which the same photo is known again (complaints/likeness.py).
    look = models.BigIntegerField(null=True, blank=True)
    # How far from the complaint's place a photo of the work was taken, where it says so. Staff only.
    metres_off = models.PositiveIntegerField(null=True, blank=True)
    review = models.CharField(max_length=10, choices=Complaint.Review.choices, default=Complaint.Review.PENDING)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="attachment_due", condition=Q(queue_state="due"))
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind}"

    @property
    def is_image(self) -> bool:
        return self.kind != "pdf"


class FeedItem(QueueRow):
    """ "This complaint changed": written in the transaction of the change, consumed and deleted by analytics."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["next_attempt_at", "id"], name="feed_due", condition=Q(queue_state="due"))]

    def __str__(self) -> str:
        return f"{self.complaint_id}"


class PublicChange(QueueRow):
    """ "The world may know this": written with the event, consumed and deleted by whoever tells followers."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["next_attempt_at", "id"], name="change_due", condition=Q(queue_state="due"))]

    def __str__(self) -> str:
        return f"{self.event_id}"


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


# Tables of this app that live in modules of their own.
from complaints.announced import DaysInForce  # noqa: E402
from complaints.deskwork import Deed, Forwarding, Handover, Presence, Reply, SavedFilter  # noqa: E402
from complaints.expected import ExpectedTime  # noqa: E402
from complaints.groups import GroupPromise, Supporter  # noqa: E402
from complaints.hotspots import Hotspot  # noqa: E402
from complaints.ladder import LadderInForce  # noqa: E402
from complaints.received import ReceivedMail  # noqa: E402
from complaints.voices import Verdict  # noqa: E402

__all__ = [
    "Attachment", "Complaint", "DaysInForce", "Deed", "Event", "ExpectedTime", "FeedItem", "Forwarding", "GroupPromise",
    "Handover", "Hotspot", "IdempotencyKey", "LadderInForce", "Message", "PlaceCount", "PlaceRecount", "Presence",
    "PublicChange", "ReceivedMail", "Reply", "Reporter", "Rerouting", "RoutingAlert", "RoutingDecision", "SavedFilter",
    "Simulation", "SimulationCell", "SimulationMove", "Supporter", "Verdict",
]  # fmt: skip
