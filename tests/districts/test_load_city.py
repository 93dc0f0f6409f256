"""A city pack is loaded wholly or not at all, names every fault, and can be loaded again."""

import json
import shutil
from datetime import datetime
from pathlib import Path

import pyogrio
import pytest
import shapely
from django.contrib.gis.gdal import CoordTransform, OGRGeometry, SpatialReference
from django.core.management import call_command

from catalogue.models import Category, Jurisdiction, PolicyVersion, Rung, Schedule, Service, Unit
from complaints.routing import decide
from districts.citypack.loading import load_city
from districts.models import BoundaryEdition, District, ServiceArea

PACK = Path(__file__).parents[2] / "fixtures" / "tetouan"

pytestmark = pytest.mark.django_db


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of Tétouan that a test may spoil."""
    return Path(shutil.copytree(PACK, tmp_path / "pack"))


def spoil(pack: Path, file: str, old: str, new: str) -> None:
    text = (pack / file).read_text(encoding="utf-8")
    assert old in text
    (pack / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_tetouan_loads_and_routes_the_medina(now: datetime) -> None:
    report = load_city(PACK, now=now)
    assert report.ok, report.faults
    decision = decide(-5.3684, 35.5727, "overflowing-bin", at=now)
    assert decision.catalogue.jurisdiction.code == "tetouan"
    assert decision.unit.kind in {"department", "operator"} and decision.place.outside_by_m is None
    assert District.objects.filter(level=1).count() >= 2
    assert not District.objects.filter(area_m2__lte=0).exists()


def test_loading_again_changes_nothing(now: datetime) -> None:
    load_city(PACK, now=now)
    version = Jurisdiction.objects.get().catalogue_version
    again = load_city(PACK, now=now)
    assert again.counts == {"editions_unchanged": BoundaryEdition.objects.count()}
    assert set(BoundaryEdition.objects.values_list("number", flat=True)) == {1}
    assert Jurisdiction.objects.get().catalogue_version >= version


def test_the_source_is_said_in_the_readers_language_or_once_for_all(pack: Path, now: datetime) -> None:
    load_city(pack, now=now)
    source = Jurisdiction.objects.get().source
    assert set(source) == {"fr", "ar", "en"} and len(set(source.values())) == 3
    spoil(pack, "city.toml", "[source]", "[unread]")
    spoil(pack, "city.toml", 'license = "ODbL-1.0"', 'license = "ODbL-1.0"\nsource = "City of Tétouan"')
    assert load_city(pack, now=now).ok
    assert Jurisdiction.objects.get().source == {"fr": "City of Tétouan"}
    assert BoundaryEdition.objects.filter(source__startswith="Tracé").count() == BoundaryEdition.objects.count()


def test_a_source_that_leaves_a_language_out_is_a_fault(pack: Path, now: datetime) -> None:
    spoil(pack, "city.toml", 'ar = "رسم', '# ar = "رسم')
    assert [fault.code for fault in load_city(pack, now=now).faults] == ["missing_name"]


def test_every_fault_is_named_and_nothing_is_stored(pack: Path, now: datetime) -> None:
    spoil(pack, "city.toml", 'time_zone = "Africa/Casablanca"', 'time_zone = "Mars/Olympus"')
    spoil(pack, "catalogue.toml", 'answer_within = "2 working days"', 'answer_within = "soon"')
    spoil(pack, "catalogue.toml", 'ar = "حاوية ممتلئة"', 'ar = ""')
    spoil(pack, "units.toml", 'calendar = "continuous"', 'calendar = "never"')
    spoil(pack, "service_areas.geojson", '"proprete-nord"', '"nobody"')
    report = load_city(pack, now=now)
    told = {(fault.code, fault.where.split(" ")[0]) for fault in report.faults}
    assert told >= {
        ("bad_value", "city.toml"),
        ("bad_value", "catalogue.toml"),
        ("missing_name", "catalogue.toml"),
        ("unknown_reference", "units.toml"),
        ("unknown_reference", "service_areas.geojson"),
    }
    assert not Jurisdiction.objects.exists() and not Unit.objects.exists()


@pytest.mark.parametrize("name", ["city.toml", "units.toml", "catalogue.toml", "districts.geojson"])
def test_a_missing_file_is_named(pack: Path, now: datetime, name: str) -> None:
    (pack / name).unlink()
    assert [f.where for f in load_city(pack, now=now).faults if f.code == "missing_file"] == [name]


@pytest.mark.parametrize("content", ["", "{", '{"type": "FeatureCollection", "features": []}', "[[[[", "\x00\x01"])
def test_hostile_boundaries_are_a_fault_not_a_crash(pack: Path, now: datetime, content: str) -> None:
    (pack / "districts.geojson").write_text(content)
    assert not load_city(pack, now=now).ok


def test_an_invalid_ring_is_refused_not_repaired(pack: Path, now: datetime) -> None:
    data = json.loads((pack / "districts.geojson").read_text(encoding="utf-8"))
    data["features"][3]["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[-5.4, 35.5], [-5.3, 35.6], [-5.3, 35.5], [-5.4, 35.6], [-5.4, 35.5]]],
    }
    (pack / "districts.geojson").write_text(json.dumps(data))
    assert "invalid_geometry" in {fault.code for fault in load_city(pack, now=now).faults}


def test_new_geometry_makes_a_new_edition_and_old_rows_stay(pack: Path, now: datetime) -> None:
    load_city(pack, now=now)
    data = json.loads((pack / "districts.geojson").read_text(encoding="utf-8"))
    data["features"].pop()
    (pack / "districts.geojson").write_text(json.dumps(data))
    report = load_city(pack, now=now)
    assert report.ok and report.counts["editions_created"] == 1
    editions = BoundaryEdition.objects.filter(layer="districts").order_by("number")
    assert [(edition.number, edition.is_active) for edition in editions] == [(1, False), (2, True)]
    assert District.objects.filter(edition=editions[0]).count() == len(data["features"]) + 1


def test_what_an_administrator_edited_is_kept_and_reported(pack: Path, now: datetime) -> None:
    load_city(pack, now=now)
    category = Category.objects.get(code="overflowing-bin")
    category.answer_within = "1 working day"
    category.save()
    spoil(pack, "catalogue.toml", 'answer_within = "2 working days"', 'answer_within = "3 working days"')
    report = load_city(pack, now=now)
    assert report.ok and [remark.code for remark in report.remarks] == ["edited_here"]
    category.refresh_from_db()
    assert category.answer_within == "1 working day"
    load_city(pack, now=now, overwrite=True)
    category.refresh_from_db()
    assert (category.answer_within, category.policy_version) == ("3 working days", 2)


def test_an_edited_service_area_keeps_its_edits_through_a_new_edition(pack: Path, now: datetime) -> None:
    load_city(pack, now=now)
    night = Schedule.objects.get(code="night")
    area = ServiceArea.objects.get(code="bacs-medina")
    area.priority, area.schedule, area.fallback_unit = 77, night, Unit.objects.get(code="permanence")
    area.save()
    data = json.loads((pack / "service_areas.geojson").read_text(encoding="utf-8"))
    for feature in data["features"]:
        if feature["properties"]["code"] == "bacs-medina":
            feature["geometry"]["coordinates"][0] = feature["geometry"]["coordinates"][0][::-1]
            feature["properties"]["unit"] = "hygiene"
        if feature["properties"]["code"] == "parc-dersa":
            feature["properties"]["priority"] = 3
    data["features"] = [f for f in data["features"] if f["properties"]["code"] != "proprete-medina"]
    (pack / "service_areas.geojson").write_text(json.dumps(data))
    report = load_city(pack, now=now)
    assert report.ok and report.counts["editions_created"] == 1
    kept = ServiceArea.objects.get(code="bacs-medina", edition__is_active=True)
    assert kept.edition.number == 2 and kept.pk != area.pk
    assert (kept.priority, kept.schedule, kept.unit.code) == (77, night, "hygiene")
    assert kept.fallback_unit is not None
    assert {remark.code for remark in report.remarks} == {"edited_here"}
    assert ServiceArea.objects.get(code="parc-dersa").priority == 3
    area.refresh_from_db()
    assert (area.unit.code, area.edition.number) == ("proprete-nord", 1)
    load_city(pack, now=now, overwrite=True)
    kept.refresh_from_db()
    assert kept.priority == 5 and kept.schedule is None and kept.fallback_unit is None


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("units.toml", 'mon = ["20:00-06:00"]', 'mon = ["20:00-20:00"]', "bad_value"),
        ("units.toml", 'code = "night"', 'code = "nights"', "unknown_reference"),
        ("service_areas.geojson", '"schedule":"night"', '"schedule":"night","fallback_unit":"x"', "unknown_reference"),
        ("service_areas.geojson", '"schedule":"night"', '"fallback_unit":"hygiene"', "bad_value"),
    ],
)
def test_a_schedule_that_cannot_be_meant_is_a_fault(
    pack: Path, now: datetime, file: str, old: str, new: str, fault: str
) -> None:
    spoil(pack, file, old, new)
    assert fault in {each.code for each in load_city(pack, now=now).faults}


def test_noise_goes_to_the_duty_desk_at_night(now: datetime) -> None:
    load_city(PACK, now=now)
    night = now.replace(hour=23)
    assert decide(-5.3684, 35.5727, "noise", at=night).unit.code == "permanence"
    assert decide(-5.3684, 35.5727, "noise", at=now).unit.code == "police-administrative"


def test_a_service_climbs_its_own_ladder_or_the_usual_one(pack: Path, now: datetime) -> None:
    rung = '[[service.rung]]\ncode = "late"\ndeadline = "resolution"\nat = "3 working days after"\ntell = "office"\n'
    spoil(pack, "catalogue.toml", "  [[service.category]]", f"{rung}\n  [[service.category]]")
    assert load_city(pack, now=now).ok
    ladders = {s.code: list(s.rungs.values_list("code", "at", "tell")) for s in Service.objects.all()}
    assert ladders.pop("cleanliness") == [("late", "3 working days after", "office")]
    assert {len(ladder) for ladder in ladders.values()} == {8}
    # What an administrator changed of the usual ladder stays hers.
    Rung.objects.filter(service__code="roads", code="office").update(at="9 working days after")
    assert load_city(pack, now=now).ok
    assert Rung.objects.get(service__code="roads", code="office").at == "9 working days after"


def test_a_rung_that_cannot_be_climbed_is_a_fault(pack: Path, now: datetime) -> None:
    rung = '[[service.rung]]\ncode = "late"\ndeadline = "soon"\nat = "whenever"\ntell = "nobody"\n'
    spoil(pack, "catalogue.toml", "  [[service.category]]", f"{rung}\n  [[service.category]]")
    faults = [fault for fault in load_city(pack, now=now).faults if "rung late" in fault.where]
    assert len(faults) == 3
    assert not Service.objects.exists()


def test_each_policy_of_a_category_is_kept(pack: Path, now: datetime) -> None:
    load_city(pack, now=now)
    spoil(pack, "catalogue.toml", 'resolve_within = "5 working days"', 'resolve_within = "4 working days"')
    load_city(pack, now=now)
    kept = PolicyVersion.objects.filter(category__code="overflowing-bin").values_list("version", "resolve_within")
    assert list(kept) == [(1, "5 working days"), (2, "4 working days")]


def test_a_projected_file_is_brought_to_degrees(pack: Path, now: datetime) -> None:
    """UTM zone 30 north (EPSG:32630), as a surveyor would deliver it."""
    meta, _, wkb, columns = pyogrio.raw.read(pack / "districts.geojson")
    transform = CoordTransform(SpatialReference("EPSG:4326"), SpatialReference(32630))
    moved = []
    for geometry in shapely.from_wkb(wkb):
        item = OGRGeometry(memoryview(shapely.to_wkb(geometry)), SpatialReference("EPSG:4326"))
        item.transform(transform)
        moved.append(bytes(item.wkb))
    (pack / "districts.geojson").unlink()
    pyogrio.raw.write(
        pack / "districts.gpkg", shapely.to_wkb(shapely.from_wkb(moved)), columns, meta["fields"], crs="EPSG:32630",
        geometry_type="Polygon",
    )  # fmt: skip
    report = load_city(pack, now=now)
    assert report.ok, report.faults
    assert decide(-5.3684, 35.5727, "overflowing-bin", at=now).place.district_code


def test_the_command_prints_its_report_as_json_and_exits_with_one_on_faults(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pack / "units.toml").unlink()
    with pytest.raises(SystemExit) as stop:
        call_command("load_city", str(pack), "--json")
    assert stop.value.code == 1
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert json.loads(last)["ok"] is False
