"""`manage export_ledger_heads [--to FOLDER]`: each city's daily heads as lines of text, for keeping elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from contracts.services.heads import export_heads
from reporting.commands import Report, ReportingCommand


class Command(ReportingCommand):
    help = "Write <city>.txt with every daily head of its ledger (default: var/exports/ledger-heads)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--to", type=Path, default=None, metavar="FOLDER")

    def run(self, **options: Any) -> Report:
        written = export_heads(options["to"])
        return Report(counts={"cities": len(written), "heads": sum(written.values())})
