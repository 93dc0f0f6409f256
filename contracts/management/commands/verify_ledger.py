"""`manage verify_ledger [--jurisdiction CODE] [--heads FILE…]`: is the ledger what it was? Names the first broken entry."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from catalogue.models import Jurisdiction
from contracts.chain import Head, read_heads
from contracts.verification import verify
from reporting.commands import Fault, Report, ReportingCommand


class Command(ReportingCommand):
    help = "Walk the chain of each city's ledger; with --heads, also against heads that left the database (export or mails)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--jurisdiction", help="one city only")
        parser.add_argument("--heads", type=Path, action="append", default=[], metavar="FILE",
                            help="an export of heads or a mail with one; may be given several times")  # fmt: skip

    def run(self, **options: Any) -> Report:
        report = Report(counts={"cities": 0, "entries": 0, "heads": 0})
        heads = self._heads(options["heads"], report)
        cities = Jurisdiction.objects.order_by("code")
        if options["jurisdiction"]:
            cities = cities.filter(code=options["jurisdiction"])
            if not cities:
                report.faults.append(Fault("unknown_jurisdiction", "no such city", options["jurisdiction"]))
        known = {city.code for city in cities}
        for stranger in sorted({head.city for head in heads} - known):
            if not options["jurisdiction"]:
                report.faults.append(Fault("unknown_jurisdiction", "a head names a city that is not here", stranger))
        for city in cities:
            verified = verify(city, heads)
            report.counts["cities"] += 1
            report.counts["entries"] += verified.entries
            report.counts["heads"] += verified.heads
            if verified.broken is not None:
                broken = verified.broken
                report.faults.append(Fault(broken.code, broken.message, f"{broken.city} entry {broken.seq}"))
        return report

    def _heads(self, files: list[Path], report: Report) -> list[Head]:
        heads: list[Head] = []
        for file in files:
            try:
                found = list(read_heads(file.read_text(encoding="utf-8", errors="replace")))
            except OSError as error:
                report.faults.append(Fault("unreadable_file", str(error.strerror), str(file)))
                continue
            if not found:
                report.faults.append(Fault("no_heads", "the file holds no line `ledger-head …`", str(file)))
            heads += found
        return heads
