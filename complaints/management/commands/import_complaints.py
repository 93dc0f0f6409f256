"""`manage import_complaints FILE --jurisdiction CODE --mapping FILE.toml`: history from elsewhere (contract.md §6)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from catalogue.models import Jurisdiction
from catalogue.snapshot import current_snapshot
from complaints.history.importing import Import
from complaints.history.mapping import read_mapping
from reporting.commands import Fault, Report, ReportingCommand


class Command(ReportingCommand):
    help = "Import old complaints: idempotent by (source, id); rejected rows go to FILE.rejected.csv with a reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--jurisdiction", required=True)
        parser.add_argument("--mapping", type=Path, required=True)

    def run(self, **options: Any) -> Report:
        report = Report()
        city = Jurisdiction.objects.filter(code=options["jurisdiction"]).first()
        if city is None:
            report.faults.append(Fault("unknown_jurisdiction", "no such city is loaded", options["jurisdiction"]))
            return report
        if not options["file"].is_file():
            report.faults.append(Fault("missing_file", "no such file", str(options["file"])))
        read = read_mapping(options["mapping"], current_snapshot(city))
        report.faults += read.faults
        if read.mapping is None or not report.ok:
            return report
        return Import(city, read.mapping, timezone.now()).run(options["file"])
