"""What beat rings for in this room."""

from celery import shared_task
from django.utils import timezone

from accounts.quotas import forget_windows


@shared_task(name="accounts.forget_quota_windows")  # type: ignore[untyped-decorator]
def forget_quota_windows() -> None:
    """Delete quota windows that no longer count."""
    forget_windows(now=timezone.now())
