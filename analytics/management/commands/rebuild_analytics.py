"""`manage rebuild_analytics [--json]`: work out all analytics from scratch; the numbers must not change by it."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from analytics.feed import rebuild
from complaints.models import Complaint
from reporting.commands import Report, ReportingCommand, progress


class Command(ReportingCommand):
    help = "Work out and count everything anew from complaints and their events, and say how many rows differed."

    def run(self, **options: Any) -> Report:
        counts = {"complaints": 0, "rows_added": 0, "rows_corrected": 0}
        for _ in progress(_one_by_one(counts), label="complaints", total=Complaint.objects.count()):
            pass
        return Report(counts=counts)


def _one_by_one(counts: dict[str, int]) -> Iterator[int]:
    """An item a complaint, so that progress is told in complaints."""
    for batch in rebuild(now=timezone.now()):
        counts["complaints"] += batch.complaints
        counts["rows_added"] += batch.added
        counts["rows_corrected"] += batch.corrected
        yield from range(batch.complaints)
