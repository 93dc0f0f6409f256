"""What beat rings for. A ring that is lost costs nothing: the next one finds the same rows."""

from celery import shared_task
from django.utils import timezone

from following import services, telling
from queueing.alone import alone


@shared_task(name="following.tell_followers")  # type: ignore[untyped-decorator]
def tell_followers() -> None:
    """Tell followers what changed and what is new; those who had their data erased are followers no more."""
    with alone("tell-followers") as is_mine:
        if is_mine:
            services.end_for_erased(now=timezone.now())
            telling.tell_changes(now=timezone.now())
            telling.tell_new(now=timezone.now())


@shared_task(name="following.tell_weeks")  # type: ignore[untyped-decorator]
def tell_weeks() -> None:
    """Write the weekly letters that are due."""
    with alone("tell-weeks") as is_mine:
        if is_mine:
            telling.tell_weeks(now=timezone.now())


@shared_task(name="following.forget_past")  # type: ignore[untyped-decorator]
def forget_past() -> None:
    """End what nobody confirmed, and what is past its retention."""
    services.forget_past(now=timezone.now())
