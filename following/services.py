"""Every write about following: asked for, confirmed, changed, ended. An address is told nothing before it has confirmed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.contrib.gis.geos import Polygon
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.crypto import salted_hmac

from accounts.quotas import DAY, Limit, QuotaExceeded, spend_by_key
from catalogue.models import Category, Jurisdiction, Service
from complaints.models import Complaint, Erasure, mark_of_address
from complaints.services.verdicts import Voice, forget_voice
from complaints.workflow import OPEN_STATES
from following.models import Subscription
from following.notices import confirmation, subscription_reference
from notifications.models import OutboxMessage
from notifications.outbox import erase_messages, remove_mail_files
from queueing.models import claim

# Whoever does not confirm did not mean it, or is not the owner of the address.
UNCONFIRMED_KEPT = timedelta(days=7)
# So many letters asking for confirmation one address gets in a day, whoever asks.
_ASKED_A_DAY = (Limit(5, DAY),)
_Subject = Subscription.Subject


@dataclass(frozen=True)
class Wish:
    """What somebody wants to be told of, checked for shape. One of complaint, district and area."""

    city: Jurisdiction
    email: str
    language: str
    delivery: str = Subscription.Delivery.INSTANT
    complaint: Complaint | None = None
    district_code: str = ""
    area: Polygon | None = None
    place: str = ""
    service: Service | None = None
    category: Category | None = None

    @property
    def subject(self) -> str:
        if self.complaint is not None:
            return _Subject.COMPLAINT
        if self.district_code:
            return _Subject.DISTRICT
        return _Subject.STREET if self.place else _Subject.AREA


@transaction.atomic
def subscribe(wish: Wish, *, now: datetime) -> Subscription:
    """Keep a wish and ask its address to confirm it; one that is there already is asked about, not doubled.

    What is asked for again after it was confirmed changes how often it is told and sends nothing. An address that was
    asked too often today is not asked again: whoever asks learns nothing of that.
    """
    found = _same(wish)
    if found is None:
        found = Subscription.objects.create(
            jurisdiction=wish.city,
            email=wish.email,
            language=wish.language,
            subject=wish.subject,
            complaint=wish.complaint,
            district_code=wish.district_code,
            area=wish.area,
            place=wish.place[:120],
            service=wish.service,
            category=wish.category,
            delivery=wish.delivery,
            created_at=now,
        )
    if found.confirmed_at is None and _may_ask(wish.email, now):
        OutboxMessage.objects.bulk_create([confirmation(found, now=now)], ignore_conflicts=True)
    return found


def _same(wish: Wish) -> Subscription | None:
    rows = Subscription.objects.filter(
        jurisdiction=wish.city,
        email__iexact=wish.email,
        subject=wish.subject,
        complaint=wish.complaint,
        district_code=wish.district_code,
        service=wish.service,
        category=wish.category,
    )
    found: Subscription | None
    if wish.area is None:
        found = rows.first()
    else:
        found = next((row for row in rows if row.area is not None and row.area.equals_exact(wish.area, 1e-7)), None)
    return found


def _may_ask(email: str, now: datetime) -> bool:
    key = salted_hmac("following.asked", email.casefold(), algorithm="sha256").hexdigest()[:32]
    if not settings.RATE_LIMIT_SCALE:
        return True
    try:
        spend_by_key(f"asked:{key}", _ASKED_A_DAY, now=now, scale=settings.RATE_LIMIT_SCALE)
    except QuotaExceeded:
        return False
    return True


def confirm(subscription: Subscription, *, now: datetime) -> Subscription:
    """Its owner wants it. Confirming twice is confirming once."""
    Subscription.objects.filter(pk=subscription.pk, confirmed_at=None).update(confirmed_at=now, told_until=now)
    subscription.refresh_from_db()
    return subscription


def change_delivery(subscription: Subscription, delivery: str, *, now: datetime) -> Subscription:
    """At once, or once a week from now on."""
    Subscription.objects.filter(pk=subscription.pk).update(delivery=Subscription.Delivery(delivery), told_until=now)
    subscription.refresh_from_db()
    return subscription


@transaction.atomic
def end(subscription: Subscription) -> None:
    """Its owner wants no more of it: it is deleted, what still waits does not leave, and her words are erased."""
    reference = subscription_reference(subscription.pk)
    erase_messages(reference)
    transaction.on_commit(partial(remove_mail_files, reference))
    forget_voice(Voice.of_follower(subscription.pk, since=subscription.created_at))
    subscription.delete()


def end_for_erased(*, now: datetime) -> int:
    """Reporters had their data erased: what the same address follows of that complaint ends, confirmed or not.

    Of streets, districts and areas it goes on: those are wishes of their own, with their own link to end them. Returns how
    many erasures were worked off.
    """
    ended = 0
    while rows := claim(Erasure, now=now, limit=100):
        for row in rows:
            shown = [pk for pk in (row.complaint_id, row.complaint.merged_into_id) if pk is not None]
            follow = Subscription.objects.filter(complaint__in=shown)
            hers = [one.pk for one in follow if mark_of_address(one.email) == row.address]
            end_all(Subscription.objects.filter(pk__in=hers))
        Erasure.objects.filter(pk__in=[row.pk for row in rows]).delete()
        ended += len(rows)
    return ended


def forget_past(*, now: datetime) -> dict[str, int]:
    """End what nobody confirmed in a week, and what follows a complaint that is past its city's retention (nightly)."""
    unconfirmed = Subscription.objects.filter(confirmed_at=None, created_at__lt=now - UNCONFIRMED_KEPT)
    counts = {"unconfirmed": end_all(unconfirmed), "past_retention": 0}
    for city in Jurisdiction.objects.order_by("code"):
        closed_before = now - timedelta(days=city.reporter_days_after_close)
        rows = Subscription.objects.filter(jurisdiction=city, complaint__isnull=False)
        # What is merged ends with its primary.
        shown = Coalesce("complaint__merged_into__closed_at", "complaint__closed_at")
        is_open = Coalesce("complaint__merged_into__state", "complaint__state")
        ended = rows.alias(ended_at=shown, shown_state=is_open).filter(ended_at__lt=closed_before)
        counts["past_retention"] += end_all(ended.exclude(shown_state__in=OPEN_STATES))
    return counts


def end_all(rows: QuerySet[Subscription]) -> int:
    """End several, each in a transaction of its own; how many there were."""
    gone = list(rows)
    for subscription in gone:
        end(subscription)
    return len(gone)


def voice_of(subscription: Subscription) -> Voice:
    """The follower's voice about a closing. Who confirmed after it was not asked."""
    return Voice.of_follower(subscription.pk, since=subscription.confirmed_at or subscription.created_at)
