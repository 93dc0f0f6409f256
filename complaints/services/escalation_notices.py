"""Who is told that a promise runs out, and in which words: one mail for each address and kind of news, whatever it holds."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership, Role
from catalogue.models import Rung
from catalogue.snapshot import Snapshot
from catalogue.translated import text_in
from complaints.ladder import Level, Step
from complaints.models import Complaint
from notifications.models import OutboxMessage

# What the sweep sends is not about one reporter: erasing her must not blank it.
REFERENCE = "escalation"
_LISTED = 200


@dataclass(frozen=True)
class Climb:
    """One complaint on one rung."""

    complaint: Complaint
    step: Step


def escalation_mails(climbs: Iterable[Climb], catalogue: Snapshot, *, now: datetime) -> list[OutboxMessage]:
    """The messages that tell of these climbs, in the city's first language. Two statements at most.

    Who would hear of several rungs of one complaint at once, after an outage, hears of the highest: that it is due soon is
    no news when it is late.
    """
    highest: dict[tuple[str, int], Climb] = {}
    staff: dict[int, _Staff] = {}
    for climb in climbs:
        city_id = climb.complaint.jurisdiction_id
        if city_id not in staff:
            staff[city_id] = _Staff(catalogue)
        for address in staff[city_id].addresses(climb):
            told = highest.setdefault((address, climb.complaint.pk), climb)
            if climb.step.level > told.step.level:
                highest[address, climb.complaint.pk] = climb
    bundles: dict[tuple[str, Level], list[Climb]] = defaultdict(list)
    for (address, _complaint), climb in highest.items():
        bundles[address, climb.step.level].append(climb)
    return [
        _mail(address, level, bundle, catalogue, now) for (address, level), bundle in sorted(bundles.items(), key=_by)
    ]


def _by(item: tuple[tuple[str, Level], list[Climb]]) -> tuple[str, int]:
    return item[0][0], int(item[0][1])


class _Staff:
    """The addresses of one city's staff by role and unit, read once."""

    def __init__(self, catalogue: Snapshot) -> None:
        self.catalogue = catalogue
        self.by_role: dict[tuple[str, int | None], list[str]] = defaultdict(list)
        told = (Role.UNIT_MANAGER, Role.TRIAGE_OFFICER, Role.OFFICE)
        memberships = Membership.objects.filter(
            jurisdiction=catalogue.jurisdiction, role__in=told, user__is_active=True
        ).exclude(user__email="")
        for role, unit_id, email in memberships.values_list("role", "unit_id", "user__email").order_by("pk"):
            self.by_role[role, unit_id].append(email)

    def addresses(self, climb: Climb) -> list[str]:
        """Whom a rung tells; the unit's own address where a manager or the office has none."""
        unit = self.catalogue.units[climb.complaint.unit_id]
        tell = climb.step.rung.tell
        if tell == Rung.Tell.UNIT_MANAGER:
            found = self.by_role[Role.UNIT_MANAGER, unit.pk]
        elif tell == Rung.Tell.OFFICE:
            found = self.by_role[Role.OFFICE, None]
        elif tell == Rung.Tell.TRIAGE:
            found = [*self.by_role[Role.TRIAGE_OFFICER, None], self.catalogue.triage_unit.email]
        else:
            found = [unit.email]
        return list(dict.fromkeys(address for address in (found or [unit.email]) if address))


def _mail(address: str, level: Level, climbs: list[Climb], catalogue: Snapshot, now: datetime) -> OutboxMessage:
    language = catalogue.jurisdiction.languages[0]
    with translation.override(language), timezone.override(ZoneInfo(catalogue.jurisdiction.time_zone)):
        lines = [_line(climb, catalogue, language, now) for climb in climbs[:_LISTED]]
        words = {
            "level": level.name.lower(),
            "lines": lines,
            "more": max(0, len(climbs) - _LISTED),
            "city": text_in(catalogue.jurisdiction.name, language),
            "desk_url": settings.PUBLIC_URL + reverse("desk"),
        }
        body = render_to_string("complaints/mail/escalation.txt", words)
        subject = _subject(level, climbs)
    first = climbs[0]
    mark = f"{first.complaint.pk}:{first.step.code}:{first.complaint.reopened_count}:{address}:{len(climbs)}"
    return OutboxMessage(
        recipient=address,
        language=language,
        subject=subject[:200],
        body=body,
        reference=REFERENCE,
        dedup_key=f"{REFERENCE}:{salted_hmac('complaints.escalation', mark, algorithm='sha256').hexdigest()[:40]}",
        created_at=now,
        next_attempt_at=now,
    )


def _subject(level: Level, climbs: list[Climb]) -> str:
    n = len(climbs)
    several = ngettext("%(n)d complaint", "%(n)d complaints", n) % {"n": n}
    words = {"what": climbs[0].complaint.tracking_number if n == 1 else several}
    if level == Level.REMINDED:
        return _("Due soon: %(what)s") % words
    if level == Level.OFFICE:
        return _("Brought to the mayor's office: %(what)s") % words
    if level == Level.MANAGER:
        return _("Still late: %(what)s") % words
    return _("Deadline missed: %(what)s") % words


def _line(climb: Climb, catalogue: Snapshot, language: str, now: datetime) -> dict[str, object]:
    complaint, step = climb.complaint, climb.step
    return {
        "number": complaint.tracking_number,
        "category": text_in(complaint.category.name, language),
        "unit": text_in(catalogue.units[complaint.unit_id].name, language),
        "deadline": step.rung.deadline,
        "due": step.deadline.instant,
        "passed": step.deadline.instant <= now,
        "url": settings.PUBLIC_URL + reverse("desk_complaint", args=[complaint.tracking_number]),
    }
