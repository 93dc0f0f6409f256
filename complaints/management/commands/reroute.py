"""`manage reroute --jurisdiction CODE [--dry-run]`: route the open complaints again by the rules in force."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from catalogue.models import Jurisdiction
from complaints.services.rerouting import Outcome, plan, reroute
from complaints.services.routing_jobs import start_rerouting, stay
from queueing.alone import alone
from reporting.commands import Fault, Report, ReportingCommand, counter


class Command(ReportingCommand):
    help = (
        "Give each open complaint to the unit and district that the rules in force name. What was decided by hand stays; "
        "promises stay; reporters, units and crews are told. --dry-run shows the same and changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--jurisdiction", required=True)
        parser.add_argument("--dry-run", action="store_true")

    def run(self, **options: Any) -> Report:
        city = Jurisdiction.objects.filter(code=options["jurisdiction"]).first()
        if city is None:
            return Report(faults=[Fault("unknown_jurisdiction", "no such city is loaded", options["jurisdiction"])])
        if options["dry_run"]:
            return _report(plan(city))
        # The sweep of the worker holds the same name: two runs at a time would only get into each other's way.
        with alone("reroute") as is_mine:
            if not is_mine:
                return Report(faults=[Fault("already_running", "complaints are being routed again at this moment")])
            return _report(_reroute(city))


def _reroute(city: Jurisdiction) -> Outcome:
    """As a row that is being worked at: should this process die, the worker goes on with it."""
    job = start_rerouting(city, requested_by="manage reroute", now=timezone.now())
    tell = counter("complaints moved")

    def heard(moved: int) -> None:
        stay(job)
        tell(moved)

    return reroute(job, now=job.requested_at, on_step=heard)


def _report(outcome: Outcome) -> Report:
    names = ("tracking_number", "from", "to", "from_district", "to_district")
    return Report(
        counts={
            name: getattr(outcome, name)
            for name in ("looked_at", "moved", "kept_by_hand", "outside", "changed_meanwhile")
        },
        more={
            "moves": [{"from": a, "to": b, "n": n} for (a, b), n in sorted(outcome.pairs.items())],
            "complaints": [dict(zip(names, row, strict=True)) for row in outcome.complaints],
        },
    )
