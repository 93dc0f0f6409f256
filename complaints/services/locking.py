"""Taking hold of a complaint before writing: one row lock, and the answer to "did somebody change it meanwhile?"."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from complaints.errors import ChangedMeanwhile
from complaints.models import Complaint


def lock(complaint_id: int) -> Complaint:
    """The complaint, locked until the caller's transaction ends; the caller must have opened one.

    Carries jurisdiction, category, unit and district.
    """
    return (
        Complaint.objects.select_for_update(of=("self",))
        .select_related("jurisdiction", "category__service", "unit", "district")
        .get(pk=complaint_id)
    )


@contextmanager
def unchanged_since(complaint_id: int, seen: datetime | None) -> Iterator[None]:
    """A transaction for what somebody decided looking at a page: `seen` is the `updated_at` that the page showed.

    Locks the complaint. Raises ChangedMeanwhile if it is not that any more; None does not ask.
    """
    with transaction.atomic():
        complaint = lock(complaint_id)
        if seen is not None and complaint.updated_at != seen:
            raise ChangedMeanwhile
        yield
