"""Working off the feed of changes: each changed complaint's timing is worked out, and it is counted, exactly once in effect."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from analytics import timing
from analytics.tally import keeping, sums
from catalogue.models import Jurisdiction
from complaints.models import Complaint, FeedItem
from queueing.models import claim

BATCH = 1000


def consume(*, now: datetime, limit: int = BATCH) -> int:
    """Work off up to `limit` feed items that are due; returns how many.

    Rows are written and items deleted in one transaction: a worker that dies leaves its items, which are due again when
    the lease is over.
    """
    items = claim(FeedItem, now=now, limit=limit)
    if not items:
        return 0
    ids = {item.complaint_id for item in items}
    with transaction.atomic():
        timing.work_out(ids)
        keeping.count(ids, now=now)
        FeedItem.objects.filter(pk__in=[item.pk for item in items]).delete()
    return len(items)


@dataclass(frozen=True)
class Batch:
    """What working out a batch of complaints anew has found."""

    complaints: int
    added: int
    corrected: int


def rebuild(*, now: datetime) -> Iterator[Batch]:
    """Work out and count every complaint anew; the counts stay in use meanwhile, the feed stays as it is.

    First what the complaints say, then the sums of them: the last batch holds no complaints, but the sums put right.
    """
    last = 0
    while ids := list(Complaint.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[: 2 * BATCH]):
        with transaction.atomic():
            timed = timing.work_out(ids)
            added, counted = keeping.count(ids, now=now)
        last = ids[-1]
        yield Batch(len(ids), added, len(timed | counted))
    yield Batch(0, 0, sum(sums.put_right(city) for city in Jurisdiction.objects.order_by("pk")))
