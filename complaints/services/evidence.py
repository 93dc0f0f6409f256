"""What closing needs, by category: a photo of the finished work taken near the place, or a reason why there is none."""

from collections.abc import Sequence

from catalogue.models import Category
from complaints.models import Attachment, Complaint
from complaints.workflow import EvidenceElsewhere, EvidenceReason, EvidenceRequired, EvidenceReused

# Phones between houses err by some tens of metres, and the pin itself by as many.
NEAR_M = 200


def require_evidence(complaint: Complaint, photos: Sequence[Attachment], reason: str) -> dict[str, object]:
    """What the closing rests on, for its event. `photos` are those that come with it; others may have been sent before.

    A photo whose place is not known counts; one that says it was taken elsewhere does not, nor one that was seen before
    the work. Raises EvidenceRequired, EvidenceElsewhere or EvidenceReused.
    """
    wanted = complaint.category.evidence
    pictures = [photo for photo in photos if photo.is_image] or _sent_before(complaint)
    if wanted == Category.Evidence.NONE or reason in EvidenceReason.values:
        return {}
    if not pictures:
        raise EvidenceRequired
    fresh = _not_seen_before(complaint, pictures)
    if not fresh:
        raise EvidenceReused
    near = [photo for photo in fresh if photo.metres_off is None or photo.metres_off <= NEAR_M]
    if not near:
        raise EvidenceElsewhere(min(photo.metres_off or 0 for photo in fresh))
    known = [photo.metres_off for photo in near if photo.metres_off is not None]
    return {"evidence": "photo", "metres": min(known) if known else None}


def _sent_before(complaint: Complaint) -> list[Attachment]:
    rows = complaint.attachments.filter(purpose=Attachment.Purpose.AFTER).exclude(status=Attachment.Status.REFUSED)
    return list(rows.exclude(kind="pdf"))


def _not_seen_before(complaint: Complaint, photos: Sequence[Attachment]) -> list[Attachment]:
    """The reporter's own picture of the damage proves no repair."""
    others = complaint.attachments.exclude(purpose=Attachment.Purpose.AFTER).exclude(sha256="")
    seen = set(others.values_list("sha256", flat=True))
    return [photo for photo in photos if photo.sha256 not in seen]
