"""`manage load_layer FILE|--remove --jurisdiction CODE --kind streets|assets`: what complaints are measured by."""

import hashlib
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from analytics.layers.keeping import About, OutsideCity, keep_layer, remove_layer
from analytics.layers.reading import cut_into_squares, read_layer
from analytics.models import Layer
from catalogue.models import Jurisdiction
from reporting.commands import Fault, Report, ReportingCommand


class Command(ReportingCommand):
    help = (
        "Load a city's streets (lines) or assets (points) in place of those loaded before: all of the file, or nothing and every"
        " fault named. The office's maps then show complaints per kilometre of street, or per asset."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "file", type=Path, nargs="?", help="any vector format that GDAL reads, its coordinate system declared"
        )
        parser.add_argument("--remove", action="store_true", help="take away what was loaded; wants no file")
        parser.add_argument("--jurisdiction", required=True, metavar="CODE")
        parser.add_argument("--kind", required=True, choices=Layer.Kind.values)
        parser.add_argument(
            "--name",
            action="append",
            default=[],
            metavar="LANGUAGE=TEXT",
            help="of assets, in each language of the city",
        )
        parser.add_argument("--source", default="", help="where they come from (default: the file's name)")

    def run(self, **options: Any) -> Report:
        if bool(options["file"]) == options["remove"]:
            raise CommandError("Name a file, or --remove what was loaded.", returncode=2)
        report = Report()
        city = Jurisdiction.objects.filter(code=options["jurisdiction"]).first()
        if city is None:
            report.faults.append(Fault("unknown_jurisdiction", "no such city is loaded", options["jurisdiction"]))
            return report
        kind, file = Layer.Kind(options["kind"]), options["file"]
        if options["remove"]:
            report.counts = {"removed": int(remove_layer(city, kind))}
            return report
        name = _name(options["name"], city, kind, report.faults)
        if not file.is_file():
            report.faults.append(Fault("missing_file", "there is no such file", str(file)))
        if report.ok:
            _load(city, kind, file, name, (options["source"] or file.name)[:300], report)
        return report


def _name(given: list[str], city: Jurisdiction, kind: Layer.Kind, faults: list[Fault]) -> dict[str, str]:
    name = {language.strip(): text.strip() for language, _, text in (each.partition("=") for each in given)}
    if kind == Layer.Kind.STREETS:
        return {}
    for language in city.languages:
        if not name.get(language):
            faults.append(Fault("missing_name", f"assets need a name: --name {language}=…", "--name"))
    return name


def _load(city: Jurisdiction, kind: Layer.Kind, file: Path, name: dict[str, str], source: str, report: Report) -> None:
    about = json.dumps([kind.value, name, source], sort_keys=True).encode()
    digest = hashlib.sha256(file.read_bytes() + about).hexdigest()
    report.counts = {"features": 0, "squares": 0, "loaded": 0, "unchanged": 0}
    before = Layer.objects.filter(jurisdiction=city, kind=kind).first()
    if before is not None and before.digest == digest:
        report.counts |= {"features": before.features, "squares": before.pieces.count(), "unchanged": 1}
        return
    geometries = read_layer(file, kind, report.faults)
    if report.faults:
        report.counts = {}
        return
    pieces = cut_into_squares(geometries, kind)
    about_it = About(name=name, source=source, digest=digest, features=len(geometries), loaded_at=timezone.now())
    try:
        keep_layer(city, kind, pieces, about_it)
    except OutsideCity:
        report.counts = {}
        report.faults.append(Fault("outside_city", "nothing of it lies in the city's districts", file.name))
        return
    report.counts |= {"features": len(geometries), "squares": len(pieces), "loaded": 1}
