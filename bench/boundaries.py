"""Importing three million vertices beside ogr2ogr on the same file and database (`./run bench boundaries`).

Both load the same clean tiling into PostGIS with a spatial index. ogr2ogr (Debian's gdal-bin) copies it; ours also reads it in
the sandboxed child, checks every shape, border, code and name, measures areas, and stores an edition that is put in force.
The runs alternate; the figure is the ratio of the medians, and the target 3. `--whole` times `manage import_boundaries` as a
process of its own, start of Python and Django included. `--formats` takes other formats.
"""

import argparse
import contextlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import django

TARGET = 3.0
COLUMNS, ROWS, EDGE = 20, 15, 2500
WEST, SOUTH, WIDTH, HEIGHT = -5.45, 35.53, 0.18, 0.12
FORMATS = ("fgb", "gpkg", "geojson", "shp.zip")


def main() -> int:
    """Print one JSON object; exit status 0 if the target was met in every format, 1 if not, 2 without ogr2ogr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--formats", default="fgb,gpkg", help=f"comma-separated: {', '.join(FORMATS)}")
    parser.add_argument("--edge", type=int, default=EDGE, help="vertices a side of each of the 300 districts")
    parser.add_argument("--whole", action="store_true", help="time the command as a process of its own")
    options = parser.parse_args()
    ogr2ogr = shutil.which("ogr2ogr")
    if ogr2ogr is None:
        print("ogr2ogr is not here: apt-get install gdal-bin", file=sys.stderr)
        return 2
    with TemporaryDirectory() as folder:
        made = draw(Path(folder), options.formats.split(","), options.edge)
        results = {name: _measure(path, ogr2ogr, options) for name, path in made.items()}
    report = {
        "bench": "boundaries",
        "ok": all(result["ratio"] <= TARGET for result in results.values()),
        "target": TARGET,
        "vertices": 4 * options.edge * COLUMNS * ROWS,
        "whole_process": options.whole,
        "formats": results,
    }
    print(json.dumps(report))
    return 0 if report["ok"] else 1


def _measure(path: Path, ogr2ogr: str, options: argparse.Namespace) -> dict[str, Any]:
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(-1, options.rounds):
        for runs in (theirs, ours):
            begun = time.monotonic()
            if runs is theirs:
                _ogr2ogr(ogr2ogr, path)
            else:
                _ours(path, whole=options.whole)
            if number >= 0:
                runs.append(time.monotonic() - begun)
                print(f"{path.name} {'ours' if runs is ours else 'ogr2ogr'} {runs[-1]:.2f} s", file=sys.stderr)
        _forget()
    medians = statistics.median(ours), statistics.median(theirs)
    return {
        "ours_seconds": round(medians[0], 2),
        "ogr2ogr_seconds": round(medians[1], 2),
        "ratio": round(medians[0] / medians[1], 2),
        "rounds": {"ours": [round(t, 2) for t in ours], "ogr2ogr": [round(t, 2) for t in theirs]},
    }


def _ogr2ogr(program: str, path: Path) -> None:
    url = urlsplit(os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"])
    host = parse_qs(url.query).get("host", [unquote(url.hostname or "")])[0]
    parts = {"host": host, "user": url.username, "password": url.password, "port": url.port, "dbname": url.path[1:]}
    target = "PG:" + " ".join(f"{name}='{value}'" for name, value in parts.items() if value)
    source = f"/vsizip/{path}" if path.suffix == ".zip" else str(path)
    command = [program, "-q", "-f", "PostgreSQL", target, source, "-nln", "bench_ogr2ogr", "-overwrite"]
    # Its own GDAL, not the one of our packages.
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GDAL_", "PROJ_", "GEOS_"))}
    subprocess.run(
        [*command, "-nlt", "PROMOTE_TO_MULTI"], check=True, env=clean | {"PG_USE_COPY": "YES"}, capture_output=True
    )


def _ours(path: Path, *, whole: bool) -> None:
    arguments = [str(path), "--jurisdiction", "tetouan", "--layer", "districts", "--keep", "outside_city", "--json"]
    if whole:
        command = [sys.executable, "manage.py", "import_boundaries", *arguments]
        subprocess.run(command, check=True, capture_output=True)
        return
    from django.core.management import call_command

    out = io.StringIO()
    with contextlib.redirect_stderr(io.StringIO()):
        call_command("import_boundaries", *arguments, stdout=out, stderr=io.StringIO())
    report = json.loads(out.getvalue().splitlines()[-1])
    assert report["ok"] and report["counts"]["activated"] == 1, report


def _forget() -> None:
    """Remove what was imported, so that every round finds the same table."""
    from django.db import connection
    from django.utils import timezone

    from districts.editions import roll_back
    from districts.models import BoundaryEdition

    edition = BoundaryEdition.objects.get(jurisdiction__code="tetouan", layer="districts", is_active=True)
    roll_back(edition, requested_by="bench", now=timezone.now())
    edition.delete()
    connection.close()


def draw(folder: Path, formats: list[str], edge: int) -> dict[str, Path]:
    """The tiling in each format: 300 districts with jagged borders that neighbours share vertex by vertex."""
    import numpy as np
    import pyogrio
    import shapely

    random = np.random.default_rng(1)
    wide, high = WIDTH / COLUMNS, HEIGHT / ROWS

    def line(start: tuple[float, float], end: tuple[float, float]) -> Any:
        along = np.linspace(0, 1, edge + 1)[:, None]
        ahead = np.subtract(end, start)
        sway = 0.05 * np.sin(along * np.pi * 8 + random.random() * 6) * np.sin(along * np.pi)
        sway += (random.random((edge + 1, 1)) - 0.5) * 0.4 / edge
        sway[[0, -1]] = 0
        return np.round(np.array(start) + ahead * along + np.array([-ahead[1], ahead[0]]) * sway, 9)

    def corner(x: int, y: int) -> tuple[float, float]:
        return WEST + x * wide, SOUTH + y * high

    flat = {(x, y): line(corner(x, y), corner(x + 1, y)) for x in range(COLUMNS) for y in range(ROWS + 1)}
    steep = {(x, y): line(corner(x, y), corner(x, y + 1)) for x in range(COLUMNS + 1) for y in range(ROWS)}
    shapes = []
    for x in range(COLUMNS):
        for y in range(ROWS):
            sides = (flat[x, y], steep[x + 1, y], flat[x, y + 1][::-1], steep[x, y][::-1])
            ring = np.vstack([side[:-1] for side in sides])
            shapes.append(shapely.polygons(np.vstack([ring, ring[:1]])))
    wkb = shapely.to_wkb(np.array(shapes, dtype=object))
    codes = np.array([f"d{number}" for number in range(len(shapes))], dtype=object)
    names = ["code", "name_fr", "name_ar", "name_en", "level"]
    columns = [codes, codes, codes, codes, np.ones(len(shapes), dtype=np.int32)]
    made = {}
    for name in formats:
        path = folder / f"districts.{name.removesuffix('.zip')}"
        pyogrio.raw.write(path, wkb, columns, names, geometry_type="Polygon", crs="EPSG:4326")
        if name == "shp.zip":
            with zipfile.ZipFile(folder / "districts.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                    archive.write(path.with_suffix(ending), f"districts{ending}")
            path = folder / "districts.zip"
        made[name] = path
    return made


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geoportal.settings")
    django.setup()
    sys.exit(main())
