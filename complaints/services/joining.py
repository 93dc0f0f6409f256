""" "Me too": somebody has the same problem and does not file it once more."""

from datetime import datetime

from django.db import transaction

from complaints.errors import CannotJoin
from complaints.models import Complaint, Event, Supporter
from complaints.services.history import new_event, record
from complaints.services.locking import lock

# Whoever joins or follows acts under this name in the history.
NEIGHBOUR = "neighbour"


@transaction.atomic
def join(complaint_id: int, *, voice: str, now: datetime) -> bool:
    """Count one more person behind a public, open complaint (or the one it is merged into); False if she counts already.

    `voice` is a keyed hash that tells people apart and says nothing about them. Locks the row. Raises CannotJoin.
    """
    target = Complaint.objects.only("merged_into").get(pk=complaint_id)
    complaint = lock(target.merged_into_id or complaint_id)
    if complaint.merged_into_id is not None or not complaint.is_open or not complaint.has_public_page:
        raise CannotJoin
    if Supporter.objects.filter(complaint=complaint, voice=voice).exists():
        return False
    Supporter.objects.create(complaint=complaint, voice=voice, joined_at=now)
    complaint.joined_count += 1
    complaint.updated_at = now
    complaint.save(update_fields=["joined_count", "updated_at"])
    record(complaint, new_event(complaint, Event.Kind.JOINED, now=now, actor_role=NEIGHBOUR))
    return True
