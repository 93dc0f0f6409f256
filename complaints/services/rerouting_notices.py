"""Telling units and crews what a re-routing moved: one message to each, with all of it."""

from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from catalogue.snapshot import Snapshot
from catalogue.translated import text_in
from complaints.models import Event, Rerouting
from notifications.models import OutboxMessage

# What goes to units is not about one reporter: erasing her must not blank it.
REFERENCE = "rerouting"
_LISTED = 200

Lines = list[dict[str, str]]


def unit_mails(job: Rerouting, catalogue: Snapshot, *, now: datetime) -> list[OutboxMessage]:
    """A message to each unit that lost or got complaints, and to each crew member that was assigned to one. Two statements."""
    language = catalogue.jurisdiction.languages[0]
    units = {unit.code: unit for unit in catalogue.units.values()}
    got: dict[str, Lines] = defaultdict(list)
    lost: dict[str, Lines] = defaultdict(list)
    crews: dict[int, Lines] = defaultdict(list)
    events = Event.objects.filter(kind=Event.Kind.REROUTED, data__rerouting=job.pk).order_by("complaint_id")
    for event in events.select_related("complaint__category"):
        source, target = str(event.data["from"]), str(event.data["to"])
        if source == target:
            continue
        line = {
            "number": event.complaint.tracking_number,
            "category": text_in(event.complaint.category.name, language),
            "from": text_in(units[source].name, language) if source in units else source,
            "to": text_in(units[target].name, language) if target in units else target,
            "url": settings.PUBLIC_URL + reverse("desk_complaint", args=[event.complaint.tracking_number]),
        }
        lost[source].append(line)
        got[target].append(line)
        if event.data.get("crew_member"):
            crews[int(str(event.data["crew_member"]))].append(line)
    addressed = [
        (units[code].email, got[code], lost[code]) for code in sorted(got.keys() | lost.keys()) if code in units
    ]
    people = User.objects.filter(pk__in=crews, is_active=True).exclude(email="").order_by("pk")
    addressed += [(person.email, [], crews[person.pk]) for person in people]
    return [
        _mail(job, number, address, gained, gone, catalogue, now)
        for number, (address, gained, gone) in enumerate(addressed)
        if address
    ]


def _mail(
    job: Rerouting, number: int, address: str, got: Lines, lost: Lines, catalogue: Snapshot, now: datetime
) -> OutboxMessage:
    language = catalogue.jurisdiction.languages[0]
    with translation.override(language), timezone.override(ZoneInfo(catalogue.jurisdiction.time_zone)):
        words = {
            "got": got[:_LISTED],
            "got_more": max(0, len(got) - _LISTED),
            "lost": lost[:_LISTED],
            "lost_more": max(0, len(lost) - _LISTED),
            "city": text_in(catalogue.jurisdiction.name, language),
            "desk_url": settings.PUBLIC_URL + reverse("desk"),
        }
        body = render_to_string("complaints/mail/rerouting.txt", words)
        subject = _subject(len(got), len(lost))
    return OutboxMessage(
        recipient=address,
        language=language,
        subject=subject,
        body=body,
        reference=REFERENCE,
        dedup_key=f"{REFERENCE}:{job.pk}:{number}",
        created_at=now,
        next_attempt_at=now,
    )


def _subject(got: int, lost: int) -> str:
    parts = []
    if got:
        parts.append(ngettext("%(n)d complaint came to you", "%(n)d complaints came to you", got) % {"n": got})
    if lost:
        parts.append(ngettext("%(n)d complaint went to others", "%(n)d complaints went to others", lost) % {"n": lost})
    return _("Routed again: %(what)s") % {"what": ", ".join(parts)}
