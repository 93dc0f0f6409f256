"""`manage erase NUMBER… | --email ADDRESS`: erase the reporter of complaints, as the law lets her ask."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db.models import F, QuerySet
from django.utils import timezone

from complaints.models import Attachment, Complaint, Message
from complaints.querysets import ComplaintQuerySet
from complaints.services.erasure import erase_reporter
from complaints.tracking import normalise_tracking_number
from following.models import Subscription
from following.services import end_all
from notifications.models import OutboxMessage
from reporting.commands import Fault, Report, ReportingCommand


class Command(ReportingCommand):
    help = (
        "Erase a reporter's name, address, words, files and mails, and what her address follows. Numbers, states, dates and "
        "routing stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="tracking numbers")
        parser.add_argument(
            "--email", default="", help="every complaint filed with this address, and all that it follows"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be erased, and erase nothing")

    def run(self, **options: Any) -> Report:
        numbers, email = options["numbers"], options["email"].strip()
        if bool(numbers) == bool(email):
            raise CommandError("give tracking numbers or --email ADDRESS", returncode=2)
        if email:
            found = Complaint.objects.filter(reporter__email__iexact=email)
            followed = Subscription.objects.filter(email__iexact=email)
            known = found.exists() or followed.exists()
            faults = [] if known else [Fault("not_found", "no complaint was filed or is followed with this address")]
        else:
            found, faults = _by_number(numbers)
            followed = Subscription.objects.filter(complaint__in=found, email__iexact=F("complaint__reporter__email"))
        if faults:
            return Report(counts={"complaints": 0, "followed": 0}, faults=faults)
        counts = _counts(found) | {"followed": followed.count()}
        if not options["dry_run"]:
            _erase(found, followed)
        return Report(counts=counts)


def _erase(found: ComplaintQuerySet, followed: QuerySet[Subscription]) -> None:
    """First what she follows: by her address, which is gone after it."""
    end_all(followed)
    for complaint_id in list(found.values_list("pk", flat=True)):
        erase_reporter(complaint_id, now=timezone.now(), by_system=True)


def _by_number(numbers: list[str]) -> tuple[ComplaintQuerySet, list[Fault]]:
    """The complaints of all numbers, or a fault for each number that names none."""
    wanted = {number: normalise_tracking_number(number) or "" for number in numbers}
    found = Complaint.objects.filter(tracking_number__in=wanted.values())
    known = set(found.values_list("tracking_number", flat=True))
    missing = [number for number, normal in wanted.items() if normal not in known]
    return found, [Fault("not_found", "no complaint has this number", number) for number in missing]


def _counts(complaints: ComplaintQuerySet) -> dict[str, int]:
    numbers = list(complaints.values_list("tracking_number", flat=True))
    return {
        "complaints": len(numbers),
        "messages": Message.objects.filter(complaint__in=complaints, from_reporter=True).count(),
        "files": Attachment.objects.filter(complaint__in=complaints, uploaded_by=None).count(),
        "mails": OutboxMessage.objects.filter(reference__in=numbers).count(),
    }
