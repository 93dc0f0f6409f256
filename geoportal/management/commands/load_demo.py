"""`manage load_demo --count N [--seed S] [--no-findings]`: demo accounts, deterministic complaints and findings, by the real
services."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.access import load_memberships
from accounts.demo import make_demo_accounts
from accounts.models import Membership, Role, User
from analytics.tasks import consume_feed
from catalogue.models import Jurisdiction
from complaints.demo.play import STILL_TO_DELIVER, Stage, call_sent, newest_letter
from complaints.demo.replies import write_replies
from complaints.services.hotspot_search import find_hotspots
from complaints.services.small_places import settle_places
from contracts.demo.play import People, has_findings, play
from reporting.commands import Fault, Report, ReportingCommand, progress

COUNTED_TOGETHER = 200


class Command(ReportingCommand):
    help = "Make demo accounts, and demo complaints up to a number; those made before stay as they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--count", type=int, required=True)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--jurisdiction", default=settings.DEFAULT_JURISDICTION)
        parser.add_argument("--no-findings", action="store_true",
                            help="complaints only: findings and their ledger are left to a later call")  # fmt: skip

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
        newest = newest_letter()
        # First, so that operators and treasury wait no longer than they must for the rest in the background.
        stories = 0 if options["no_findings"] or has_findings(city) else _play_findings(city, until, options["seed"])
        stage = Stage(
            city,
            seed=options["seed"],
            until=until,
            clerk=_member("demo-triage-officer"),
            moderator=_member("demo-moderator"),
            crew=_member("demo-crew-member"),
        )
        numbers = stage.missing(options["count"])
        made = _play(stage, numbers)
        settle_places(now=until)
        find_hotspots(now=timezone.now())
        consume_feed()
        call_sent(after=newest, before=until - STILL_TO_DELIVER)
        skipped = options["count"] - len(numbers)
        report.counts = {"complaints_made": made, "skipped_existing": skipped, "accounts": len(accounts)}
        report.counts["finding_stories"] = stories
        return report


def _play(stage: Stage, numbers: list[int]) -> int:
    """Play the stories and count them as they come: years of changes at once would keep those of real people waiting."""
    made = 0
    for made, _number in enumerate(progress(stage.play(numbers), label="demo complaints", total=len(numbers)), 1):
        if made % COUNTED_TOGETHER == 0:
            consume_feed()
    return made


def _play_findings(city: Jurisdiction, until: datetime, seed: int) -> int:
    operators = Membership.objects.filter(
        role=Role.OPERATOR_USER, jurisdiction=city, user__username__startswith="demo-"
    )
    people = People(
        triage=_member("demo-triage-officer"),
        moderator=_member("demo-moderator"),
        manager=_member("demo-contract-manager"),
        treasury=_member("demo-treasury-officer"),
        operators={row.unit_id: _member(row.user.get_username()) for row in operators if row.unit_id is not None},
    )
    return sum(1 for _ in progress(play(city, people, until=until, seed=seed), label="demo findings"))


def _member(username: str) -> User:
    """A user whose memberships are read once for the whole run."""
    user = User.objects.get(username=username)
    load_memberships(user)
    return user
