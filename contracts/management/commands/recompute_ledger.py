"""`manage recompute_ledger [--jurisdiction CODE] [--month 2026-10]`: the ledger made again from the events, to the centime."""

from argparse import ArgumentParser
from typing import Any

from catalogue.models import Jurisdiction
from contracts.months import parse_month
from contracts.recomputation import recompute
from reporting.commands import Fault, Report, ReportingCommand

SHOWN = 100


class Command(ReportingCommand):
    help = "Compute every penalty, cap and statement again from decisions, clauses and complaints' events, and compare."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--jurisdiction", help="one city only")
        parser.add_argument("--month", help="only breaches of this month, such as 2026-10")

    def run(self, **options: Any) -> Report:
        report = Report(counts={"decisions": 0, "months": 0, "statements": 0, "total_centimes": 0, "differences": 0})
        month = parse_month(options["month"]) if options["month"] else None
        if options["month"] and month is None:
            report.faults.append(Fault("bad_value", "--month must be like 2026-10", options["month"]))
            return report
        cities = Jurisdiction.objects.filter(contracts__isnull=False).distinct().order_by("code")
        if options["jurisdiction"]:
            cities = cities.filter(code=options["jurisdiction"])
            if not cities:
                report.faults.append(
                    Fault("unknown_jurisdiction", "no such city with contracts", options["jurisdiction"])
                )
        for city in cities:
            found = recompute(city, month=month)
            report.counts["decisions"] += found.decisions
            report.counts["months"] += found.months
            report.counts["statements"] += found.statements
            report.counts["total_centimes"] += found.total_centimes
            report.counts["differences"] += len(found.differences)
            for difference in found.differences[:SHOWN]:
                message = f"computed {difference.expected}, stored {difference.stored} (centimes)"
                report.faults.append(Fault(difference.code, message, f"{city.code} {difference.where}"))
        return report
