"""What those concerned say of a closing: settled or not, and how satisfied they are. A model by itself, as in groups.py."""

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy


class ContestReason(models.TextChoices):
    """Why a closing is not believed: one tap each."""

    NOTHING_DONE = "nothing_done", pgettext_lazy("contest reason", "Nothing was done")
    PARTLY_DONE = "partly_done", pgettext_lazy("contest reason", "Only a part was done")
    BACK_AGAIN = "back_again", pgettext_lazy("contest reason", "It is there again")
    OTHER = "other", pgettext_lazy("contest reason", "Something else")


class Verdict(models.Model):
    """One person's word on one closing: a reporter of the group, or somebody who follows it. Words are erasable."""

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", pgettext_lazy("verdict", "confirmed")
        CONTESTED = "contested", pgettext_lazy("verdict", "contested")

    complaint = models.ForeignKey("complaints.Complaint", on_delete=models.CASCADE, related_name="verdicts")
    # The complaint's reopened_count: each closing is judged anew.
    round = models.PositiveSmallIntegerField()
    # "reporter:<complaint id>" or "follower:<id>": no address, no name.
    voice = models.CharField(max_length=40)
    # Empty: only how satisfied she is was told.
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    reason = models.CharField(max_length=20, choices=ContestReason.choices, blank=True)
    words = models.TextField(max_length=4000, blank=True)
    given_at = models.DateTimeField()
    # One question, from 1 (not at all) to 5 (very), and an optional sentence.
    satisfaction = models.PositiveSmallIntegerField(null=True, blank=True)
    remark = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["given_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "round", "voice"], name="verdict_once_a_closing"),
            models.CheckConstraint(condition=Q(outcome__in=["", "confirmed", "contested"]), name="verdict_known"),
            models.CheckConstraint(
                condition=Q(satisfaction=None) | Q(satisfaction__range=(1, 5)), name="verdict_satisfaction_1_to_5"
            ),
        ]
        # erasure: all that one voice said
        indexes = [models.Index(fields=["voice"], name="verdict_voice")]

    def __str__(self) -> str:
        return f"{self.voice}: {self.outcome}"
