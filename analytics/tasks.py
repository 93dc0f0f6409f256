"""What beat rings for: the feed of changes, hot spots and reports that were asked for."""

from celery import shared_task
from django.utils import timezone

from analytics.feed import BATCH, consume
from analytics.hotspots.searching import ask_for_the_latest, let_wait, work_off_searches
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


@shared_task(name="analytics.ask_for_hot_spots")  # type: ignore[untyped-decorator]
def ask_for_hot_spots() -> None:
    """Twelve months of each city are looked at as soon as they are over, and again when their counts have changed."""
    ask_for_the_latest(now=timezone.now())


@shared_task(name="analytics.find_hot_spots")  # type: ignore[untyped-decorator]
def find_hot_spots() -> None:
    """One search at a time: it keeps one worker busy for up to a minute, the other ones are free for the rest."""
    with alone("find-hot-spots") as is_mine:
        if is_mine:
            work_off_searches(now=timezone.now())
        else:
            let_wait(now=timezone.now())
