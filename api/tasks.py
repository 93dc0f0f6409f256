"""What beat rings for in this room."""

from celery import shared_task
from django.utils import timezone

from analytics.exports import remove_old_exports
from api.exports import make_due_exports


@shared_task(name="api.make_exports")  # type: ignore[untyped-decorator]
def make_exports() -> None:
    make_due_exports(now=timezone.now())


@shared_task(name="api.remove_old_exports")  # type: ignore[untyped-decorator]
def sweep_old_exports() -> None:
    remove_old_exports(now=timezone.now())
