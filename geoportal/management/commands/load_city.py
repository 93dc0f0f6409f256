"""`manage load_city PATH`: load or update a city pack (contract.md §5), each room its part of it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalogue.models import Jurisdiction
from contracts.citypack.loading import load_contracts
from contracts.citypack.reading import read_contracts
from districts.citypack.loading import load_city
from districts.citypack.tables import read_tables
from reporting.commands import Report, ReportingCommand


class Command(ReportingCommand):
    help = "Load or update a city pack: all of it, or nothing and every fault named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", type=Path)
        parser.add_argument("--overwrite", action="store_true", help="take the pack's values over edits made here")

    def run(self, **options: Any) -> Report:
        return load_pack(options["path"], overwrite=options["overwrite"])


def load_pack(folder: Path, *, overwrite: bool = False) -> Report:
    """All parts of a pack in one transaction; whatever is wrong with any of them is named, and nothing is stored."""
    tables = read_tables(folder)
    contracts = read_contracts(tables)
    with transaction.atomic():
        report = load_city(folder, now=timezone.now(), overwrite=overwrite)
        report.faults += contracts.faults
        if report.ok:
            load_contracts(Jurisdiction.objects.get(code=tables.city["code"]), contracts, report)
        if not report.ok:
            report.counts = {}
            transaction.set_rollback(True)
    return report
