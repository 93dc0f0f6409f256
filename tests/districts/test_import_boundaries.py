"""`manage import_boundaries`: a sound file becomes the edition in force, a faulty one leaves nothing behind."""

import json
import random
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from catalogue.models import Jurisdiction
from complaints.routing import decide
from districts.management.commands import import_boundaries
from districts.models import BoundaryEdition, District, EditionActivation, ServiceArea
from tests.districts.drawn import collection, feature, quarters, square, write, zipped_shapefile

pytestmark = pytest.mark.django_db

CASABLANCA = ZoneInfo("Africa/Casablanca")

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(gridville: Jurisdiction) -> Run:
    """`run(path, "--accept", "all")` is the command's report, with its exit status as "status"."""

    def command(path: Path, *arguments: str, layer: str = "districts") -> dict[str, Any]:
        out, status = StringIO(), 0
        options = ["--jurisdiction", "gridville", "--layer", layer, "--json", *arguments]
        try:
            call_command("import_boundaries", str(path), *options, stdout=out, stderr=StringIO())
        except SystemExit as stop:
            status = int(stop.code or 0)
        report: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
        return report | {"status": status}

    return command


def codes(report: dict[str, Any]) -> list[str]:
    return [fault["code"] for fault in report["faults"]]


def test_a_clean_file_is_in_force_at_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new.geojson"
    path.write_bytes(collection(quarters()))
    report = run(path, "--source", "Urban agency", "--license", "CC-BY-4.0", "--date", "2026-10-01")
    assert (report["status"], report["faults"]) == (0, [])
    assert report["counts"]["editions_created"] == report["counts"]["activated"] == 1
    edition = BoundaryEdition.objects.get(layer="districts", is_active=True)
    assert (edition.number, edition.source, edition.license) == (2, "Urban agency", "CC-BY-4.0")
    assert (edition.file_name, len(edition.file_hash), str(edition.data_date)) == ("new.geojson", 64, "2026-10-01")
    assert decide(0.015, 0.005, "pothole", at=timezone.now()).place.district_code == "b"
    rows = District.objects.filter(edition=edition)
    assert [(d.code, d.population) for d in rows.order_by("code")] == [("a", 100), ("b", 200), ("c", 300), ("d", 400)]
    assert all(abs(d.area_m2 / 2_462_000 - 1) < 0.01 for d in rows)


def test_areas_are_measured_as_postgis_measures_them(run: Run, tmp_path: Path) -> None:
    run(write(tmp_path / "new.gpkg", quarters()))
    measured = "SELECT code FROM districts_district WHERE abs(area_m2 / ST_Area(geometry::geography) - 1) > 1e-6"
    with connection.cursor() as cursor:
        cursor.execute(f"{measured} AND edition_id = (SELECT max(id) FROM districts_boundaryedition)")
        assert cursor.fetchall() == []


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "fgb", "kml", "zip"])
def test_every_format_gives_the_same_districts(run: Run, tmp_path: Path, ending: str) -> None:
    driver = "KML" if ending == "kml" else None
    path = (
        zipped_shapefile(tmp_path, quarters())
        if ending == "zip"
        else write(tmp_path / f"new.{ending}", quarters(), driver=driver)
    )
    report = run(path)
    assert (report["status"], report["faults"]) == (0, [])
    assert decide(0.035, 0.015, "pothole", at=timezone.now()).place.district_code == "d"
    names = District.objects.get(edition__is_active=True, code="a").name
    assert names == {"fr": "a", "ar": "a ar", "en": "a en"}


@pytest.mark.parametrize("crs", ["EPSG:32631", "EPSG:3857"])
def test_a_declared_system_is_honoured(run: Run, tmp_path: Path, crs: str) -> None:
    assert run(write(tmp_path / "new.gpkg", quarters(), crs=crs))["status"] == 0
    assert decide(0.0051, 0.005, "pothole", at=timezone.now()).place.district_code == "a"


def spoilt() -> bytes:
    """Two columns that overlap, and one that crosses itself."""
    bow_tie = {"type": "Polygon", "coordinates": [[[0.02, 0], [0.03, 0.02], [0.03, 0], [0.02, 0.02], [0.02, 0]]]}
    return collection([feature("a", square(0, 0, 1.1, 2)), feature("b", square(1, 0, 2, 2)), feature("c", bow_tie)])


def test_a_faulty_file_names_every_defect_with_place_and_proposal_and_stores_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "spoilt.geojson"
    path.write_bytes(spoilt())
    report = run(path)
    assert report["status"] == 1 and report["ok"] is False
    overlap = next(fault for fault in report["faults"] if fault["code"] == "overlap")
    assert overlap["where"] == "feature 2 (b), feature 1 (a) at 0.01050, 0.01000"
    assert "24.61 ha" in overlap["message"] and "--accept overlap-2-1" in overlap["message"]
    assert overlap["moved_m2"] == pytest.approx(246_000, rel=0.01)
    invalid = next(fault for fault in report["faults"] if fault["code"] == "invalid")
    assert "crosses itself" in invalid["message"] and invalid["features"] == [3]
    assert BoundaryEdition.objects.filter(layer="districts").count() == 1


def test_accepting_some_repairs_leaves_the_others_to_decide(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "spoilt.geojson"
    path.write_bytes(spoilt())
    some = run(path, "--accept", "overlap-2-1")
    assert (some["status"], codes(some)) == (1, ["invalid"])
    assert [remark["code"] for remark in some["remarks"] if remark["settled"] and remark["repair"]] == ["overlap"]
    both = run(path, "--accept", "overlap-2-1,invalid-3")
    assert both["status"] == 0 and both["counts"]["repaired"] == 2
    assert BoundaryEdition.objects.get(layer="districts", is_active=True).number == 2


def test_repairs_that_were_made_are_still_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "spoilt.geojson"
    path.write_bytes(spoilt())
    report = run(path, "--accept", "all")
    assert {"overlap", "invalid"} <= {remark["code"] for remark in report["remarks"]}


def test_a_dry_run_reports_and_stores_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new.geojson"
    path.write_bytes(collection(quarters()))
    report = run(path, "--dry-run")
    assert (report["status"], report["counts"]["features"], report["counts"]["editions_created"]) == (0, 4, 0)
    assert BoundaryEdition.objects.filter(layer="districts").count() == 1


def test_an_edition_may_wait_for_its_day(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new.geojson"
    path.write_bytes(collection(quarters()))
    report = run(path, "--activate-on", "2099-01-01")
    assert report["status"] == 0
    planned = EditionActivation.objects.get(queue_state="due")
    assert planned.edition.number == 2 and planned.next_attempt_at == datetime(2099, 1, 1, tzinfo=CASABLANCA)
    assert BoundaryEdition.objects.get(layer="districts", is_active=True).number == 1


def test_a_day_that_has_passed_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new.geojson"
    path.write_bytes(collection(quarters()))
    report = run(path, "--activate-on", "2001-01-01")
    assert (report["status"], codes(report)) == (1, ["date_has_passed"])
    assert BoundaryEdition.objects.filter(layer="districts").count() == 1


def test_an_edition_may_be_stored_only(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new.geojson"
    path.write_bytes(collection(quarters()))
    assert run(path, "--no-activate")["counts"]["activated"] == 0
    assert list(BoundaryEdition.objects.filter(layer="districts", is_active=True).values_list("number", flat=True)) == [
        1
    ]


def test_service_areas_go_to_their_own_layer(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    areas = [
        feature("all", square(0, 0, 4, 2), unit="waste-north", priority=2),
        feature("bins", square(0, 0, 1, 1), unit="bin-team", category="overflowing-bin", priority=1),
    ]
    path.write_bytes(collection(areas))
    report = run(path, layer="service-areas:cleanliness")
    assert (report["status"], report["faults"]) == (0, [])
    assert decide(0.035, 0.015, "litter", at=timezone.now()).unit.code == "waste-north"
    area = ServiceArea.objects.get(edition__is_active=True, code="bins")
    assert (area.unit.code, area.category.code if area.category else "", area.priority) == (
        "bin-team",
        "overflowing-bin",
        1,
    )
    assert BoundaryEdition.objects.get(layer="districts", is_active=True).number == 1


def test_a_unit_that_does_not_exist_is_named_with_those_that_do(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    path.write_bytes(collection([feature("all", square(0, 0, 4, 2), unit="nobody")]))
    report = run(path, "--accept", "all", layer="service-areas:cleanliness")
    assert (report["status"], codes(report)) == (1, ["unknown_unit"])
    assert "bin-team" in report["faults"][0]["message"]


def test_fields_may_be_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new.geojson"
    features = [
        {**one, "properties": {"k": c, "n": f"Quartier {c}"}} for one, c in zip(quarters(), "wxyz", strict=True)
    ]
    path.write_bytes(collection(features))
    report = run(path, "--code", "k", "--name-fr", "n", "--name-ar", "n", "--name-en", "n")
    assert (report["status"], report["faults"]) == (0, [])
    assert District.objects.get(edition__is_active=True, code="z").name["ar"] == "Quartier z"
    assert codes(run(path, "--code", "kk")) == ["unknown_field"]


def test_a_bare_shapefile_is_read_with_the_parts_beside_it(run: Run, tmp_path: Path) -> None:
    zipped_shapefile(tmp_path, quarters())
    assert run(tmp_path / "districts.shp")["status"] == 0
    (tmp_path / "districts.dbf").unlink()
    report = run(tmp_path / "districts.shp")
    assert (report["status"], codes(report)) == (1, ["missing_part"])


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty_file"), (b"hello", "unknown_format"), (b"PK\x03\x04 broken", "archive_broken")]
)
def test_what_cannot_be_read_is_refused_by_name(run: Run, tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    report = run(path)
    assert (report["status"], codes(report), report["faults"][0]["where"]) == (1, [code], "upload")


def test_a_file_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    assert codes(run(tmp_path / "nothing.gpkg")) == ["missing_file"]


def test_an_unknown_service_or_city_is_a_fault(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new.geojson"
    path.write_bytes(collection(quarters()))
    assert codes(run(path, layer="service-areas:nothing")) == ["unknown_layer"]
    with pytest.raises(SystemExit) as stop:
        call_command("import_boundaries", str(path), "--jurisdiction", "atlantis", "--layer", "districts", "--json")
    assert stop.value.code == 1
    assert json.loads(capsys.readouterr().out)["faults"][0]["code"] == "unknown_jurisdiction"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--layer", "streets"],
        ["--activate-on", "soon"],
        ["--name", "fr"],
        ["--activate-on", "2099-01-01", "--no-activate"],
    ],
)
def test_wrong_use_is_told_from_a_faulty_file(gridville: Jurisdiction, tmp_path: Path, arguments: list[str]) -> None:
    usual = [] if "--layer" in arguments else ["--layer", "districts"]
    with pytest.raises(CommandError):  # on the command line: exit status 2
        call_command("import_boundaries", str(tmp_path / "x"), "--jurisdiction", "gridville", *usual, *arguments)


def test_a_shape_that_bursts_the_child_is_refused_by_its_number(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ring of which every side crosses every other: the library would need gigabytes and minutes to mend it."""
    monkeypatch.setattr(import_boundaries, "COMMAND_SECONDS", 4)
    draw = random.Random(7)
    ring = [[draw.uniform(0, 0.04), draw.uniform(0, 0.02)] for _ in range(20_000)]
    bomb = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    path = tmp_path / "bomb.geojson"
    path.write_bytes(collection([*quarters(), feature("bomb", bomb)]))
    report = run(path, "--accept", "all")
    assert report["status"] == 1
    assert codes(report) in (["took_too_long"], ["too_much_memory"], ["crashed"])
    assert "feature 5" in report["faults"][0]["message"]
    assert BoundaryEdition.objects.filter(layer="districts").count() == 1


def test_messages_come_in_the_language_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "spoilt.geojson"
    path.write_bytes(spoilt())
    messages = {language: run(path, "--language", language)["faults"][0]["message"] for language in ("fr", "ar", "en")}
    assert len(set(messages.values())) == 3
