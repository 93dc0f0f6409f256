"""What belongs to complaints about one thing: who joined without filing, and what each of them was promised."""

from django.db import models


class Supporter(models.Model):
    """Somebody who said "me too" instead of filing once more. A count and a moment, no person: addresses sit with followers."""

    complaint = models.ForeignKey("complaints.Complaint", on_delete=models.CASCADE, related_name="supporters")
    joined_at = models.DateTimeField()
    # A keyed hash of what her browser keeps, so that one person counts once. Says nothing about her.
    voice = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["complaint", "voice"], name="supporter_counts_once")]

    def __str__(self) -> str:
        return f"supporter of {self.complaint_id}"


class GroupPromise(models.Model):
    """What one complaint brings into a group: its own promises, moved by the pauses of the group.

    There is a row for the primary and for each complaint merged into it, and none where nothing is merged. The primary's
    own columns hold the earliest of them. A merged complaint's columns stay as they were: separating gives them back.
    """

    holder = models.OneToOneField(
        "complaints.Complaint", on_delete=models.CASCADE, primary_key=True, related_name="group_promise"
    )
    primary = models.ForeignKey("complaints.Complaint", on_delete=models.CASCADE, related_name="group_promises")
    answer_due_at = models.DateTimeField(null=True)
    answer_due_wall = models.CharField(max_length=19, blank=True)
    resolution_due_at = models.DateTimeField(null=True)
    resolution_due_wall = models.CharField(max_length=19, blank=True)

    def __str__(self) -> str:
        return f"{self.holder_id} in {self.primary_id}"
