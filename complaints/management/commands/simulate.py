"""`manage simulate --jurisdiction CODE [--edition LAYER:NUMBER …] [--city-pack PATH]`: what a change would move, before it."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.utils import timezone

from catalogue.models import Jurisdiction
from complaints.bulk import BulkRouter
from complaints.simulation import MONTHS, Move, Simulation, router_after, router_with, simulate
from districts.citypack.loading import load_city
from districts.citypack.tables import read_tables
from districts.models import BoundaryEdition
from reporting.commands import Fault, Report, ReportingCommand, counter


class Command(ReportingCommand):
    help = (
        "Route former complaints twice, by today's rules and by those of stored editions or of a changed city pack, and say "
        "from which unit to which they would go. Changes nothing; `reroute --dry-run` says what the rules in force would move."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--jurisdiction", required=True)
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--edition",
            action="append",
            metavar="LAYER:NUMBER",
            help="a stored edition, such as districts:4; repeatable",
        )
        what.add_argument("--city-pack", type=Path, metavar="PATH", help="a city pack as `load_city` would load it")
        parser.add_argument("--months", type=int, choices=MONTHS, default=12, help="how far back (12)")

    def run(self, **options: Any) -> Report:
        city = Jurisdiction.objects.filter(code=options["jurisdiction"]).first()
        if city is None:
            return Report(faults=[Fault("unknown_jurisdiction", "no such city is loaded", options["jurisdiction"])])
        report, router = _after(city, options["edition"], options["city_pack"])
        if router is None:
            return report
        tell = counter("complaints looked at")
        result = simulate(city, router, months=options["months"], now=timezone.now(), on_step=tell)
        return _report(result, report)


def _after(city: Jurisdiction, editions: Sequence[str] | None, pack: Path | None) -> tuple[Report, BulkRouter | None]:
    """The rules after the change; None and the faults where there is no such change."""
    if pack is None:
        found, faults = _editions(city, editions or ())
        return Report(faults=faults), None if faults else router_with(city, found)
    told = Report()

    def change() -> None:
        nonlocal told
        told = load_city(pack, now=timezone.now(), imported_by="simulate")

    router = router_after(city, change)
    if told.ok and read_tables(pack).city["code"] != city.code:
        told.faults.append(Fault("other_city", "the pack is another city's", str(pack)))
    return Report(faults=told.faults, remarks=told.remarks), router if told.ok else None


def _editions(city: Jurisdiction, names: Sequence[str]) -> tuple[list[BoundaryEdition], list[Fault]]:
    found, faults = [], []
    for name in names:
        layer, _colon, number = name.rpartition(":")
        rows = BoundaryEdition.objects.filter(jurisdiction=city, layer=layer)
        edition = rows.filter(number=int(number)).first() if number.isdecimal() else None
        if edition is None:
            faults.append(Fault("unknown_edition", "no such edition is stored", name))
        else:
            found.append(edition)
    return found, faults


def _report(result: Simulation, told: Report) -> Report:
    names = ("looked_at", "open", "moved", "moved_open", "kept_by_hand", "left_outside")
    return Report(
        counts={name: getattr(result, name) for name in names},
        remarks=told.remarks,
        more={"moves": _lines(result.units), "district_moves": _lines(result.districts)},
    )


def _lines(moves: Sequence[Move]) -> list[dict[str, object]]:
    return [{"from": m.from_code, "to": m.to_code, "n": m.n, "n_open": m.n_open} for m in moves]
