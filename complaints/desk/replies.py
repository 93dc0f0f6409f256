"""Which ready-made texts somebody at the desk may use for a complaint, and which she may write."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import Role, User
from catalogue.models import Jurisdiction, Unit
from complaints.models import Complaint, Reply, Reporter
from complaints.notices import told_of
from complaints.replies import Filled, fill_for_all

WRITERS = frozenset({Role.UNIT_MANAGER, Role.TRIAGE_OFFICER, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class ReplyOffered:
    """One text in the menu of a form; `is_translated`: it exists in the languages of all who will read it."""

    pk: int
    name: str
    is_translated: bool


def language_of(complaint: Complaint) -> str:
    """What the reporter reads; the city's first language where nobody is known."""
    reporter: Reporter | None = getattr(complaint, "reporter", None)
    return (reporter and reporter.language) or str(complaint.jurisdiction.languages[0])


def languages_of(complaint: Complaint) -> dict[str, int]:
    """The languages in which what is written here will be read, and by how many: her own first, then those of her group.

    What is typed goes out as it is typed, to all of them. A statement only where others were merged into it.
    """
    own = language_of(complaint)
    if not complaint.merged_count:
        return {own: 1}
    read = Counter({box.reporter.pk: box.reporter.language for box in told_of(complaint)}.values())
    return {own: read.pop(own, 0)} | dict(sorted(read.items()))


def replies_for(complaint: Complaint, languages: Iterable[str]) -> dict[str, list[ReplyOffered]]:
    """By step: the texts for this complaint's unit and category, those made for just them first. One statement."""
    found: dict[str, list[ReplyOffered]] = {}
    for reply in sorted(_fitting(complaint), key=_closeness):
        offered = ReplyOffered(reply.pk, reply.name, all(map(reply.texts.get, languages)))
        found.setdefault(reply.step, []).append(offered)
    return found


def filled_reply(complaint: Complaint, step: str, pk: str) -> Filled | None:
    """The text with this id as its reader will get it; None if it is none of this complaint's."""
    if not pk.isdecimal():
        return None
    reply = _fitting(complaint).filter(step=step, pk=int(pk[:18])).first()
    return fill_for_all(reply, complaint, list(languages_of(complaint))) if reply else None


def replies_among(city: Jurisdiction, user: User, step: str) -> list[Reply]:
    """What may be offered for several complaints at once: the texts that fit any category, of units this person works in."""
    units = {m.unit_id for m in user.memberships.all() if m.jurisdiction_id == city.pk and m.unit_id}
    mine = Q(unit=None) | Q(unit__in=units)
    return list(Reply.objects.filter(mine, jurisdiction=city, step=step, is_active=True, category=None))


def written_by(user: User, city: Jurisdiction) -> QuerySet[Reply]:
    """The texts that this person may change: her units', or all of the city's."""
    return Reply.objects.filter(jurisdiction=city, **_within(user, city)).select_related("unit", "category")


def units_written_for(user: User, city: Jurisdiction) -> list[Unit]:
    """The units for which she may write; an empty list means the whole city."""
    within = _within(user, city)
    return list(Unit.objects.filter(pk__in=within["unit__in"])) if within else []


def _within(user: User, city: Jurisdiction) -> dict[str, set[int]]:
    memberships = [m for m in user.memberships.all() if m.jurisdiction_id == city.pk and m.role in WRITERS]
    if any(m.unit_id is None for m in memberships):
        return {}
    return {"unit__in": {m.unit_id for m in memberships if m.unit_id is not None}}


def _fitting(complaint: Complaint) -> QuerySet[Reply]:
    return Reply.objects.filter(
        Q(unit=None) | Q(unit=complaint.unit_id),
        Q(category=None) | Q(category=complaint.category_id),
        jurisdiction=complaint.jurisdiction_id,
        is_active=True,
    )


def _closeness(reply: Reply) -> tuple[bool, bool, str]:
    return reply.category_id is None, reply.unit_id is None, reply.name.casefold()
