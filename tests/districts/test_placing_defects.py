"""Where a file lies: contradictions between coordinates and stated system are found, and the likeliest answer is proposed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from districts.importing.target import systems_in_use
from tests.districts.drawn import collection, feature, in_system, write, zipped_shapefile
from tests.districts.examined import Examined, Refused, examined

BOUNDS = (-5.45, 35.53, -5.27, 35.65)
TETOUAN: dict[str, Any] = {"bounds": list(BOUNDS), "candidates": systems_in_use(BOUNDS, "MA")}
BOXES = {code: shapely.box(-5.45 + 0.06 * n, 35.53, -5.39 + 0.06 * n, 35.65) for n, code in enumerate("abc")}


def features(move: Any = lambda shape: shape) -> list[dict[str, Any]]:
    return [feature(code, move(shape)) for code, shape in BOXES.items()]


def numbers(crs: str, *, swapped: bool = False) -> bytes:
    """GeoJSON that claims degrees and holds coordinates of another system."""
    shapes = in_system(np.array(list(BOXES.values())), crs)
    if swapped:
        shapes = shapely.transform(shapes, lambda c: c[:, ::-1])
    return collection([feature(code, shape) for code, shape in zip(BOXES, shapes, strict=True)])


def proposal(found: Examined, code: str) -> tuple[str, bool]:
    defect = found.one(code)
    assert (defect["repair"], defect["keepable"], found.ready) == ("use_crs", False, False)
    return defect["repair_params"]["crs"], defect["repair_params"]["swapped"]


def lands(found: Examined) -> bool:
    """The first district is where it belongs, to a few metres."""
    return found.ready and shapely.hausdorff_distance(found.shape("a"), BOXES["a"]) < 1e-4


def test_metres_that_claim_degrees_are_named_and_their_system_is_proposed() -> None:
    data = numbers("EPSG:32630")
    found = examined(data, city=TETOUAN)
    assert found.codes == ["crs_contradicts"]
    assert proposal(found, "crs_contradicts") == ("EPSG:32630", False)
    evidence = found.one("crs_contradicts")["params"]
    assert evidence["nowhere"] is True and evidence["guesses"][0]["share"] == 1
    assert lands(examined(data, city=TETOUAN, accept=["all"]))


def test_morocco_s_own_system_is_told_from_utm() -> None:
    assert proposal(examined(numbers("EPSG:26191"), city=TETOUAN), "crs_contradicts") == ("EPSG:26191", False)


@pytest.mark.parametrize("crs", ["EPSG:26191", "EPSG:32630", "EPSG:3857"])
def test_a_system_that_somebody_names_is_used(crs: str) -> None:
    found = examined(numbers(crs), city=TETOUAN, crs=crs)
    assert lands(found) and "crs_overridden" in found.remarks


def test_a_wrong_name_is_contradicted_by_the_coordinates() -> None:
    found = examined(numbers("EPSG:32630"), city=TETOUAN, crs="EPSG:26191")
    assert proposal(found, "crs_contradicts") == ("EPSG:32630", False)


def test_swapped_axes_are_named_and_swapped_back_when_accepted() -> None:
    data = numbers("EPSG:4326", swapped=True)
    found = examined(data, city=TETOUAN)
    assert proposal(found, "axes_swapped") == ("EPSG:4326", True)
    assert found.one("axes_swapped")["params"]["away_km"] > 1000
    assert lands(examined(data, city=TETOUAN, accept=["axes_swapped"]))


def test_a_shapefile_without_a_system_gets_a_proposal(tmp_path: Path) -> None:
    path = zipped_shapefile(tmp_path, features(), crs="EPSG:26191", prj=False)
    found = examined(path.read_bytes(), path.name, city=TETOUAN)
    assert proposal(found, "crs_missing") == ("EPSG:26191", False)
    assert lands(examined(path.read_bytes(), path.name, city=TETOUAN, accept=["crs_missing"]))


def test_degrees_without_a_system_are_proposed_as_wgs84(tmp_path: Path) -> None:
    path = zipped_shapefile(tmp_path, features(), prj=False)
    assert proposal(examined(path.read_bytes(), path.name, city=TETOUAN), "crs_missing") == ("EPSG:4326", False)


def test_a_prj_that_contradicts_the_coordinates_is_named(tmp_path: Path) -> None:
    """Coordinates in metres beside a .prj that says degrees."""
    moved = [
        feature(code, shape)
        for code, shape in zip(BOXES, in_system(np.array(list(BOXES.values())), "EPSG:32630"), strict=True)
    ]
    path = zipped_shapefile(tmp_path, moved)
    assert proposal(examined(path.read_bytes(), path.name, city=TETOUAN), "crs_contradicts") == ("EPSG:32630", False)


def test_feet_without_a_system_are_recognised(tmp_path: Path) -> None:
    bounds = (-118.67, 33.70, -118.15, 34.34)
    angeles = {"bounds": list(bounds), "candidates": systems_in_use(bounds, "US")}
    shapes = in_system(
        np.array([shapely.box(-118.5, 33.9, -118.3, 34.1), shapely.box(-118.3, 33.9, -118.2, 34.1)]), "EPSG:2229"
    )
    path = zipped_shapefile(tmp_path, [feature(c, s) for c, s in zip("ab", shapes, strict=True)], prj=False)
    found = examined(path.read_bytes(), path.name, city=angeles)
    guesses = [guess["crs"] for guess in found.one("crs_missing")["params"]["guesses"]]
    assert "EPSG:2229" in guesses and "ft" in found.one("crs_missing")["params"]["guesses"][0]["name"].lower()


@pytest.mark.parametrize(("foot", "metres"), [("foot", 0.3048), ("US survey foot", 1200 / 3937)])
def test_a_metric_system_drawn_in_feet_is_recognised(tmp_path: Path, foot: str, metres: float) -> None:
    """What a drawing program makes of UTM metres; the edge of today tells the two feet apart (8 m here)."""
    shapes = shapely.transform(in_system(np.array(list(BOXES.values())), "EPSG:32630"), lambda c: c / metres)
    path = zipped_shapefile(tmp_path, [feature(c, s) for c, s in zip(BOXES, shapes, strict=True)], prj=False)
    asked: dict[str, Any] = {"city": {**TETOUAN, "today": list(BOUNDS)}}
    guess = examined(path.read_bytes(), path.name, **asked).one("crs_missing")["params"]["guesses"][0]
    assert guess["name"] == f"WGS 84 / UTM zone 30N ({foot})" and guess["share"] == 1
    assert lands(examined(path.read_bytes(), path.name, accept=["crs_missing"], **asked))


def test_the_edge_of_today_decides_between_systems_that_differ_by_a_hundred_metres(tmp_path: Path) -> None:
    """ED50 and WGS 84 in UTM zone 30 both put the file into the city; its edges agree with today's in one of them."""
    path = zipped_shapefile(tmp_path, features(), crs="EPSG:23030", prj=False)
    today = {**TETOUAN, "today": list(BOUNDS)}
    guesses = examined(path.read_bytes(), path.name, city=today).one("crs_missing")["params"]["guesses"]
    assert guesses[0]["crs"] == "EPSG:23030" and guesses[0]["offset_m"] < 30
    other = next(guess for guess in guesses if guess["crs"] == "EPSG:32630")
    assert other["offset_m"] > 80


def test_a_declared_system_in_the_city_is_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "districts.gpkg", features(), crs="EPSG:26191")
    found = examined(path.read_bytes(), path.name, city=TETOUAN)
    assert lands(found) and found.header["crs"] == "EPSG:26191" and "crs_inexact" in found.remarks


def test_a_file_of_another_city_is_refused() -> None:
    paris = [feature("a", shapely.box(2.3, 48.8, 2.4, 48.9))]
    with pytest.raises(Refused) as refused:
        examined(collection(paris), city=TETOUAN)
    assert refused.value.code == "not_in_city" and 1400 < refused.value.params["away_km"] < 1700


@pytest.mark.parametrize(("crs", "code"), [("EPSG:999999", "unknown_crs"), ("EPSG:32730", None)])
def test_a_system_that_does_not_exist_is_refused(crs: str, code: str | None) -> None:
    if code is None:
        assert proposal(examined(numbers("EPSG:32630"), city=TETOUAN, crs=crs), "crs_contradicts")[0] == "EPSG:32630"
        return
    with pytest.raises(Refused) as refused:
        examined(numbers("EPSG:32630"), city=TETOUAN, crs=crs)
    assert refused.value.code == code


def test_a_crs_member_of_geojson_is_honoured() -> None:
    declared = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32630"}}
    document = json.loads(numbers("EPSG:32630")) | {"crs": declared}
    assert lands(examined(json.dumps(document).encode(), city=TETOUAN))


def test_a_crs_member_that_means_nothing_is_named() -> None:
    document = json.loads(collection(features())) | {"crs": "WGS84"}
    found = examined(json.dumps(document).encode(), city=TETOUAN)
    assert found.codes == ["bad_crs_member"]
