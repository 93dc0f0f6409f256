"""`manage import_complaints FILE|URL --jurisdiction CODE --mapping FILE.toml`: history from elsewhere (contract.md §6)."""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from catalogue.models import Jurisdiction
from catalogue.snapshot import current_snapshot
from complaints.history.endpoint import fetch_requests, is_endpoint
from complaints.history.importing import Import
from complaints.history.mapping import Mapping, read_mapping
from complaints.history.reading import UnreadableFile
from reporting.commands import Fault, Report, ReportingCommand


class Command(ReportingCommand):
    help = (
        "Import old complaints: idempotent by (source, id), so an interrupted import is simply run again; "
        "rejected rows go to FILE.rejected.csv with a reason."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="CSV, GeoJSON, XLSX or Open311 JSON (.gz too), or an endpoint's requests.json")
        parser.add_argument("--jurisdiction", required=True)
        parser.add_argument("--mapping", type=Path, required=True)

    def run(self, **options: Any) -> Report:
        report = Report()
        city = Jurisdiction.objects.filter(code=options["jurisdiction"]).first()
        if city is None:
            report.faults.append(Fault("unknown_jurisdiction", "no such city is loaded", options["jurisdiction"]))
            return report
        name = options["file"]
        if not is_endpoint(name) and not Path(name).is_file():
            report.faults.append(Fault("missing_file", "no such file", name))
        read = read_mapping(options["mapping"], current_snapshot(city))
        report.faults += read.faults
        if read.mapping is not None and is_endpoint(name) and read.mapping.format != "open311-json":
            report.faults.append(Fault("bad_value", "an endpoint needs format open311-json", options["mapping"].name))
        if read.mapping is None or not report.ok:
            return report
        if is_endpoint(name):
            return _from_endpoint(name, city, read.mapping)
        return Import(city, read.mapping, timezone.now()).run(Path(name))


def _from_endpoint(address: str, city: Jurisdiction, mapping: Mapping) -> Report:
    rejected = Path.cwd() / f"{urlsplit(address).hostname}.rejected.csv"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "requests.json"
        try:
            fetch_requests(address, mapping, file, now=timezone.now())
        except UnreadableFile as error:
            return Report(faults=[Fault("unreadable_file", str(error), address)])
        return Import(city, mapping, timezone.now()).run(file, rejected=rejected)
