"""Every fault of a single shape is named with its feature and place, and repaired only when somebody accepts it."""

import json
from typing import Any

import numpy as np
import pytest
import shapely

from districts.topology import shapes
from tests.districts.drawn import collection, feature, quarters, square
from tests.districts.examined import Examined, Refused, examined

BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [0.01, 0.02], [0.01, 0], [0, 0.02], [0, 0]]]}


def with_first(shape: Any) -> bytes:
    """Gridville's columns with another first one; column b is left out, so that nothing overlaps it."""
    return collection([feature("a", shape), *quarters()[2:]])


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_a_clean_file_has_no_defects() -> None:
    found = examined(collection(quarters()))
    assert (found.ready, found.header["defects"]) == (True, [])
    assert [f["code"] for f in found.header["features"]] == ["a", "b", "c", "d"]


def test_a_ring_that_crosses_itself_is_named_with_its_place_and_kept_out() -> None:
    found = examined(with_first(BOW_TIE))
    assert (found.codes, found.ready, found.shapes) == (["invalid"], False, [])
    defect = found.one("invalid")
    assert (defect["features"], defect["params"]["reason"]) == ([1], "self_intersection")
    assert defect["place"] == pytest.approx([0.005, 0.01], abs=1e-6)
    assert (defect["repair"], defect["keepable"]) == ("make_valid", False)
    assert defect["moved_m2"] == pytest.approx(0.5 * 1113 * 2212, rel=0.02)


def test_an_accepted_repair_is_made_and_nothing_else() -> None:
    found = examined(with_first(BOW_TIE), accept=["invalid-1"])
    assert found.ready
    assert shapely.is_valid(found.shape("a")) and shapely.get_num_geometries(found.shape("a")) == 2
    assert shapely.equals(found.shape("c"), square(2, 0, 3, 2))


def test_what_cannot_be_kept_is_not_kept_by_asking_for_all() -> None:
    assert not examined(with_first(BOW_TIE), keep=["all"]).ready


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (
            polygon([[0, 0], [0.01, 0], [0.01, 0.02], [0, 0]], [[0.02, 0], [0.021, 0], [0.021, 0.001], [0.02, 0]]),
            "hole",
        ),
        (
            polygon([[0, 0], [0.01, 0], [0.01, 0.02], [0.004, 0.01], [0.01, 0.02], [0, 0.02], [0, 0]]),
            "self_intersection",
        ),
        (
            {
                "type": "MultiPolygon",
                "coordinates": [
                    [[[0, 0], [0.01, 0], [0.01, 0.02], [0, 0.02], [0, 0]]],
                    [[[0.002, 0.002], [0.004, 0.002], [0.004, 0.004], [0.002, 0.002]]],
                ],
            },
            "nested_shells",
        ),
    ],
)
def test_other_invalid_rings_are_told_apart(shape: dict[str, Any], reason: str) -> None:
    assert reason in examined(with_first(shape)).one("invalid")["params"]["reason"]


def test_heights_are_dropped_only_when_accepted() -> None:
    high = {
        "type": "Polygon",
        "coordinates": [[[*point, 12.5] for point in shapely.get_coordinates(square(0, 0, 1, 2)).tolist()]],
    }
    found = examined(with_first(high))
    assert (found.codes, found.one("has_z")["features"]) == (["has_z"], [1])
    flat = examined(with_first(high), accept=["has_z"])
    assert flat.ready and not shapely.has_z(flat.shape("a"))


def test_a_fourth_number_is_named_too() -> None:
    measured = {
        "type": "Polygon",
        "coordinates": [[[*p, 1, 2] for p in shapely.get_coordinates(square(0, 0, 1, 2)).tolist()]],
    }
    assert examined(with_first(measured)).one("has_z")["params"]["measured"] is True


def test_of_a_collection_the_areas_are_proposed_and_the_rest_is_told() -> None:
    mixed = {
        "type": "GeometryCollection",
        "geometries": [
            json.loads(shapely.to_geojson(square(0, 0, 1, 2))),
            {"type": "LineString", "coordinates": [[0, 0], [0.01, 0.01]]},
            {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [0, 0]}]},
        ],
    }
    defect = examined(with_first(mixed)).one("collection")
    assert defect["params"] == {"kind": "GeometryCollection", "polygons": 1, "dropped": {"LineString": 1, "Point": 1}}
    assert shapely.equals(examined(with_first(mixed), accept=["all"]).shape("a"), square(0, 0, 1, 2))


def test_a_ring_that_does_not_close_is_named() -> None:
    open_ring = polygon(shapely.get_coordinates(square(0, 0, 1, 2)).tolist()[:-1])
    assert examined(with_first(open_ring)).codes == ["open_ring"]
    assert shapely.equals(examined(with_first(open_ring), accept=["all"]).shape("a"), square(0, 0, 1, 2))


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (None, "no_geometry"),
        ({"type": "Point", "coordinates": [0.005, 0.005]}, "no_polygon"),
        ({"type": "LineString", "coordinates": [[0, 0], [0.01, 0.01]]}, "no_polygon"),
        ({"type": "Polygon", "coordinates": []}, "no_geometry"),
        (polygon([[0, 0], [0.01, 0]]), "broken_ring"),
        (polygon([[0, 0], [500, 0], [500, 10], [0, 0]]), "outside_degrees"),
        ({"type": "Polygon", "coordinates": [[0, 0], [1, 1]]}, "bad_structure"),
        ({"type": "Polygon", "coordinates": [[["a", 0], [1, 1], [1, 0], ["a", 0]]]}, "bad_structure"),
        ("POLYGON ((0 0, 1 1, 1 0, 0 0))", "bad_structure"),
        ({"type": "Triangle", "coordinates": []}, "bad_structure"),
    ],
)
def test_what_is_no_area_is_left_out_only_when_accepted(shape: Any, code: str) -> None:
    found = examined(with_first(shape))
    assert (found.codes, found.one(code)["features"], found.one(code)["repair"]) == ([code], [1], "leave_out")
    without = examined(with_first(shape), accept=["all"])
    assert without.ready and [f["code"] for f in without.header["features"]] == ["c", "d"]


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity"])
def test_coordinates_that_are_no_numbers_are_named_with_their_feature(number: str) -> None:
    text = with_first(polygon([[0, 0], [0.01, 0], [0.01, 77], [0, 0]])).decode().replace("77", number)
    found = examined(text.encode())
    assert (found.codes, found.one("bad_structure")["features"]) == (["bad_structure"], [1])
    assert found.one("bad_structure")["params"]["reason"] == "not_finite"


def test_a_null_feature_is_not_skipped_in_silence() -> None:
    found = examined(collection([None, *quarters()]))
    assert (found.codes, found.one("bad_structure")["features"], found.header["read"]) == (["bad_structure"], [1], 5)


def test_a_shape_across_the_antimeridian_is_cut_in_two() -> None:
    across = feature("fiji", polygon([[179, -18], [-179, -18], [-179, -16], [179, -16], [179, -18]]))
    fiji = {"bounds": [176.0, -20.0, 180.0, -12.0]}
    found = examined(collection([across]), city=fiji)
    assert found.codes == ["antimeridian"] and found.one("antimeridian")["moved_m2"] > 1e12
    shape = examined(collection([across]), city=fiji, accept=["all"]).shape("fiji")
    assert shapely.bounds(shape).tolist() == [-180, -18, 180, -16]
    assert shapely.area(shape) == pytest.approx(4)


def circle(vertices: int) -> Any:
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    return shapely.polygons(np.column_stack((0.005 + 0.004 * np.cos(turn), 0.01 + 0.004 * np.sin(turn))))


def test_a_shape_of_too_many_points_is_simplified_only_when_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "TOO_MANY_VERTICES", 60_000)
    data = with_first(circle(60_001))
    found = examined(data)
    assert (found.codes, found.ready) == (["too_many_vertices"], False)
    defect = found.one("too_many_vertices")
    assert defect["params"]["count"] > 60_000 and defect["params"]["after"] < 5000
    assert 0 <= defect["moved_m2"] < 500 and defect["keepable"]
    assert shapely.get_num_coordinates(examined(data, accept=["all"]).shape("a")) < 5000
    assert shapely.get_num_coordinates(examined(data, keep=["too_many_vertices"]).shape("a")) > 60_000


@pytest.mark.slow
def test_a_million_points_are_looked_at_within_the_childs_limits() -> None:
    found = examined(with_first(circle(1_000_000)))
    assert found.codes == ["too_many_vertices"]


def test_a_shape_of_many_points_is_a_remark() -> None:
    found = examined(with_first(circle(60_000)))
    assert (found.ready, found.remarks) == (True, ["many_vertices"])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\0\0\0\0", "empty_file"),
        (b"hello", "unknown_format"),
        (b"<gpx></gpx>", "unknown_format"),
        (b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>", "unknown_format"),
        (b"{", "json_broken"),
        (b"[" * 100_000, "too_deep"),
        (b"[1, 2]", "json_structure"),
        (b'{"type": "FeatureCollection"}', "json_structure"),
        (b'{"type": "FeatureCollection", "features": []}', "no_features"),
        (b"SQLite format 3\0" + b"\0" * 100, "unknown_format"),
        (b"fgb\x03fgb\x00" + b"\xff" * 200, "no_geometry_at_all"),
        (b"\x00\x00\x27\x0a" + b"\0" * 200, "missing_part"),
        (b"<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'><Document></Document></kml>", "no_geometry_at_all"),
        (b"<?xml version='1.0'?><kml><Document><Placemark>", "unreadable_file"),
    ],
)  # fmt: skip
def test_what_is_no_boundary_file_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        examined(data)
    assert refused.value.code == code


def test_a_layer_without_any_area_is_refused_as_one() -> None:
    points = [feature(str(n), {"type": "Point", "coordinates": [0.01, 0.01]}) for n in range(300)]
    with pytest.raises(Refused) as refused:
        examined(collection(points))
    assert (refused.value.code, refused.value.params["kinds"]) == ("no_polygons", ["Point"])


def test_features_one_a_line_are_read() -> None:
    lines = b"\n".join(json.dumps(one).encode() for one in quarters())
    assert examined(lines).ready


def test_the_same_file_gives_the_same_keys() -> None:
    spoilt = with_first(BOW_TIE)
    keys = [[defect["key"] for defect in examined(spoilt).header["defects"]] for _ in range(2)]
    assert keys[0] == keys[1] == ["invalid-1"]


def test_examined_shapes_are_multipolygons_in_wgs84() -> None:
    found: Examined = examined(collection(quarters()))
    assert {shape.geom_type for shape in found.shapes} == {"MultiPolygon"}
    assert {int(shapely.get_srid(shape)) for shape in found.shapes} == {4326}
