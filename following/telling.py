"""The sweeps that tell followers: changes and new complaints at once, the week on Monday mornings.

Each may run twice, late or not at all for days: the outbox's key makes every letter one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Min, Q

from catalogue.models import Jurisdiction
from complaints.models import Complaint, Event, Message, PublicChange
from complaints.notices import told_of
from complaints.workflow import CLOSED_STATES, State
from following.models import Subscription, Watermark
from following.notices import LISTED, change_letter, dedup_key, new_letter, weekly_letter
from following.subjects import followers_of, held_by
from notifications.models import OutboxMessage
from queueing.models import claim

BATCH = 100
# A new complaint waits a little: one withdrawn, hidden or merged at once need not be told.
NEW_WAITS = timedelta(minutes=2)
# Requests that took long are stored late: each sweep looks back over what it has seen.
LOOKS_BACK = timedelta(minutes=10)
# After a long outage, older ones are in the weekly letter and on the map.
OLDEST = timedelta(days=2)
WEEKLY_AT = time(8, 0)
# What followers of a place hear of a complaint after it was filed; who follows one complaint hears all.
_ENDS = CLOSED_STATES | {State.REOPENED}


def tell_changes(*, now: datetime) -> int:
    """Tell followers of the public changes that are due; how many changes were worked off."""
    told = 0
    while rows := claim(PublicChange, now=now, limit=BATCH):
        with transaction.atomic():
            for event_id in _followed(rows):
                _tell_change(event_id, now)
            PublicChange.objects.filter(pk__in=[row.pk for row in rows]).delete()
        told += len(rows)
    return told


def _followed(rows: Sequence[PublicChange]) -> list[int]:
    """Events among them that happened when somebody followed something; years that are loaded from elsewhere did not."""
    instant = Subscription.objects.filter(delivery=Subscription.Delivery.INSTANT)
    first = instant.aggregate(first=Min("confirmed_at"))["first"]
    events = (
        Event.objects.filter(pk__in=[row.event_id for row in rows], at__gte=first) if first else Event.objects.none()
    )
    return list(events.order_by("pk").values_list("pk", flat=True))


def _tell_change(event_id: int, now: datetime) -> None:
    event = Event.objects.get(pk=event_id)
    rows = Complaint.objects.select_related("jurisdiction", "category__service", "district", "unit")
    complaint = rows.get(pk=event.complaint_id)
    if not complaint.has_public_page or complaint.merged_into_id is not None:
        return  # not public any more, or told under another number
    if Event.objects.filter(complaint=complaint, kind=Event.Kind.UNDONE, data__events__contains=event.pk).exists():
        return
    if event.to_state == State.ACCEPTED and complaint.events.filter(kind=Event.Kind.ANSWERED, at=event.at).exists():
        return  # the first answer accepts it, and is told
    wanted = followers_of(complaint) & Q(delivery=Subscription.Delivery.INSTANT, confirmed_at__lte=event.at)
    if event.kind != Event.Kind.STATE_CHANGED or event.to_state not in _ENDS:
        wanted &= Q(subject=Subscription.Subject.COMPLAINT)
    subscriptions = Subscription.objects.filter(wanted).select_related(
        "jurisdiction", "complaint", "service", "category"
    )
    # Reporters of the group have been told, with her own link.
    known = {box.address.casefold() for box in told_of(complaint)}
    message = event.data.get("message") if event.kind == Event.Kind.ANSWERED or event.to_state in _ENDS else None
    answer = Message.objects.filter(pk=message or 0, audience=Message.Audience.PUBLIC).first()
    wanting = [row for row in subscriptions.order_by("subject", "pk") if row.email.casefold() not in known]
    letters = [change_letter(row, complaint, event, answer, now=now) for row in _not_told(wanting, f"event:{event.pk}")]
    OutboxMessage.objects.bulk_create(letters, ignore_conflicts=True)


def _not_told(subscriptions: Iterable[Subscription], news: str) -> list[Subscription]:
    """One subscription for each address that has not been told `news`: who follows a thing in two ways is told once."""
    by_key: dict[str, Subscription] = {}
    for row in subscriptions:
        by_key.setdefault(dedup_key(row.email, news), row)
    told = set(OutboxMessage.objects.filter(dedup_key__in=by_key).values_list("dedup_key", flat=True))
    return [row for key, row in by_key.items() if key not in told]


def tell_new(*, now: datetime) -> int:
    """Tell followers of districts, streets and areas what was filed there; how many letters were put."""
    return sum(_tell_new_of(city, now) for city in Jurisdiction.objects.order_by("code"))


@transaction.atomic
def _tell_new_of(city: Jurisdiction, now: datetime) -> int:
    mark, _created = Watermark.objects.select_for_update().get_or_create(
        jurisdiction=city, defaults={"told_until": now - NEW_WAITS}
    )
    until = now - NEW_WAITS
    since = max(mark.told_until - LOOKS_BACK, now - OLDEST)
    letters: list[OutboxMessage] = []
    if Subscription.objects.filter(jurisdiction=city, confirmed_at__isnull=False, complaint=None).exists():
        filed = Complaint.objects.public().filter(jurisdiction=city, submitted_at__gte=since, submitted_at__lt=until)
        for complaint in filed.select_related("jurisdiction", "category__service", "district", "unit").order_by("pk"):
            letters += _new_letters(complaint, now)
    OutboxMessage.objects.bulk_create(letters, ignore_conflicts=True)
    mark.told_until = max(mark.told_until, until)
    mark.save(update_fields=["told_until"])
    return len(letters)


def _new_letters(complaint: Complaint, now: datetime) -> list[OutboxMessage]:
    wanted = followers_of(complaint) & Q(
        delivery=Subscription.Delivery.INSTANT, complaint=None, confirmed_at__lte=complaint.submitted_at
    )
    rows = Subscription.objects.filter(wanted).select_related("jurisdiction", "complaint", "service", "category")
    waiting = _not_told(rows.order_by("subject", "pk"), f"new:{complaint.pk}")
    return [new_letter(row, complaint, now=now) for row in waiting]


def tell_weeks(*, now: datetime) -> int:
    """Write the weekly letters that are due since Monday, 8 o'clock in each city; how many were put."""
    return sum(_tell_week_of(city, now) for city in Jurisdiction.objects.order_by("code"))


def _tell_week_of(city: Jurisdiction, now: datetime) -> int:
    local = now.astimezone(ZoneInfo(city.time_zone))
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), WEEKLY_AT, tzinfo=local.tzinfo)
    if monday > local:
        monday -= timedelta(days=7)
    due = Subscription.objects.filter(
        jurisdiction=city, delivery=Subscription.Delivery.WEEKLY, confirmed_at__isnull=False, told_until__lt=monday
    )
    put = 0
    for subscription in due.select_related("jurisdiction", "complaint", "service", "category").order_by("pk"):
        put += _tell_week(subscription, monday, now)
    return put


@transaction.atomic
def _tell_week(subscription: Subscription, monday: datetime, now: datetime) -> int:
    """One letter, if there is anything to tell; what it tells of is not told again."""
    assert subscription.told_until is not None
    since = max(subscription.told_until, monday - timedelta(days=7))
    found = held_by(subscription).select_related("category__service", "district", "unit")
    filed = found.filter(submitted_at__gte=since, submitted_at__lt=monday)
    closed = found.filter(closed_at__gte=since, closed_at__lt=monday)
    counts = (filed.count(), closed.count())
    steps = _steps(subscription, since, monday)
    moved = Subscription.objects.filter(pk=subscription.pk, told_until=subscription.told_until).update(
        told_until=monday
    )
    if not (any(counts) or steps) or not moved:
        return 0
    letter = weekly_letter(
        subscription,
        list(filed.order_by("-submitted_at", "-pk")[:LISTED]),
        list(closed.order_by("-closed_at", "-pk")[:LISTED]),
        counts,
        steps,
        week=f"{monday:%G-W%V}",
        now=now,
    )
    OutboxMessage.objects.bulk_create([letter], ignore_conflicts=True)
    return 1


def _steps(subscription: Subscription, since: datetime, until: datetime) -> list[Event]:
    """What became of one complaint in a week; of places only what was filed and what ended is told."""
    complaint = subscription.complaint
    if complaint is None or not held_by(subscription).exists():
        return []
    told = Event.objects.filter(
        complaint=complaint.merged_into_id or complaint.pk,
        is_public=True,
        kind__in=(Event.Kind.STATE_CHANGED, Event.Kind.ANSWERED),
        at__gte=since,
        at__lt=until,
    )
    return list(told.order_by("at", "pk")[:LISTED])
