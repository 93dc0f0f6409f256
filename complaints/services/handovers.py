"""What was handed to another unit and waits for its acceptance; a unit that lets it wait is reminded, once.

Whoever starts to work on it has accepted it. Only what is still the unit's can be accepted or refused: where a new category
or new boundaries took it elsewhere, nothing waits any more.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from accounts.models import Membership, Role
from catalogue.models import Jurisdiction, Unit
from catalogue.snapshot import Snapshot, current_snapshot
from catalogue.translated import text_in
from complaints.deadlines import due, parse_duration
from complaints.models import Complaint, Event, Handover
from complaints.services.history import new_event
from complaints.workflow import OPEN_STATES
from notifications.models import OutboxMessage

REFUSALS_TO_TRIAGE = 2
ACCEPT_WITHIN = parse_duration("1 working day")
REFERENCE = "handover"
_BATCH, _LISTED = 200, 200
_Outcome = Handover.Outcome


def offer(complaint: Complaint, to_unit: Unit, *, now: datetime) -> None:
    """The unit is asked to accept; the triage unit is not asked. In the caller's transaction, before the unit changes."""
    Handover.objects.filter(complaint=complaint, outcome=_Outcome.OPEN).update(outcome=_Outcome.MOVED, settled_at=now)
    catalogue = current_snapshot(complaint.jurisdiction)
    if to_unit.pk == catalogue.triage_unit.pk:
        return
    Handover.objects.create(
        complaint=complaint,
        from_unit=complaint.unit,
        to_unit=to_unit,
        offered_at=now,
        remind_at=_remind_at(to_unit, catalogue, now),
    )


def open_handover(complaint: Complaint) -> Handover | None:
    """What waits for the acceptance of the unit that answers now; None for nothing."""
    waiting = Handover.objects.filter(complaint=complaint, outcome=_Outcome.OPEN, to_unit=complaint.unit_id)
    return waiting.select_related("from_unit").first()


def settle(complaint: Complaint, outcome: Handover.Outcome, *, now: datetime) -> bool:
    """Say how the waiting hand-over ended; False if none waited."""
    waiting = Handover.objects.filter(complaint=complaint, outcome=_Outcome.OPEN, to_unit=complaint.unit_id)
    return bool(waiting.update(outcome=outcome, settled_at=now))


def refused_in_a_row(complaint: Complaint) -> int:
    """How often units have refused it since one accepted it, or since it was last decided about otherwise."""
    outcomes = (
        Handover.objects.filter(complaint=complaint).exclude(outcome=_Outcome.OPEN).values_list("outcome", flat=True)
    )
    count = 0
    for outcome in outcomes:
        if outcome != _Outcome.REFUSED:
            break
        count += 1
    return count


def remind_units(*, now: datetime) -> int:
    """Write to the units that let a hand-over wait longer than they should, one mail each; how many hand-overs."""
    return sum(_remind(city, now) for city in Jurisdiction.objects.order_by("code"))


@transaction.atomic
def _remind(city: Jurisdiction, now: datetime) -> int:
    waiting = list(
        Handover.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(outcome=_Outcome.OPEN, reminded_at=None, remind_at__lte=now, complaint__jurisdiction=city)
        .filter(to_unit=F("complaint__unit"), complaint__state__in=OPEN_STATES, complaint__merged_into=None)
        .select_related("complaint__category", "from_unit")
        .order_by("remind_at", "pk")[:_BATCH]
    )
    if not waiting:
        return 0
    Handover.objects.filter(pk__in=[row.pk for row in waiting]).update(reminded_at=now)
    for row in waiting:
        new_event(row.complaint, Event.Kind.REMINDED, now=now, data={"handover": row.pk}).save(force_insert=True)
    catalogue = current_snapshot(city)
    by_unit: dict[int, list[Handover]] = defaultdict(list)
    for row in waiting:
        by_unit[row.to_unit_id].append(row)
    mails = [mail for unit_id, rows in by_unit.items() for mail in _mails(catalogue, unit_id, rows, now)]
    OutboxMessage.objects.bulk_create(mails, ignore_conflicts=True)
    return len(waiting)


def _remind_at(unit: Unit, catalogue: Snapshot, now: datetime) -> datetime:
    """A working day on the unit's own calendar; a calendar that cannot be read gives a day of the clock."""
    if not catalogue.can_promise(unit):
        return now + timedelta(days=1)
    try:
        return due(now, ACCEPT_WITHIN, catalogue.calendar_of(unit, now.date())).instant
    except ValueError:
        return now + timedelta(days=1)


def _mails(catalogue: Snapshot, unit_id: int, rows: list[Handover], now: datetime) -> list[OutboxMessage]:
    """To the unit's own address and its managers."""
    unit = catalogue.units[unit_id]
    managers = Membership.objects.filter(
        jurisdiction=catalogue.jurisdiction, role=Role.UNIT_MANAGER, unit=unit_id, user__is_active=True
    )
    addresses = dict.fromkeys([unit.email, *managers.values_list("user__email", flat=True).order_by("pk")])
    language = catalogue.jurisdiction.languages[0]
    with translation.override(language), timezone.override(ZoneInfo(catalogue.jurisdiction.time_zone)):
        lines = [
            {
                "number": row.complaint.tracking_number,
                "category": text_in(row.complaint.category.name, language),
                "from": text_in(row.from_unit.name, language),
                "since": row.offered_at,
                "url": settings.PUBLIC_URL + reverse("desk_complaint", args=[row.complaint.tracking_number]),
            }
            for row in rows[:_LISTED]
        ]
        words = {
            "lines": lines,
            "more": max(0, len(rows) - _LISTED),
            "city": text_in(catalogue.jurisdiction.name, language),
            "desk_url": settings.PUBLIC_URL + reverse("desk"),
        }
        body = render_to_string("complaints/mail/handovers.txt", words)
        subject = ngettext(
            "%(n)d complaint handed to you waits for your acceptance",
            "%(n)d complaints handed to you wait for your acceptance",
            len(rows),
        ) % {"n": len(rows)}
    return [
        OutboxMessage(
            recipient=address,
            language=language,
            subject=subject,
            body=body,
            reference=REFERENCE,
            dedup_key=f"{REFERENCE}:{rows[0].pk}:{number}",
            created_at=now,
            next_attempt_at=now,
        )
        for number, address in enumerate(addresses)
        if address
    ]
