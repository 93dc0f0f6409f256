"""Who had her data erased, told to the rooms above without her address. A model by itself, as in groups.py."""

from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from complaints.models.complaint import Complaint
from queueing.models import QueueRow


class Erasure(QueueRow):
    """ "Forget this person about this complaint": written with the erasing, consumed and deleted by who follows."""

    complaint = models.ForeignKey(Complaint, on_delete=models.CASCADE, related_name="+")
    # As `mark_of_address` makes it.
    address = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["next_attempt_at", "id"], name="erasure_due", condition=Q(queue_state="due"))]

    def __str__(self) -> str:
        return f"{self.complaint_id}"


def mark_of_address(email: str) -> str:
    """A keyed hash by which an address is known again, however its letters are written; it tells nothing of it."""
    return salted_hmac("complaints.erasure", email.casefold(), algorithm="sha256").hexdigest()
