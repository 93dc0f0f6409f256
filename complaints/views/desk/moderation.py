"""The moderator's queue: texts and photos that wait for release, oldest first."""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import staff_page
from accounts.models import User
from catalogue.models import Category, Jurisdiction
from catalogue.pages import city_page
from complaints.models import Attachment, Complaint
from complaints.permissions import MODERATING
from complaints.querysets import ComplaintQuerySet, scope_of
from complaints.views.staff import city_of, staff_user

PAGE_SIZE = 20
_PENDING = Complaint.Review.PENDING


@dataclass(frozen=True)
class PhotoShown:
    pk: int
    url: str
    thumbnail_url: str
    purpose: str


@dataclass(frozen=True)
class Waiting:
    """One complaint of the queue: what of it waits. `text` is empty where only photos do."""

    tracking_number: str
    url: str
    category: Category
    submitted_at: datetime
    text: str
    photos: list[PhotoShown]
    review_text_url: str
    review_photo_url: str


@staff_page(MODERATING)
@never_cache
@require_safe
def moderation(request: HttpRequest) -> HttpResponse:
    """Everything that may be published and that nobody has looked at yet."""
    user, city = staff_user(request), city_of(request, MODERATING)
    page = Paginator(waiting(user, city), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "now": timezone.now(),
        "page": page,
        "items": [_shown(complaint) for complaint in page.object_list],
        "here": request.get_full_path(),
    }
    return city_page(request, city, "complaints/desk/moderation.html", context)


def waiting(user: User, city: Jurisdiction) -> ComplaintQuerySet:
    """Complaints of which a text or photo waits for this person's review.

    What policy keeps from the public never appears: nothing is to be decided about it.
    """
    scopes = Q(pk__in=[])
    for membership in user.memberships.all():
        if membership.role in MODERATING:
            scopes |= scope_of(membership)
    photos = _pending_photos().filter(complaint=OuterRef("pk"))
    text = Q(text_review=_PENDING, category__publish_text=Category.Release.AFTER_REVIEW) & ~Q(description="")
    photo = Q(category__publish_photos=Category.Release.AFTER_REVIEW) & Exists(photos)
    return (
        Complaint.objects.filter(scopes, jurisdiction=city, visibility=Complaint.Visibility.PUBLIC)
        .exclude(place_precision=Category.Publication.NEVER)
        .filter(text | photo)
        .select_related("category__service")
        .prefetch_related(Prefetch("attachments", queryset=_pending_photos(), to_attr="waiting_photos"))
        .order_by("submitted_at", "pk")
    )


def _pending_photos() -> QuerySet[Attachment]:
    return Attachment.objects.filter(review=_PENDING, status=Attachment.Status.READY).exclude(kind="pdf")


def _shown(complaint: Complaint) -> Waiting:
    category = complaint.category
    after_review = Category.Release.AFTER_REVIEW
    text_waits = complaint.text_review == _PENDING and category.publish_text == after_review
    photos: list[Attachment] = getattr(complaint, "waiting_photos", [])
    return Waiting(
        tracking_number=complaint.tracking_number,
        url=reverse("desk_complaint", args=[complaint.tracking_number]),
        category=category,
        submitted_at=complaint.submitted_at,
        text=complaint.description if text_waits else "",
        photos=[_photo(photo) for photo in photos] if category.publish_photos == after_review else [],
        review_text_url=reverse("desk_action", args=[complaint.tracking_number, "review-text"]),
        review_photo_url=reverse("desk_action", args=[complaint.tracking_number, "review-photo"]),
    )


def _photo(photo: Attachment) -> PhotoShown:
    return PhotoShown(
        pk=photo.pk,
        url=photo.full_url,
        thumbnail_url=photo.thumbnail_url,
        purpose=str(Attachment.Purpose(photo.purpose).label),
    )
