"""One complaint as one member of staff may see it: everything its page shows went through `disclosure` here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point
from django.contrib.gis.measure import D
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from catalogue.models import Category
from catalogue.snapshot import current_snapshot
from catalogue.translated import text_in
from complaints.disclosure import Disclosure, disclosure
from complaints.explain import EXPLAINED, explain_stored
from complaints.ladder import escalation_label
from complaints.models import Attachment, Complaint, Reporter
from complaints.permissions import READING_RULES, can_moderate, hats
from complaints.querysets import degrees_around
from complaints.timeline import Entry, staff_timeline
from complaints.vicinity import nearby_then
from complaints.workflow import State
from notifications.outbox import CAME_BACK, undeliverable

NEARBY_M = 200
MAX_NEARBY = 8


@dataclass(frozen=True)
class FileShown:
    """A file on the page. `reviewable`: release and withhold are offered."""

    pk: int
    url: str
    thumbnail_url: str
    is_image: bool
    is_ready: bool
    purpose: str
    metres_off: int | None
    status: str
    review: str
    review_label: str
    reviewable: bool


@dataclass(frozen=True)
class Nearby:
    tracking_number: str
    url: str
    category: dict[str, str]
    service_code: str
    state: str
    state_label: str
    metres: int
    submitted_at: datetime


@dataclass(frozen=True)
class CaseFile:
    """Facts for a template. What this person may not see is None or left out; nothing here leads back to the row."""

    tracking_number: str
    category: Category
    unit: dict[str, str]
    unit_email: str
    unit_phone: str
    district: dict[str, str] | None
    kind: str
    channel: str
    state: str
    state_label: str
    is_open: bool
    late: bool
    submitted_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    answer_due_at: datetime | None
    resolution_due_at: datetime | None
    answer_lapsed: bool
    resolution_lapsed: bool
    paused_at: datetime | None
    reopened_count: int
    contested: bool
    escalation: str
    crew_member: str
    visibility: str
    visibility_label: str
    precision_label: str
    public_url: str
    passed_to_operator: bool
    place: dict[str, object] | None
    text: str | None
    location_text: str | None
    text_review: str
    text_review_label: str
    text_reviewable: bool
    answers: list[tuple[str, str]]
    reporter: Reporter | None
    sees_reporter: bool
    # When the newest mail to her was given up or came back, and what the mail server said; None if it did not.
    undelivered: tuple[datetime, str] | None
    files: list[FileShown]
    hidden_files: int
    why: str
    # What would change within 50 m; empty for who does not see the exact place.
    why_nearby: str
    # The page that draws today's answer for the place; empty for who is not shown the rules.
    why_url: str
    earlier_decisions: list[tuple[datetime, str]]
    timeline: list[Entry]
    nearby: list[Nearby]


def casefile(complaint: Complaint, user: User, now: datetime) -> CaseFile:
    """The page's facts. Expects the related rows that `views.staff.complaint_of` loads."""
    shown = disclosure(user, complaint)
    decisions = list(complaint.decisions.select_related(*EXPLAINED))
    person = complaint.assigned_to
    files = list(complaint.attachments.all())
    visible = shown.photos(files)
    moderates = can_moderate(user, complaint)
    return CaseFile(
        tracking_number=complaint.tracking_number,
        category=complaint.category,
        unit=complaint.unit.name,
        unit_email=complaint.unit.email,
        unit_phone=complaint.unit.phone,
        district=complaint.district.name if complaint.district else None,
        kind=str(Complaint.Kind(complaint.kind).label),
        channel=complaint.channel,
        state=complaint.state,
        state_label=str(State(complaint.state).label),
        is_open=complaint.is_open,
        late=complaint.is_late(now),
        submitted_at=complaint.submitted_at,
        answered_at=complaint.answered_at,
        closed_at=complaint.closed_at,
        answer_due_at=complaint.answer_due_at,
        resolution_due_at=complaint.resolution_due_at,
        answer_lapsed=complaint.answer_lapsed,
        resolution_lapsed=complaint.resolution_lapsed,
        paused_at=complaint.paused_at,
        reopened_count=complaint.reopened_count,
        contested=complaint.is_open and complaint.contested_count > 0,
        escalation=escalation_label(complaint) if shown.sees_internal_steps else "",
        crew_member=(person.get_full_name() or person.get_username()) if person else "",
        visibility=complaint.visibility,
        visibility_label=str(Complaint.Visibility(complaint.visibility).label),
        precision_label=str(Category.Publication(complaint.place_precision).label),
        public_url=reverse("complaint", args=[complaint.tracking_number]),
        passed_to_operator=complaint.passed_to_operator,
        place=_place(complaint, shown),
        text=shown.text(complaint),
        location_text=complaint.location_text if shown.sees_text else None,
        text_review=complaint.text_review,
        text_review_label=str(Complaint.Review(complaint.text_review).label),
        text_reviewable=moderates
        and bool(complaint.description)
        and complaint.category.publish_text != Category.Release.NEVER,
        answers=_answers(complaint) if shown.sees_answers else [],
        reporter=shown.reporter(complaint),
        sees_reporter=shown.sees_reporter,
        undelivered=_undelivered(complaint, shown.reporter(complaint)),
        files=[_file(file, complaint, moderates=moderates) for file in visible],
        hidden_files=len(files) - len(visible),
        why=explain_stored(decisions[0]) if decisions else "",
        why_nearby=nearby_then(complaint, decisions[0]) if decisions and shown.sees_place else "",
        why_url=_why_url(complaint) if shown.sees_place and READING_RULES & hats(user, complaint) else "",
        earlier_decisions=[(row.decided_at, explain_stored(row)) for row in decisions[1:]],
        timeline=staff_timeline(complaint, shown),
        nearby=nearby(complaint, user) if shown.sees_place else [],
    )


def _why_url(complaint: Complaint) -> str:
    place, wall = complaint.point, complaint.submitted_at.astimezone(ZoneInfo(complaint.jurisdiction.time_zone))
    query = {
        "jurisdiction": complaint.jurisdiction.code,
        "longitude": f"{place.x:.7f}",
        "latitude": f"{place.y:.7f}",
        "category": complaint.category.code,
        "at": f"{wall:%Y-%m-%dT%H:%M}",
    }
    return f"{reverse('why_here')}?{urlencode(query)}"


def _undelivered(complaint: Complaint, reporter: Reporter | None) -> tuple[datetime, str] | None:
    if reporter is None or not reporter.email:
        return None
    mail = undeliverable(complaint.tracking_number, reporter.email)
    return (mail.sent_at or mail.created_at, mail.last_error.removeprefix(CAME_BACK).strip()) if mail else None


def nearby(complaint: Complaint, user: User) -> list[Nearby]:
    """Other complaints that `user` may open within 200 m, the last year's or still open, nearest first. One statement."""
    point: Point = complaint.point
    rows: Iterable[Any] = (
        Complaint.objects.visible_to(user)
        .filter(point__dwithin=(point, degrees_around(point, NEARBY_M)), point__distance_lte=(point, D(m=NEARBY_M)))
        .filter(Q(closed_at=None) | Q(closed_at__year__gte=complaint.submitted_at.year - 1))
        .exclude(pk=complaint.pk)
        .annotate(distance=Distance("point", point))
        .select_related("category__service")
        .order_by("distance", "-submitted_at")[:MAX_NEARBY]
    )
    return [
        Nearby(
            row.tracking_number,
            reverse("desk_complaint", args=[row.tracking_number]),
            row.category.name,
            row.category.service.code,
            row.state,
            str(State(row.state).label),
            round(row.distance.m),
            row.submitted_at,
        )
        for row in rows
    ]


def _place(complaint: Complaint, shown: Disclosure) -> dict[str, object] | None:
    """Where it is, as exactly as this person may know: what the map module `place` draws."""
    point = complaint.point if shown.sees_place else complaint.public_point
    if point is None:
        return None
    service = complaint.category.service
    return {
        "lon": point.x,
        "lat": point.y,
        "precision": "exact" if shown.sees_place else complaint.shown_precision,
        "service": service.code,
        "symbol": service.icon,
        "label": complaint.tracking_number,
    }


def _answers(complaint: Complaint) -> list[tuple[str, str]]:
    """Question and answer in the page's language; answers to questions that are gone keep their code as label."""
    language = get_language() or "fr"
    asked = {
        question.code: question
        for questions in current_snapshot(complaint.jurisdiction).questions.values()
        for question in questions
    }
    told = []
    for code, value in complaint.answers.items():
        question = asked.get(code)
        names = {c["code"]: text_in(c["name"], language) for c in question.choices} if question else {}
        values = value if isinstance(value, list) else [value]
        label = text_in(question.name, language) if question else code
        told.append((label, _(", ").join(names.get(item, str(item)) for item in values)))
    return told


def _file(file: Attachment, complaint: Complaint, *, moderates: bool) -> FileShown:
    ready = file.status == Attachment.Status.READY
    policy_allows = complaint.category.publish_photos != Category.Release.NEVER
    return FileShown(
        pk=file.pk,
        url=file.full_url if ready else "",
        thumbnail_url=file.thumbnail_url if ready and file.is_image else "",
        is_image=file.is_image,
        is_ready=ready,
        purpose=str(Attachment.Purpose(file.purpose).label),
        metres_off=file.metres_off,
        status=str(Attachment.Status(file.status).label),
        review=file.review,
        review_label=str(Complaint.Review(file.review).label),
        reviewable=moderates and ready and file.is_image and policy_allows,
    )
