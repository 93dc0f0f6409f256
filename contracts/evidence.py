"""What a finding rests on, fixed at its opening: facts in codes and times, and the photos that the operator may see."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from complaints.models import Attachment, Complaint
from complaints.services.quarantine import media_path
from contracts.breaches import History, Option
from contracts.chain import facts_hash, text_hash
from contracts.errors import EvidenceNotDisclosed
from contracts.models import Evidence

_WORK_PHOTOS = frozenset({Attachment.Purpose.BEFORE, Attachment.Purpose.AFTER})


def operator_reads_words(complaint: Complaint) -> bool:
    """What was reported is the operator's to read once a moderator released it, or a clerk passed it on."""
    return complaint.text_review == Complaint.Review.RELEASED or complaint.passed_to_operator


def operator_sees_photo(photo: Attachment, complaint: Complaint) -> bool:
    """A photo that is released, of the work, or passed on; and that is still there."""
    if photo.status != Attachment.Status.READY or not photo.is_image:
        return False
    released = photo.review == Complaint.Review.RELEASED
    return released or photo.purpose in _WORK_PHOTOS or complaint.passed_to_operator


def gather(complaint: Complaint, history: History, option: Option, photos: Sequence[Attachment]) -> list[Evidence]:
    """Unsaved evidence, without its finding. Raises EvidenceNotDisclosed for a photo that the operator may not see."""
    pieces = [_facts(Evidence.Kind.COMPLAINT, complaint_facts(complaint))]
    if complaint.description and operator_reads_words(complaint):
        pieces.append(
            Evidence(
                kind=Evidence.Kind.WORDS,
                facts={"characters": len(complaint.description)},
                sha256=text_hash(complaint.description),
            )
        )
    if option.due_at is not None:
        pieces.append(_facts(Evidence.Kind.DEADLINE, deadline_facts(complaint, history, option)))
    pieces.append(_facts(Evidence.Kind.STEPS, {"steps": list(_steps(history))}))
    pieces += [_photo(photo, complaint) for photo in photos]
    for position, piece in enumerate(pieces, start=1):
        piece.position = position
    return pieces


def complaint_facts(complaint: Complaint) -> dict[str, Any]:
    """What was complained of, where and when, in codes."""
    return {
        "tracking_number": complaint.tracking_number,
        "service": complaint.service.code,
        "category": complaint.category.code,
        "submitted_at": complaint.submitted_at.isoformat(),
        "place": [str(round(complaint.point.x, 6)), str(round(complaint.point.y, 6))],
        "district": complaint.district.code if complaint.district else "",
        "unit": complaint.unit.code,
        "state": complaint.state,
        "reported_by": 1 + complaint.merged_count,
    }


def deadline_facts(complaint: Complaint, history: History, option: Option) -> dict[str, Any]:
    """The promise, how it moved, when the clock stood still, and what ended the lateness."""
    moments = {
        "due_at": option.due_at,
        "met_at": option.met_at,
        "counted_from": option.counted_from,
        "counted_to": option.counted_to,
    }
    return {
        "deadline": option.clause.breach,
        "policy_version": complaint.policy_version,
        **{name: moment.isoformat() for name, moment in moments.items() if moment is not None},
        "pauses": [
            [pause.since.isoformat(), pause.until.isoformat() if pause.until else ""] for pause in history.pauses
        ],
        "changes": [
            {name: str(event.data.get(name) or "") for name in ("deadline", "old", "new", "cause")}
            for event in history.changes
        ],
    }


def _steps(history: History) -> Iterable[dict[str, str]]:
    for event in history.steps:
        step = {"at": event.at.isoformat(), "kind": str(event.kind), "by": event.actor_role}
        yield step | ({"to": event.to_state} if event.to_state else {})


def _facts(kind: Evidence.Kind, facts: dict[str, Any]) -> Evidence:
    return Evidence(kind=kind, facts=facts, sha256=facts_hash(facts))


def _photo(photo: Attachment, complaint: Complaint) -> Evidence:
    """The photo as it is shown (what came in was rebuilt): that is what the hash is of."""
    if not operator_sees_photo(photo, complaint):
        raise EvidenceNotDisclosed
    content = media_path(photo.path).read_bytes()
    return Evidence(
        kind=Evidence.Kind.PHOTO,
        facts={"file": str(photo.public_id), "purpose": photo.purpose, "added_at": photo.created_at.isoformat()},
        attachment=photo,
        sha256=hashlib.sha256(content).hexdigest(),
    )
