"""What happened to a complaint, what was said about it, and who has yet to be told."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from complaints.models.complaint import Complaint
from queueing.models import QueueRow

if TYPE_CHECKING:
    pass


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
