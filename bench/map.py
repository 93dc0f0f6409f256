"""Maps, lists and downloads of a synthetic city, at a tenth of the points and at all (`./run bench map --points 1000000`).

Each figure is asked over HTTP in turns with its peer (tipg, djangorestframework-gis, on the same PostGIS and table) and with
the limit (the bare SQL of the same answer): what is compared are medians and 95th percentiles of one run.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django

CITY = "tetouan"
FIGURES = ("tiles", "listing", "table", "upkeep")


def main() -> int:
    """Print one JSON object; exit status 0 if every target was met, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--figures", nargs="+", choices=FIGURES, default=FIGURES)
    parser.add_argument("--without-peer", action="store_true", help="do not fetch and start tipg")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    django.setup()
    from bench import measuring
    from bench.peers import tipg
    from bench.servers import serving

    measure: dict[str, Callable[..., dict[str, Any]]] = {name: getattr(measuring, name) for name in FIGURES}
    measured: dict[int, dict[str, Any]] = {}
    for points in (options.points // 10, options.points):
        loaded = load(points)
        with ExitStack() as running:
            ours = running.enter_context(serving("granian"))
            peer = None if options.without_peer else running.enter_context(tipg(Path("var") / "tipg"))
            measured[points] = loaded | {
                name: _told(measure[name], ours, peer, options.rounds) for name in options.figures
            }
    few, many = measured.values()
    report = measuring.report(few, many)
    print(json.dumps({"bench": "map", **report, "few": few, "many": many}))
    return 0 if report["ok"] else 1


def load(points: int) -> dict[str, Any]:
    """The city with so many complaints, counted. As the owner: indexes are dropped for it."""
    from django.db import connection
    from django.utils import timezone

    from bench import synthetic
    from catalogue.models import Jurisdiction
    from geoportal.env import database_settings

    city, now = Jurisdiction.objects.get(code=CITY), timezone.now()
    runtime = connection.settings_dict.copy()
    connection.close()
    connection.settings_dict.update(database_settings(os.environ["DATABASE_OWNER_URL"], variable="DATABASE_OWNER_URL"))
    begun = time.perf_counter()
    complaints = synthetic.load(points, city=city, now=now)
    loaded = time.perf_counter() - begun
    counted = synthetic.count_all(city=city, now=now)
    connection.close()
    connection.settings_dict.update(runtime)
    return {"complaints": complaints, "load_seconds": round(loaded), "count_seconds": round(counted)}


def _told(measure: Callable[..., dict[str, Any]], ours: int, peer: int | None, rounds: int) -> dict[str, Any]:
    begun = time.perf_counter()
    found = measure(ours, peer, rounds=rounds)
    # Told at once, too: with ten million points, what fails later would cost an hour.
    print(f"{measure.__name__}: {time.perf_counter() - begun:.0f} s {json.dumps(found)}", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
