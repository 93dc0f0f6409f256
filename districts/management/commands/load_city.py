"""`manage load_city PATH`: load or update a city pack (contract.md §5)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from districts.citypack.loading import load_city
from reporting.commands import Report, ReportingCommand


class Command(ReportingCommand):
    help = "Load or update a city pack: all of it, or nothing and every fault named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", type=Path)
        parser.add_argument("--overwrite", action="store_true", help="take the pack's values over edits made here")

    def run(self, **options: Any) -> Report:
        return load_city(options["path"], now=timezone.now(), overwrite=options["overwrite"])
