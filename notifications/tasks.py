"""What beat rings for. A ring that is lost costs nothing: the next one finds the same rows."""

from celery import shared_task
from django.utils import timezone

from notifications.delivery import deliver_due


@shared_task(name="notifications.deliver_messages")  # type: ignore[untyped-decorator]
def deliver_messages() -> None:
    """Deliver the messages that are due."""
    deliver_due(now=timezone.now())
