"""`manage build_basemap [PACK …]`: the drawn map of a city pack, as a static file that pages find by the city's code."""

import tomllib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from districts.basemap import BasemapRefused, build_basemap
from reporting.commands import Fault, Report, ReportingCommand


class Command(ReportingCommand):
    help = (
        "Cut the basemap/*.geojson of city packs (default: all under fixtures/) into map tiles, before collectstatic."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("packs", nargs="*", type=Path, metavar="PACK")

    def run(self, **options: Any) -> Report:
        report = Report(counts={"basemaps": 0, "layers": 0})
        packs = options["packs"] or sorted(
            path.parent for path in (Path(settings.BASE_DIR) / "fixtures").glob("*/basemap")
        )
        for pack in packs:
            try:
                code = tomllib.loads((pack / "city.toml").read_text(encoding="utf-8"))["code"]
                target = settings.MADE_STATIC_DIR / "basemap" / f"{code}.pmtiles"
                report.counts["layers"] += build_basemap(pack / "basemap", target)
                report.counts["basemaps"] += 1
            except (OSError, ValueError, KeyError) as error:
                report.faults.append(Fault("city_unreadable", str(error), str(pack / "city.toml")))
            except BasemapRefused as error:
                report.faults.append(Fault("basemap_refused", str(error), str(pack / "basemap")))
        return report
