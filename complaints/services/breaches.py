"""Missed promises: each is recorded once, by a sweep, or by whatever is about to change the promise or end its clock."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce

from complaints.models import Complaint, Event, FeedItem
from complaints.querysets import ComplaintQuerySet
from complaints.services.history import new_event, new_feed_item

PROMISES = ("answer", "resolution")
# A request that began before the deadline may still be storing its answer.
GRACE = timedelta(minutes=1)
BATCH = 500


def record_breaches(*, now: datetime) -> int:
    """Record every promise of an open complaint that was missed and is not recorded yet; how many.

    Bears being run twice, at the same time, or for the first time in days. Paused clocks stand still.
    """
    recorded = 0
    for name in PROMISES:
        while batch := list(_missed(name, now - GRACE)[:BATCH]):
            recorded += _record([(complaint, name) for complaint in batch], now)
    return recorded


def record_missed(complaint: Complaint, *, now: datetime) -> int:
    """Record what this complaint missed until now. For services about to answer, close, reopen, pause or promise anew.

    The caller holds the row's lock. Costs no query when nothing was missed.
    """
    missed = [(complaint, name) for name in PROMISES if _is_missed(complaint, name, now)]
    return _record(missed, now) if missed else 0


def _missed(name: str, now: datetime) -> ComplaintQuerySet:
    """A breach of the present promise was recorded after its instant; one of an earlier promise before it."""
    due = f"{name}_due_at"
    recorded = Event.objects.filter(
        complaint=OuterRef("pk"), kind=Event.Kind.BREACHED, data__deadline=name, at__gte=OuterRef(due)
    )
    missed = Q(**{f"{due}__lt": Coalesce(F("paused_at"), Value(now))})
    if name == "answer":
        missed &= Q(answered_at=None)
    return Complaint.objects.primary().open().filter(missed, ~Exists(recorded)).order_by("pk")


def _is_missed(complaint: Complaint, name: str, now: datetime) -> bool:
    due: datetime | None = getattr(complaint, f"{name}_due_at")
    if (
        due is None
        or not complaint.is_open
        or complaint.merged_into_id is not None
        or (name == "answer" and complaint.answered_at is not None)
    ):
        return False
    return due < (complaint.paused_at or now)


@transaction.atomic
def _record(missed: list[tuple[Complaint, str]], now: datetime) -> int:
    events = [
        new_event(
            complaint,
            Event.Kind.BREACHED,
            now=now,
            is_public=True,
            data={"deadline": name, "due": _due(complaint, name)},
        )
        for complaint, name in missed
    ]
    # The unique constraint event_breach_once is what makes it once; a second sweep's rows fall away.
    Event.objects.bulk_create(events, ignore_conflicts=True)
    items = [new_feed_item(complaint, now=now) for complaint, _ in missed]
    FeedItem.objects.bulk_create(items)
    return len(missed)


def _due(complaint: Complaint, name: str) -> str:
    due: datetime = getattr(complaint, f"{name}_due_at")
    return due.astimezone(UTC).isoformat()
