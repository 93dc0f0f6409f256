"""What the world, and the operator that answers, may read and see of a complaint: decided by people, one by one."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from catalogue.models import Category
from complaints.errors import NeverPublished, NothingToReview
from complaints.models import Attachment, Complaint, Event
from complaints.permissions import DESK, MODERATING, can_moderate, can_pass_to_operator, hats, require
from complaints.places import place_for_the_world
from complaints.services.correspondence import keep_note
from complaints.services.files import keep_picture
from complaints.services.history import new_event, record
from complaints.services.locking import lock, lock_acting
from complaints.services.paper_files import forget_papers
from complaints.services.quarantine import media_path
from complaints.services.transitions import acting_role
from complaints.words import blacked_out
from sandbox.uploads import Box, painted

_Review = Complaint.Review


@transaction.atomic
def review_text(complaint_id: int, *, release: bool, acting_user: User, now: datetime) -> Complaint:
    """Release or withhold the reporter's description.

    Raises ActorNotAllowed, NeverPublished (by the category's policy) or NothingToReview.
    """
    complaint = lock(complaint_id)
    require(can_moderate(acting_user, complaint))
    if release and not complaint.description.strip():
        raise NothingToReview
    if release and complaint.category.publish_text == Category.Release.NEVER:
        raise NeverPublished
    complaint.text_review = _Review.RELEASED if release else _Review.WITHHELD
    complaint.updated_at = now
    complaint.save(update_fields=["text_review", "updated_at"])
    _record_review(complaint, {"what": "text", "outcome": complaint.text_review}, acting_user, now)
    return complaint


@transaction.atomic
def hide_words(complaint_id: int, numbers: Collection[int], *, acting_user: User, now: datetime) -> Complaint:
    """Black out words of the description (by their place, see `words.words_of`) and release the rest; none: shown whole.

    Staff go on reading all of it. Raises ActorNotAllowed, NeverPublished or NothingToReview.
    """
    complaint = lock(complaint_id)
    require(can_moderate(acting_user, complaint))
    if not complaint.description.strip():
        raise NothingToReview
    if complaint.category.publish_text == Category.Release.NEVER:
        raise NeverPublished
    complaint.public_description = blacked_out(complaint.description, numbers) if numbers else ""
    complaint.text_review = _Review.RELEASED
    complaint.updated_at = now
    complaint.save(update_fields=["public_description", "text_review", "updated_at"])
    data: dict[str, object] = {"what": "text", "outcome": complaint.text_review, "hidden_words": len(numbers)}
    _record_review(complaint, data, acting_user, now)
    return complaint


@transaction.atomic
def black_out(
    complaint_id: int, attachment_id: int, boxes: Sequence[Box], *, acting_user: User, now: datetime
) -> Attachment:
    """Paint parts of a photo black, for everybody and for good once it can no more be undone. It waits for review again.

    The picture is worked on in a child process. Raises ActorNotAllowed, NothingToReview or Attachment.DoesNotExist.
    """
    complaint = lock(complaint_id)
    require(can_moderate(acting_user, complaint))
    photo = complaint.attachments.select_for_update().get(pk=attachment_id)
    if not (photo.is_image and photo.status == Attachment.Status.READY and boxes):
        raise NothingToReview
    keep_picture(photo, painted(media_path(photo.path).read_bytes(), boxes))
    if photo.review == _Review.RELEASED:
        photo.review = _Review.PENDING
    photo.save(update_fields=["path", "thumbnail_path", "width", "height", "review"])
    forget_papers(complaint_id)
    complaint.updated_at = now
    complaint.save(update_fields=["updated_at"])
    data: dict[str, object] = {
        "what": "black_out",
        "outcome": photo.review,
        "file": str(photo.public_id),
        "boxes": len(boxes),
    }
    _record_review(complaint, data, acting_user, now)
    return photo


@transaction.atomic
def review_photo(
    complaint_id: int, attachment_id: int, *, release: bool, acting_user: User, now: datetime
) -> Attachment:
    """Release or withhold one photo; only pictures that were rebuilt can be released, documents never.

    Raises ActorNotAllowed, NeverPublished, NothingToReview, or Attachment.DoesNotExist.
    """
    complaint = lock(complaint_id)
    require(can_moderate(acting_user, complaint))
    photo = complaint.attachments.select_for_update().get(pk=attachment_id)
    if release and not (photo.is_image and photo.status == Attachment.Status.READY):
        raise NothingToReview
    if release and complaint.category.publish_photos == Category.Release.NEVER:
        raise NeverPublished
    photo.review = _Review.RELEASED if release else _Review.WITHHELD
    photo.save(update_fields=["review"])
    complaint.updated_at = now
    complaint.save(update_fields=["updated_at"])
    data: dict[str, object] = {"what": "photo", "outcome": photo.review, "file": str(photo.public_id)}
    _record_review(complaint, data, acting_user, now)
    return photo


@transaction.atomic
def pass_to_operator(complaint_id: int, *, acting_user: User, now: datetime, note: str = "") -> Complaint:
    """Let the operator that answers read the text and see the photos that nobody has released.

    The reporter's identity never goes along. Raises ActorNotAllowed.
    """
    complaint = lock_acting(complaint_id)
    require(can_pass_to_operator(acting_user, complaint))
    complaint.passed_to_operator = True
    complaint.updated_at = now
    complaint.save(update_fields=["passed_to_operator", "updated_at"])
    event = new_event(
        complaint,
        Event.Kind.PASSED_ON,
        now=now,
        actor=acting_user,
        actor_role=acting_role(DESK, hats(acting_user, complaint)),
        data={"unit": complaint.unit.code} | keep_note(complaint, note, acting_user, now),
    )
    record(complaint, event)
    return complaint


def hide(complaint_id: int, *, acting_user: User, now: datetime, note: str = "") -> Complaint:
    """Take a complaint out of everything public. Raises ActorNotAllowed."""
    return _change_visibility(complaint_id, hidden=True, acting_user=acting_user, now=now, note=note)


def unhide(complaint_id: int, *, acting_user: User, now: datetime, note: str = "") -> Complaint:
    """Show it again as its category allows. Raises ActorNotAllowed."""
    return _change_visibility(complaint_id, hidden=False, acting_user=acting_user, now=now, note=note)


@transaction.atomic
def _change_visibility(complaint_id: int, *, hidden: bool, acting_user: User, now: datetime, note: str) -> Complaint:
    complaint = lock(complaint_id)
    require(can_moderate(acting_user, complaint))
    before = complaint.visibility
    kinds = Complaint.Visibility
    never = complaint.place_precision == Category.Publication.NEVER
    complaint.visibility = kinds.HIDDEN if hidden else (kinds.PRIVATE if never else kinds.PUBLIC)
    if complaint.visibility == before:
        return complaint
    complaint.updated_at = now
    # A sensitive place that comes back is withheld until it was counted again.
    place_for_the_world(complaint, complaint.point.x, complaint.point.y)
    complaint.save(update_fields=["visibility", "place_shown", "public_point", "updated_at"])
    event = new_event(
        complaint,
        Event.Kind.VISIBILITY_CHANGED,
        now=now,
        actor=acting_user,
        actor_role=acting_role(MODERATING, hats(acting_user, complaint)),
        data={"from": before, "to": complaint.visibility} | keep_note(complaint, note, acting_user, now),
    )
    record(complaint, event)
    return complaint


def _record_review(complaint: Complaint, data: dict[str, object], user: User, now: datetime) -> None:
    role = acting_role(MODERATING, hats(user, complaint))
    record(complaint, new_event(complaint, Event.Kind.REVIEWED, now=now, actor=user, actor_role=role, data=data))
