"""`manage rebuild_analytics [--json]`: work out all analytics from scratch; the numbers must not change by it."""

from typing import Any

from analytics.models import Timing
from analytics.timing import rebuild
from complaints.models import Complaint
from reporting.commands import Report, ReportingCommand, progress

Facts = dict[int, tuple[Any, ...]]


class Command(ReportingCommand):
    help = "Work out all analytics anew from complaints and their events, and say how many rows differed."

    def run(self, **options: Any) -> Report:
        before = _facts()
        total = Complaint.objects.count()
        batches = (item for size in rebuild() for item in range(size))
        done = sum(1 for _ in progress(batches, label="complaints", total=total))
        after = _facts()
        differed = sum(1 for pk, facts in after.items() if before.get(pk) not in (None, facts))
        return Report(
            counts={"complaints": done, "rows_added": len(after.keys() - before.keys()), "rows_corrected": differed}
        )


def _facts() -> Facts:
    rows = Timing.objects.values_list("pk", "answer_due_unpaused", "resolution_due_unpaused", "paused_seconds")
    return {row[0]: row[1:] for row in rows}
