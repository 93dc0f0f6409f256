"""What the desk itself keeps: what was just done and can still be undone, who is looking at what, saved filters, replies."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from catalogue.translated import TranslatedTextField

# A page says that it is open every 30 s where scripts run; without them a visit counts so long.
HERE_FOR = timedelta(minutes=2)


class Deed(models.Model):
    """One thing that somebody did to one complaint at the desk, and what it takes to undo it while it can be undone.

    `before` may hold words of people: rows are deleted a minute after `until`, and by an erasure at once.
    """

    # One click: a bulk action is a deed for each complaint, all of one batch.
    batch = models.UUIDField(default=uuid.uuid4, editable=False)
    complaint = models.ForeignKey("complaints.Complaint", on_delete=models.CASCADE, related_name="+")
    # Other complaints that it changed (merging).
    others = ArrayField(models.BigIntegerField(), default=list, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    action = models.CharField(max_length=40)
    until = models.DateTimeField()
    # Columns and rows as they were (services/memento.py), ids of what was made, and `updated_at` as it was left.
    before = models.JSONField()
    made = models.JSONField()
    left = models.JSONField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["batch"], name="deed_batch"),
            # the sweep that forgets them
            models.Index(fields=["until"], name="deed_until"),
        ]

    def __str__(self) -> str:
        return f"{self.action} of {self.complaint_id}"


class Presence(models.Model):
    """Somebody has a complaint open. Says who to talk to before acting; locks nothing."""

    complaint = models.ForeignKey("complaints.Complaint", on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["complaint", "user"], name="presence_once")]
        indexes = [models.Index(fields=["seen_at"], name="presence_age")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.complaint_id}"


class SavedFilter(models.Model):
    """A filter of the desk under a name, for oneself or for everybody of a unit (None: of the whole city's desk)."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    jurisdiction = models.ForeignKey("catalogue.Jurisdiction", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    # As in the address, without city and page.
    query = models.CharField(max_length=1000, blank=True)
    is_shared = models.BooleanField(default=False)
    unit = models.ForeignKey("catalogue.Unit", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "jurisdiction", "name"], name="saved_filter_name_once"),
            models.CheckConstraint(condition=Q(is_shared=True) | Q(unit=None), name="saved_filter_unit_only_shared"),
        ]

    def __str__(self) -> str:
        return self.name


class Reply(models.Model):
    """A text that is written again and again: for one step, for all categories or one, of one unit or the whole city."""

    class Step(models.TextChoices):
        """The action it is for: the slug of complaints.staff_actions."""

        ANSWER = "answer", pgettext_lazy("reply for", "Answer")
        ASK = "ask", pgettext_lazy("reply for", "Question to the reporter")
        RESOLVE = "resolve", pgettext_lazy("reply for", "Resolved")
        REJECT = "reject", pgettext_lazy("reply for", "Rejected")
        OUT_OF_SCOPE = "out-of-scope", pgettext_lazy("reply for", "Out of scope")

    jurisdiction = models.ForeignKey("catalogue.Jurisdiction", on_delete=models.CASCADE, related_name="+")
    unit = models.ForeignKey("catalogue.Unit", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    category = models.ForeignKey(
        "catalogue.Category", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    step = models.CharField(max_length=20, choices=Step.choices)
    name = models.CharField(max_length=80)
    # By language; placeholders as in complaints/replies.py.
    texts = TranslatedTextField()
    is_active = models.BooleanField(default=True)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["step", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(step__in=["answer", "ask", "resolve", "reject", "out-of-scope"]), name="reply_step_known"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Handover(models.Model):
    """A complaint was handed to another unit, which may refuse it. Rows are kept: two refusals in a row go to triage."""

    class Outcome(models.TextChoices):
        OPEN = "open", pgettext_lazy("hand-over", "not accepted yet")
        TAKEN = "taken", pgettext_lazy("hand-over", "accepted")
        REFUSED = "refused", pgettext_lazy("hand-over", "refused")
        # It went elsewhere before anybody accepted.
        MOVED = "moved", pgettext_lazy("hand-over", "moved on")

    complaint = models.ForeignKey("complaints.Complaint", on_delete=models.CASCADE, related_name="handovers")
    from_unit = models.ForeignKey("catalogue.Unit", on_delete=models.CASCADE, related_name="+", db_index=False)
    to_unit = models.ForeignKey("catalogue.Unit", on_delete=models.CASCADE, related_name="+", db_index=False)
    offered_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    settled_at = models.DateTimeField(null=True, blank=True)
    # When the unit is reminded, once; it was at `reminded_at`.
    remind_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-offered_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["open", "taken", "refused", "moved"]), name="handover_outcome_known"
            ),
            models.UniqueConstraint(fields=["complaint"], condition=Q(outcome="open"), name="handover_open_once"),
        ]
        indexes = [
            # the sweep that reminds
            models.Index(fields=["remind_at"], name="handover_due", condition=Q(outcome="open", reminded_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} to {self.to_unit_id}"


class Forwarding(models.Model):
    """Another body answers for it, and whether the complaint was passed on to that one: only ever with the reporter's consent."""

    class Consent(models.TextChoices):
        NONE = "none", pgettext_lazy("consent", "not asked")
        # She told the desk so: by phone, at the counter, in a message.
        DESK = "desk", pgettext_lazy("consent", "given to the desk")
        REPORTER = "reporter", pgettext_lazy("consent", "given on her page")

    complaint = models.OneToOneField("complaints.Complaint", on_delete=models.CASCADE, related_name="forwarding")
    body = models.ForeignKey("catalogue.Body", on_delete=models.PROTECT, related_name="+", db_index=False)
    named_at = models.DateTimeField()
    consent = models.CharField(max_length=10, choices=Consent.choices, default=Consent.NONE)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(consent__in=["none", "desk", "reporter"]), name="forwarding_consent_known"
            ),
            models.CheckConstraint(condition=Q(sent_at=None) | ~Q(consent="none"), name="forwarding_only_with_consent"),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} to {self.body_id}"
