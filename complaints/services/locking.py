"""Taking hold of complaints before writing: row locks, and the answer to "did somebody change it meanwhile?".

Whoever needs several takes them all at once, by ascending id: then no two wait for each other.
"""

from collections.abc import Iterable

from django.db.models import QuerySet

from catalogue.snapshot import snapshot
from complaints.errors import ChangedMeanwhile, MergedAway
from complaints.models import Complaint


def lock(complaint_id: int) -> Complaint:
    """The complaint, locked until the caller's transaction ends; the caller must have opened one.

    Carries jurisdiction, category, unit and district.
    """
    return _with_catalogue(_locked().get(pk=complaint_id))


def lock_all(complaint_ids: Iterable[int]) -> dict[int, Complaint]:
    """Several complaints by id, locked in the order in which everybody locks them. Ids that do not exist are left out."""
    rows = _locked().filter(pk__in=sorted(set(complaint_ids))).order_by("pk")
    return {row.pk: _with_catalogue(row) for row in rows}


def lock_with_primary(complaint_id: int) -> tuple[Complaint, Complaint]:
    """A complaint and the one it is handled under (itself, where it is not merged), both locked."""
    known = Complaint.objects.only("merged_into").get(pk=complaint_id).merged_into_id
    held = lock_all([complaint_id, known or complaint_id])
    complaint = held[complaint_id]
    if complaint.merged_into_id != known:
        raise ChangedMeanwhile
    return complaint, held[known or complaint_id]


def lock_acting(complaint_id: int) -> Complaint:
    """The complaint, locked, for who is about to act on it. Raises MergedAway if that is to be done on another one."""
    complaint = lock(complaint_id)
    refuse_merged(complaint)
    return complaint


def refuse_merged(complaint: Complaint) -> None:
    """Raises MergedAway for a complaint that is dealt with under another number."""
    if complaint.merged_into_id is not None:
        raise MergedAway


def _locked() -> "QuerySet[Complaint]":
    return Complaint.objects.select_for_update(of=("self",)).select_related("jurisdiction", "district")


def _with_catalogue(complaint: Complaint) -> Complaint:
    """Category and unit are those of the city's copy: to join their tables took longer than to lock the row."""
    city = snapshot(complaint.jurisdiction_id, complaint.jurisdiction.catalogue_version)
    complaint.category = city.categories_by_id[complaint.category_id]
    complaint.unit = city.units[complaint.unit_id]
    return complaint
