"""Taking hold of a complaint before writing: one row lock, and the answer to "did somebody change it meanwhile?"."""

from datetime import datetime

from complaints.errors import ChangedMeanwhile
from complaints.models import Complaint


def lock(complaint_id: int, *, seen: datetime | None = None) -> Complaint:
    """The complaint, locked until the caller's transaction ends; the caller must have opened one.

    `seen` is the `updated_at` of the page on which the person decided; raises ChangedMeanwhile if it is not that any
    more. None does not ask. Carries category, unit and district.
    """
    complaint = (
        Complaint.objects.select_for_update(of=("self",))
        .select_related("jurisdiction", "category__service", "unit", "district")
        .get(pk=complaint_id)
    )
    if seen is not None and complaint.updated_at != seen:
        raise ChangedMeanwhile
    return complaint
