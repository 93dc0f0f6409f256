"""`manage rollback_boundaries --jurisdiction CODE --layer LAYER`: put the edition before the present one in force again."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from catalogue.models import Jurisdiction
from districts.editions import AlreadyActive, NothingToGoBackTo, activate, edition_before, roll_back
from districts.models import BoundaryEdition
from reporting.commands import Fault, Report, ReportingCommand


class Command(ReportingCommand):
    help = "Put the edition in force that the present one replaced, exactly as it was; --to names another one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--jurisdiction", required=True, metavar="CODE")
        parser.add_argument("--layer", required=True, help="districts or service-areas:SERVICE")
        parser.add_argument(
            "--to", type=int, metavar="NUMBER", help="the edition to put in force (default: the one before)"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say which edition it would be")

    def run(self, **options: Any) -> Report:
        report, now = Report(), timezone.now()
        city = Jurisdiction.objects.filter(code=options["jurisdiction"]).first()
        if city is None:
            report.faults.append(Fault("unknown_jurisdiction", "no such city is loaded", options["jurisdiction"]))
            return report
        editions = BoundaryEdition.objects.filter(jurisdiction=city, layer=options["layer"])
        active = editions.filter(is_active=True).first()
        wanted = editions.filter(number=options["to"]).first() if options["to"] is not None else None
        if active is None or (options["to"] is not None and wanted is None):
            report.faults.append(Fault("unknown_edition", "there is no such edition", options["layer"]))
            return report
        by = "rollback_boundaries"
        try:
            if options["dry_run"]:
                found = wanted or edition_before(active)
                if found is None:
                    raise NothingToGoBackTo
            elif wanted is not None:
                found = activate(wanted, requested_by=by, now=now, is_rollback=True).edition
            else:
                found = roll_back(active, requested_by=by, now=now).edition
            report.counts = {"from_edition": active.number, "to_edition": found.number}
            report.counts["activated"] = 0 if options["dry_run"] else 1
        except NothingToGoBackTo:
            message = "the present edition took the place of none"
            report.faults.append(Fault("nothing_to_go_back_to", message, f"{options['layer']} {active.number}"))
        except AlreadyActive:
            report.faults.append(
                Fault("already_active", "this edition is in force", f"{options['layer']} {active.number}")
            )
        return report
