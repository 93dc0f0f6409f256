"""`manage verify_invariants`: is everything that must be true of the stored data true?"""

from typing import Any

from django.utils import timezone

from complaints.models import Attachment, Complaint, Event
from geoportal.invariants import INVARIANTS, violations
from notifications.models import OutboxMessage
from queueing.models import QueueRow, QueueState
from reporting.commands import Fault, Report, ReportingCommand

QUEUES: tuple[type[QueueRow], ...] = (OutboxMessage, Attachment)


class Command(ReportingCommand):
    help = "Check what must hold of complaints, history, files, messages and privacy. Changes nothing."

    def run(self, **options: Any) -> Report:
        report = Report(
            counts={
                "checks": len(INVARIANTS) + 3,
                "complaints": Complaint.objects.count(),
                "events": Event.objects.count(),
                "files": Attachment.objects.count(),
            }
        )
        for found in violations(timezone.now()):
            more = f" ({found.count} in all)" if found.count > len(found.examples) else ""
            where = ", ".join(found.examples) + more
            report.faults.append(Fault(found.invariant.code, found.invariant.sentence, where))
        for model in QUEUES:
            given_up = model._default_manager.filter(queue_state=QueueState.FAILED).count()
            if given_up:
                report.remarks.append(Fault("given_up", f"{given_up} were given up", str(model._meta.verbose_name)))
        return report
