"""`manage load_demo --count N [--seed S]`: demo accounts and deterministic demo complaints, through the real services."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.access import load_memberships
from accounts.demo import make_demo_accounts
from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.demo.play import Stage
from complaints.demo.replies import write_replies
from complaints.services.small_places import settle_places
from reporting.commands import Fault, Report, ReportingCommand, progress


class Command(ReportingCommand):
    help = "Make demo accounts, and demo complaints up to a number; those made before stay as they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--count", type=int, required=True)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--jurisdiction", default=settings.DEFAULT_JURISDICTION)

    def run(self, **options: Any) -> Report:
        report = Report()
        if settings.PRODUCTION:
            report.faults.append(Fault("not_in_production", "demo data is never loaded in production"))
            return report
        city = Jurisdiction.objects.filter(code=options["jurisdiction"]).first()
        if city is None:
            report.faults.append(Fault("unknown_jurisdiction", "load its city pack first", options["jurisdiction"]))
            return report
        accounts = make_demo_accounts(city, settings.VAR_DIR / "demo-accounts.json")
        write_replies(city, now=timezone.now())
        until = timezone.now().replace(minute=0, second=0, microsecond=0)
        stage = Stage(
            city,
            seed=options["seed"],
            until=until,
            clerk=_member("demo-triage-officer"),
            moderator=_member("demo-moderator"),
            crew=_member("demo-crew-member"),
        )
        numbers = stage.missing(options["count"])
        made = sum(1 for _ in progress(stage.play(numbers), label="demo complaints", total=len(numbers)))
        settle_places(now=until)
        skipped = options["count"] - len(numbers)
        report.counts = {"complaints_made": made, "skipped_existing": skipped, "accounts": len(accounts)}
        return report


def _member(username: str) -> User:
    """A user whose memberships are read once for the whole run."""
    user = User.objects.get(username=username)
    load_memberships(user)
    return user
