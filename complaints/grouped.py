"""The complaints about one thing, as a member of staff may see them on the page of one of them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from complaints.disclosure import disclosure
from complaints.models import Attachment, Complaint, Verdict
from complaints.places import metres_between
from complaints.workflow import REPORTER


@dataclass(frozen=True)
class Member:
    """One complaint of a group. What this person may not see is None or empty; `url` is empty where she may not open it."""

    tracking_number: str
    url: str
    submitted_at: datetime
    metres: int
    text: str | None
    reporter_name: str
    photos: list[str]


@dataclass(frozen=True)
class Group:
    """`primary` is None on the primary's own page, and then `members` are the others."""

    primary: Member | None
    members: list[Member]
    joined: int
    reports: int


def group_shown(complaint: Complaint, user: User) -> Group | None:
    """The group of a complaint; None where nothing is merged and nobody joined."""
    primary = complaint.merged_into
    if primary is None and complaint.reports == 1:
        return None
    concerned = Q(pk=primary.pk) if primary is not None else Q(merged_into=complaint)
    rows = (
        Complaint.objects.filter(concerned)
        .select_related("category", "unit", "district", "reporter")
        .prefetch_related("attachments")
        .order_by("submitted_at", "pk")
    )
    opened = set(Complaint.objects.visible_to(user).filter(concerned).values_list("pk", flat=True))
    members = [_member(row, complaint, user, opens=row.pk in opened) for row in rows]
    if primary is not None:
        return Group(members[0], [], primary.joined_count, primary.reports)
    return Group(None, members, complaint.joined_count, complaint.reports)


def _member(row: Complaint, seen_from: Complaint, user: User, *, opens: bool) -> Member:
    shown = disclosure(user, row)
    reporter = shown.reporter(row)
    photos = [file for file in shown.photos(row.attachments.all()) if file.is_image]
    return Member(
        tracking_number=row.tracking_number,
        url=reverse("desk_complaint", args=[row.tracking_number]) if opens else "",
        submitted_at=row.submitted_at,
        metres=round(metres_between(row.point, seen_from.point)),
        text=shown.text(row),
        reporter_name=reporter.name if reporter else "",
        photos=[file.thumbnail_url for file in photos if file.status == Attachment.Status.READY],
    )


def verdicts_shown(complaint: Complaint, user: User) -> list[Verdict]:
    """What those concerned said of its closings, newest first, for who reads the reporter's correspondence.

    Each row carries `who` in words. Names stay out: voices are reporters and followers.
    """
    if not disclosure(user, complaint).sees_correspondence:
        return []
    rows = list(Verdict.objects.filter(complaint=complaint).order_by("-given_at", "-pk"))
    for row in rows:
        row.who = _("Reporter") if row.voice.startswith(f"{REPORTER}:") else _("Somebody who follows it")  # type: ignore[attr-defined]
    return rows
