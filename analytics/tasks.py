"""What beat rings for: the feed of changes, reports that were asked for."""

from celery import shared_task
from django.utils import timezone

from analytics.feed import BATCH, consume
from analytics.reports import make_due_reports, remove_old_reports
from analytics.tally.keeping import count_newly_late
from analytics.weekly import order_weekly_briefs
from queueing.alone import alone


@shared_task(name="analytics.consume_feed")  # type: ignore[untyped-decorator]
def consume_feed() -> None:
    """Work off the feed until it is empty, at most twenty batches a ring; then what the clock alone made late."""
    with alone("consume-feed") as is_mine:
        if not is_mine:
            return
        for _ in range(20):
            if consume(now=timezone.now()) < BATCH:
                break
        count_newly_late(now=timezone.now())


@shared_task(name="analytics.make_reports")  # type: ignore[untyped-decorator]
def make_reports() -> None:
    make_due_reports(now=timezone.now())


@shared_task(name="analytics.remove_old_reports")  # type: ignore[untyped-decorator]
def sweep_old_reports() -> None:
    remove_old_reports(now=timezone.now())


@shared_task(name="analytics.order_weekly_briefs")  # type: ignore[untyped-decorator]
def weekly_briefs() -> None:
    order_weekly_briefs(now=timezone.now())
