"""What beat rings for: files that wait to be read, checked, stored or compared; editions whose day has come."""

from celery import shared_task
from django.utils import timezone

from districts.editions import run_due_activations
from districts.importing.comparing import work_on_comparisons
from districts.importing.drafts import remove_old_drafts, work_on_drafts


@shared_task(name="districts.work_on_boundaries")  # type: ignore[untyped-decorator]
def work_on_boundaries() -> None:
    work_on_drafts(now=timezone.now())
    work_on_comparisons(now=timezone.now())


@shared_task(name="districts.activate_editions")  # type: ignore[untyped-decorator]
def activate_editions() -> None:
    run_due_activations(now=timezone.now())


@shared_task(name="districts.remove_old_drafts")  # type: ignore[untyped-decorator]
def sweep_old_drafts() -> None:
    remove_old_drafts(now=timezone.now())
