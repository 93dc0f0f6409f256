"""Every boundary file at hand ends in an edition, a named list of defects, or a clear refusal: the table of docs/boundaries.md.

Skipped where the data is absent: it is not ours to ship. GEOPORTAL_SHARED_DATA names its folder. After a change that is meant,
UPDATE_BOUNDARY_TABLE=1 writes the table anew.
"""

import json
import os
from collections import Counter
from contextlib import suppress
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from catalogue.models import Jurisdiction
from complaints.routing import decide
from districts.citypack.loading import load_city
from districts.importing.child import FileRefused
from districts.importing.imports import read_file
from districts.models import BoundaryEdition, District
from districts.selectors import place_at
from tests.districts.examined import Examined, Refused, examined

DATA = Path(os.environ.get("GEOPORTAL_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
DOCUMENT = Path(__file__).parents[2] / "docs" / "boundaries.md"
BEGIN, END = "<!-- table of files -->", "<!-- end of table -->"
WORLD: dict[str, Any] = {"bounds": [-180.0, -90.0, 180.0, 90.0], "candidates": []}
MOROCCO: dict[str, Any] = {
    "bounds": [-17.2, 20.7, -0.9, 36.0],
    "candidates": ["EPSG:26191", "EPSG:32630", "EPSG:32629"],
}

pytestmark = pytest.mark.skipif(not (DATA / "boundaries").is_dir(), reason=f"the boundary files are not here ({DATA})")


def files() -> list[Path]:
    """Everything that claims to be boundaries; the parts of a Shapefile count as one."""
    parts = {".dbf", ".shx", ".prj", ".cpg"}
    found = [path for folder in ("boundaries", "morocco") for path in (DATA / folder).rglob("*") if path.is_file()]
    return sorted(path for path in found if path.suffix not in parts)


def outcome(path: Path) -> tuple[str, str]:
    """What happens to a file as it is, and with every proposal accepted."""
    in_morocco = "morocco" in path.relative_to(DATA).parts
    city, languages = (MOROCCO, ["fr", "ar"]) if in_morocco else (WORLD, ["en"])

    def run(**choices: Any) -> Examined:
        return examined(read_file(path), path.name, city=city, known={"languages": languages}, **choices)

    try:
        first = run()
    except Refused as refused:
        return f"refused: `{refused.code}`", ""
    except FileRefused as refused:
        return f"refused: `{refused.code}`", ""
    if first.ready:
        return f"edition of {len(first.shapes)}", ""
    accepted = run(accept=["all"])
    left = sorted({d["code"] for d in accepted.header["defects"] if not d["settled"]})
    after = (
        f"edition of {len(accepted.shapes)}"
        if accepted.ready
        else "stays out: " + ", ".join(f"`{code}`" for code in left)
    )
    return _codes(first), after


def _codes(found: Examined) -> str:
    counts = Counter(found.codes)
    return "defects: " + ", ".join(f"`{code}`" + (f" × {n}" if n > 1 else "") for code, n in sorted(counts.items()))


def table() -> str:
    lines = ["| file | as it is | with every proposal accepted |", "|---|---|---|"]
    for path in files():
        lines.append("| " + " | ".join((str(path.relative_to(DATA)), *outcome(path))) + " |")
    return "\n".join(lines)


def test_every_file_ends_as_the_table_says() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _old, foot = rest.split(END)
    made = f"{head}{BEGIN}\n\n{table()}\n\n{END}{foot}"
    if os.environ.get("UPDATE_BOUNDARY_TABLE"):
        DOCUMENT.write_text(made, encoding="utf-8")
    assert made == text


CITY = """
code = "maroc"
tracking_prefix = "MAR"
languages = ["fr", "ar"]
time_zone = "Africa/Casablanca"
country = "MA"
bounds = [-17.2, 20.7, -0.9, 36.0]
license = "ODbL-1.0"
source = "a rectangle"
name = {fr = "Maroc", ar = "المغرب"}
"""
UNITS = """
[[calendar]]
code = "office"
week = {mon = ["08:00-17:00"]}
[[unit]]
code = "bureau"
kind = "department"
calendar = "office"
name = {fr = "Bureau", ar = "مكتب"}
[triage]
unit = "bureau"
"""
CATALOGUE = """
[[service]]
code = "cleanliness"
default_unit = "bureau"
name = {fr = "Propreté", ar = "النظافة"}
  [[service.category]]
  code = "litter"
  name = {fr = "Détritus", ar = "نفايات"}
  answer_within = "2 days"
  resolve_within = "5 days"
"""


@pytest.fixture
def morocco(db: None, tmp_path: Path, now: datetime) -> Jurisdiction:
    """A city as large as the country, with one district so far."""
    pack = tmp_path / "pack"
    pack.mkdir()
    for name, text in (("city", CITY), ("units", UNITS), ("catalogue", CATALOGUE)):
        (pack / f"{name}.toml").write_text(text, encoding="utf-8")
    ring = [[-17.2, 20.7], [-0.9, 20.7], [-0.9, 36.0], [-17.2, 36.0], [-17.2, 20.7]]
    whole = {
        "type": "Feature",
        "properties": {"code": "all", "name_fr": "Tout", "name_ar": "الكل", "level": 1},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    (pack / "districts.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [whole]}))
    assert load_city(pack, now=now).ok
    return Jurisdiction.objects.get(code="maroc")


def import_communes(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    path = DATA / "morocco" / "morocco_communes_rgph2024.zip"
    options = ["--jurisdiction", "maroc", "--layer", "districts", "--json", *arguments]
    with suppress(SystemExit):
        call_command("import_boundaries", str(path), *options, stdout=out, stderr=StringIO())
    report: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return report


def test_the_communes_of_morocco_load_and_each_one_s_interior_point_routes_to_itself(morocco: Jurisdiction) -> None:
    refused = import_communes()
    counted = Counter(fault["code"] for fault in refused["faults"])
    assert refused["ok"] is False and BoundaryEdition.objects.count() == 1
    # The known dirt: no names where codes were renumbered, a ring that touches itself (Mkansa), the national total twice.
    assert (counted["missing_name"], counted["invalid"], counted["missing_code"]) == (213, 1, 2)
    (invalid,) = [fault for fault in refused["faults"] if fault["code"] == "invalid"]
    assert "03-531-05-11" in invalid["where"]
    assert "repeated_population" in {remark["code"] for remark in refused["remarks"]}
    report = import_communes("--accept", "all")
    assert report["ok"], report["faults"]
    assert report["counts"]["features"] == District.objects.active().count() == 1505
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, ST_X(p), ST_Y(p) FROM (SELECT d.code, ST_PointOnSurface(d.geometry) AS p FROM districts_district d"
            " JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active) s"
        )
        places = cursor.fetchall()
    elsewhere = [code for code, x, y in places if (found := place_at(x, y)) is None or found.district_code != code]
    assert elsewhere == []
    assert "Tétouan" in decide(-5.3684, 35.5727, "litter", at=timezone.now()).place.district_name["fr"]
