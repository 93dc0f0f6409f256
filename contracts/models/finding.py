"""Alleged breaches and what was said about them. `Finding` is where one stands; all other rows are only ever added."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint, QuarantinedFile
from contracts.models.contract import Clause, Contract, ContractVersion
from contracts.procedure import FindingState
from contracts.querysets import FindingQuerySet

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class Finding(models.Model):
    """One alleged breach of one clause about one thing. The clause's version is the one in force on `occurred_on`."""

    # CN-2026-0012: the contract's prefix, the year of the opening, a number without gaps.
    number = models.CharField(max_length=24, unique=True)
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.PROTECT, related_name="findings")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="findings")
    version = models.ForeignKey(ContractVersion, on_delete=models.PROTECT, related_name="+")
    clause = models.ForeignKey(Clause, on_delete=models.PROTECT, related_name="findings")
    # The primary complaint: those merged into it are about the same thing.
    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="findings")
    state = models.CharField(max_length=20, choices=FindingState.choices, default=FindingState.NOTIFIED)
    occurred_on = models.DateField()
    # For a missed deadline: the promise, what counts as its end (what was done, or the opening), and where grace ended.
    due_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    counted_from = models.DateTimeField(null=True)
    counted_to = models.DateTimeField(null=True)
    # What the officer found, in her words.
    grounds = models.TextField(max_length=8000)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answer_due_at = models.DateTimeField()
    appeal_due_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    link_version = models.PositiveIntegerField(default=1)

    objects = FindingQuerySet.as_manager()

    if TYPE_CHECKING:
        evidence: RelatedManager["Evidence"]
        arguments: RelatedManager["Argument"]
        decisions: RelatedManager["Decision"]
        events: RelatedManager["FindingEvent"]
        files: RelatedManager["FindingFile"]

    class Meta:
        verbose_name = pgettext_lazy("thing", "finding")
        verbose_name_plural = pgettext_lazy("thing", "findings")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=FindingState.values), name="finding_state_known"),
            # One thing is alleged once; a finding that was opened by mistake is withdrawn, and another may follow.
            models.UniqueConstraint(
                fields=["complaint"], condition=~Q(state="withdrawn"), name="finding_once_per_complaint"
            ),
        ]
        indexes = [
            # the lists of treasury and operator
            models.Index(fields=["contract", "-opened_at"], name="finding_by_time"),
            # the sweep of unanswered ones
            models.Index(fields=["answer_due_at"], name="finding_unanswered", condition=Q(state="notified")),
        ]

    def __str__(self) -> str:
        return self.number


class FindingFile(QuarantinedFile):
    """A file that one of the parties sent."""

    class Party(models.TextChoices):
        CITY = "city", pgettext_lazy("party", "city")
        OPERATOR = "operator", pgettext_lazy("party", "operator")

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="files")
    party = models.CharField(max_length=10, choices=Party.choices)
    # Of what is kept and shown.
    kept_sha256 = models.CharField(max_length=64, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ["uploaded_at", "id"]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="finding_file_due", condition=Q(queue_state="due"))
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.kind}"


class Evidence(models.Model):
    """One piece of what a finding rests on, as it was at the opening. `sha256` is of the facts, or of the photo as shown."""

    class Kind(models.TextChoices):
        COMPLAINT = "complaint", pgettext_lazy("evidence", "the complaint")
        WORDS = "words", pgettext_lazy("evidence", "what was reported")
        DEADLINE = "deadline", pgettext_lazy("evidence", "the deadline and its pauses")
        STEPS = "steps", pgettext_lazy("evidence", "what was done, and when")
        PHOTO = "photo", pgettext_lazy("evidence", "photo")

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="evidence")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Codes, times, places; never words of people, so that erasure leaves it whole.
    facts = models.JSONField(default=dict)
    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, null=True, related_name="+")
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["finding", "position"], name="evidence_position")]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.position} {self.kind}"


class Argument(models.Model):
    """One point that the operator makes, in a contest or an appeal. Each is replied to before anything is decided."""

    class Stage(models.TextChoices):
        CONTEST = "contest", pgettext_lazy("stage", "contest")
        APPEAL = "appeal", pgettext_lazy("stage", "appeal")

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="arguments")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    position = models.PositiveSmallIntegerField()
    text = models.TextField(max_length=4000)
    made_at = models.DateTimeField()
    # Null: by the single-case link.
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["made_at", "position"]
        constraints = [
            models.UniqueConstraint(fields=["finding", "stage", "position"], name="argument_position"),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.stage} {self.position}"


class Decision(models.Model):
    """What a contract manager decided, with her reasons and the sum it means. In force at once, or once it is signed."""

    class Kind(models.TextChoices):
        FIRST = "first", pgettext_lazy("decision", "decision")
        APPEAL = "appeal", pgettext_lazy("decision", "decision on the appeal")
        WAIVER = "waiver", pgettext_lazy("decision", "waiver")

    class Outcome(models.TextChoices):
        JUSTIFIED = "justified", pgettext_lazy("outcome", "justified")
        NOT_JUSTIFIED = "not_justified", pgettext_lazy("outcome", "not justified")
        UPHELD = "upheld", pgettext_lazy("outcome", "upheld")
        REVERSED = "reversed", pgettext_lazy("outcome", "reversed")
        WAIVED = "waived", pgettext_lazy("outcome", "waived")
        WITHDRAWN = "withdrawn", pgettext_lazy("outcome", "withdrawn")

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    outcome = models.CharField(max_length=15, choices=Outcome.choices)
    reasons = models.TextField(max_length=8000)
    # By what right: the deliberation, order or judgment that a waiver or reversal rests on.
    authority = models.CharField(max_length=300, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    from_state = models.CharField(max_length=20)
    needs_second = models.BooleanField()
    # What it costs (justified) or takes back (reversed, waived), as a positive number; 0 otherwise. Frozen here.
    amount_centimes = models.BigIntegerField()
    # How the amount came about: rate, days, index, limit (see penalties.Calculation).
    calculation = models.JSONField(default=dict)

    class Meta:
        ordering = ["decided_at", "id"]
        indexes = [models.Index(fields=["decided_by", "-decided_at"], name="decision_by_person")]
        constraints = [models.CheckConstraint(condition=Q(amount_centimes__gte=0), name="decision_amount")]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.outcome}"

    @property
    def signature_or_none(self) -> "Signature | None":
        return getattr(self, "signature", None)

    @property
    def in_force(self) -> bool:
        signature = self.signature_or_none
        return not self.needs_second or (signature is not None and signature.agreed)


class Reply(models.Model):
    """What the city answers to one argument, as part of a decision."""

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="replies")
    argument = models.ForeignKey(Argument, on_delete=models.PROTECT, related_name="replies")
    text = models.TextField(max_length=4000)

    class Meta:
        ordering = ["argument__position"]
        constraints = [models.UniqueConstraint(fields=["decision", "argument"], name="reply_once")]

    def __str__(self) -> str:
        return f"{self.decision_id} {self.argument_id}"


class Signature(models.Model):
    """A second person's yes or no to a decision. Only a yes puts it in force."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="signature")
    agreed = models.BooleanField()
    note = models.TextField(max_length=4000, blank=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.decision_id} {self.agreed}"


class FindingEvent(models.Model):
    """What happened to a finding, who did it, when. Codes and references, no words."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    # A verb of the procedure, or: open, remind, file, mail.
    verb = models.CharField(max_length=20)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20, blank=True)
    actor_role = models.CharField(max_length=20)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["finding", "at"], name="finding_history")]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.verb}"
