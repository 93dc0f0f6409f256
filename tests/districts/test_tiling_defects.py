"""Overlaps, gaps and slivers between districts: found with place and area in m², mended between neighbours only."""

import json
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from districts.topology.tiling import misfits
from tests.districts.drawn import Feature, collection, feature, quarters, square
from tests.districts.examined import Examined, examined

UNIT_M = 1113.2  # a Gridville unit at the equator
AREA = 1113.2 * 1105.7


def columns(*shapes: Any) -> bytes:
    return collection([feature(code, shape) for code, shape in zip("abcdefgh", shapes, strict=False)])


def union(found: Examined) -> Any:
    return shapely.union_all(found.shapes)


def test_an_overlap_is_named_with_both_districts_its_place_and_its_area() -> None:
    data = columns(square(0, 0, 1.1, 2), square(1, 0, 2, 2), square(2, 0, 4, 2))
    found = examined(data)
    assert (found.codes, found.ready) == (["overlap"], False)
    defect = found.one("overlap")
    assert defect["features"] == [2, 1]  # the smaller first
    assert defect["place"] == pytest.approx([0.0105, 0.01], abs=1e-4)
    assert defect["moved_m2"] == pytest.approx(0.2 * AREA, rel=0.01)
    assert (defect["repair"], defect["repair_params"]) == ("cut", {"from": 1, "to": 2})


def test_an_accepted_overlap_is_cut_from_the_larger_district() -> None:
    data = columns(square(0, 0, 1.1, 2), square(1, 0, 2, 2), square(2, 0, 4, 2))
    mended = examined(data, accept=["all"])
    assert mended.ready
    assert shapely.equals(mended.shape("a"), square(0, 0, 1, 2))
    assert shapely.equals(mended.shape("b"), square(1, 0, 2, 2))


def test_an_overlap_may_be_kept() -> None:
    kept = examined(columns(square(0, 0, 1.1, 2), square(1, 0, 2, 2)), keep=["overlap"])
    assert kept.ready and shapely.equals(kept.shape("a"), square(0, 0, 1.1, 2))


def test_a_district_inside_another_of_its_level_is_left_to_decide() -> None:
    defect = examined(columns(square(0, 0, 2, 2), square(0.5, 0.5, 1, 1))).one("overlap")
    assert (defect["repair"], defect["moved_m2"], defect["params"]["share"]) == ("leave", 0, 1)


def test_a_hole_between_districts_is_a_gap() -> None:
    data = columns(square(0, 0, 2, 1), square(0, 1, 1, 2), square(1, 1, 2, 2).difference(square(1, 1, 1.04, 1.04)))
    found = examined(data)
    defect = found.one("gap")
    assert found.codes == ["gap"] and set(defect["features"]) == {1, 2, 3}
    assert defect["params"]["area_m2"] == pytest.approx(0.0016 * AREA, rel=0.01)
    filled = examined(data, accept=["all"])
    assert shapely.area(union(filled)) == pytest.approx(shapely.area(square(0, 0, 2, 2)))


@pytest.mark.parametrize(("wide", "code"), [(0.001, "sliver_gap"), (0.02, "gap")])
def test_a_gap_that_is_open_at_both_ends_is_found(wide: float, code: str) -> None:
    data = columns(square(0, 0, 1, 2), square(1 + wide, 0, 2, 2))
    defect = examined(data).one(code)
    assert sorted(defect["features"]) == [1, 2]
    assert defect["params"]["area_m2"] == pytest.approx(wide * 2 * AREA, rel=0.05)
    assert defect["params"]["width_m"] == pytest.approx(wide * UNIT_M, rel=0.1)


def test_a_wedge_between_neighbours_is_found_although_they_touch() -> None:
    wedge = shapely.Polygon([(0.01, 0), (0.02, 0), (0.02, 0.02), (0.0102, 0.02)])
    assert examined(columns(square(0, 0, 1, 2), wedge)).codes == ["gap"]


def test_a_sliver_overlap_along_a_border_is_named_as_such() -> None:
    defect = examined(columns(square(0, 0, 1.002, 2), square(1, 0, 2, 2))).one("sliver_overlap")
    assert defect["params"]["width_m"] == pytest.approx(2.2, rel=0.1)
    assert defect["moved_m2"] == pytest.approx(0.002 * 2 * AREA, rel=0.01)


@pytest.mark.parametrize(
    "shapes",
    [
        [square(0, 0, 1, 2), square(1, 0, 2, 1), square(1, 1, 2, 2)],  # one border drawn with an extra vertex
        [square(0, 0, 1, 1), square(3, 0, 4, 1)],  # apart
        [square(0, 0, 1, 2), square(1, 0, 2, 1)],  # a corner
        [square(0, 0, 3, 2).difference(square(1, 0.5, 2, 1.5)), square(1, 0.5, 2, 1.5)],  # an enclave
        [square(0, 0, 2, 2).difference(square(0.99, 1, 1.01, 2)), square(2, 0, 3, 2)],  # a bay of one district
    ],
)
def test_what_only_looks_odd_is_no_defect(shapes: list[Any]) -> None:
    assert examined(columns(*shapes)).header["defects"] == []


def test_roundings_are_told_together_and_let_be() -> None:
    found = examined(
        columns(
            square(0, 0, 1, 2),
            square(1, 0, 2, 1).union(shapely.Point(0.0100000001, 0.005).buffer(0)),
            square(1.00001, 1, 2, 2),
        )
    )
    assert found.ready and found.remarks in (["rounding"], [])


def test_a_large_missing_piece_is_left_to_decide() -> None:
    ring = [square(x, y, x + 1, y + 1) for x in range(3) for y in range(3) if (x, y) != (1, 1)]
    found = examined(columns(*ring), city={"bounds": [0, 0, 0.03, 0.03]})
    assert (found.one("gap")["repair"], found.one("gap")["keepable"]) == ("leave", True)
    assert examined(columns(*ring), city={"bounds": [0, 0, 0.03, 0.03]}, keep=["gap"]).ready


def test_a_hole_that_one_district_goes_round_is_only_told() -> None:
    lake = square(0, 0, 2, 2).difference(square(0.5, 0.5, 1, 1))
    found = examined(columns(lake, square(2, 0, 4, 2)))
    assert (found.ready, found.remarks) == (True, ["hole"])
    assert found.one("hole")["params"]["area_m2"] == pytest.approx(0.25 * AREA, rel=0.01)


def test_land_that_districts_share_widely_is_left_to_decide() -> None:
    defect = examined(columns(square(0, 0, 1.3, 2), square(1, 0, 2, 2))).one("overlap")
    assert (defect["repair"], defect["moved_m2"]) == ("leave", 0)


def test_levels_are_looked_at_one_by_one_and_against_their_parents() -> None:
    west = feature("west", square(0, 0, 2, 2))
    children = [
        feature("w1", square(0, 0, 1, 2), level=2, parent="west"),
        feature("w2", square(1, 0, 2.1, 1.97), level=2, parent="west"),
    ]
    found = examined(collection([west, *children]))
    assert sorted(found.codes) == ["gap", "outside_parent"]
    assert found.one("outside_parent")["features"] == [3, 1]
    assert found.one("outside_parent")["moved_m2"] == pytest.approx(0.1 * 1.97 * AREA, rel=0.01)
    assert found.one("gap")["params"]["area_m2"] == pytest.approx(0.03 * AREA, rel=0.02)
    mended = examined(collection([west, *children]), accept=["all"])
    whole = shapely.union(mended.shape("w1"), mended.shape("w2"))
    assert shapely.area(whole) == pytest.approx(shapely.area(square(0, 0, 2, 2)), rel=1e-6)


def test_a_feature_elsewhere_is_left_out_unless_it_is_kept() -> None:
    far = [*quarters(), feature("island", square(40, 40, 41, 41))]
    found = examined(collection(far))
    assert (found.codes, found.one("outside_city")["features"]) == (["outside_city"], [5])
    assert len(examined(collection(far), accept=["all"]).shapes) == 4
    assert len(examined(collection(far), keep=["outside_city-5"]).shapes) == 5


def test_what_the_city_gains_and_loses_is_told() -> None:
    found = examined(columns(square(0, 0, 2, 2), square(2, 0, 3.5, 2)), today=square(0, 0, 4, 1.9))
    assert found.one("city_loses")["params"]["area_m2"] == pytest.approx(0.5 * 1.9 * AREA, rel=0.01)
    assert found.one("city_gains")["params"]["area_m2"] == pytest.approx(3.5 * 0.1 * AREA, rel=0.01)


def test_service_areas_may_overlap_but_equal_priorities_are_told() -> None:
    areas = [
        feature("north", square(0, 1, 4, 2), unit="u1", priority=5),
        feature("south", square(0, 0, 4, 1.1), unit="u2", priority=5),
        feature("bins", square(0, 0, 1, 2), unit="u3", priority=9),
    ]
    known = {"kind": "service-areas", "service": "cleanliness", "units": ["u1", "u2", "u3"]}
    found = examined(collection(areas), known=known)
    assert (found.ready, found.remarks) == (True, ["equal_priority"])
    assert found.one("equal_priority")["params"]["area_m2"] == pytest.approx(4 * 0.1 * AREA, rel=0.01)


@st.composite
def tilings(draw: st.DrawFn) -> tuple[list[Any], float]:
    """A grid of up to 5 by 5 whose inner corners are shaken: a clean tiling. Its area in degrees²."""
    wide, high = draw(st.integers(2, 5)), draw(st.integers(1, 5))
    shake = st.floats(-0.3, 0.3)
    corners = {
        (x, y): (
            x + (draw(shake) if 0 < x < wide else 0),
            y + (draw(shake) if 0 < y < high else 0),
        )
        for x in range(wide + 1)
        for y in range(high + 1)
    }
    cells = [
        shapely.Polygon(
            [
                (a * 0.01, b * 0.01)
                for a, b in (corners[x, y], corners[x + 1, y], corners[x + 1, y + 1], corners[x, y + 1])
            ]
        )
        for x in range(wide)
        for y in range(high)
    ]
    return cells, wide * high * 1e-4


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tilings())
def test_a_clean_tiling_has_no_misfits_and_its_outline_is_its_union(drawn: tuple[list[Any], float]) -> None:
    cells, area = drawn
    if not shapely.is_valid(cells).all():
        return
    found, outline = misfits(np.array(cells, dtype=object))
    assert found == []
    assert shapely.area(outline) == pytest.approx(area, rel=1e-9)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tilings(), st.data())
def test_a_cell_taken_out_or_grown_is_found_with_its_area(drawn: tuple[list[Any], float], data: st.DataObject) -> None:
    cells, _area = drawn
    if not shapely.is_valid(cells).all():
        return
    index = data.draw(st.integers(0, len(cells) - 1))
    grown = [cell if n != index else shapely.buffer(cell, 0.001, join_style="mitre") for n, cell in enumerate(cells)]
    shared = sum(shapely.area(shapely.intersection(grown[index], cell)) for n, cell in enumerate(cells) if n != index)
    found, _outline = misfits(np.array(grown, dtype=object))
    overlaps = sum(shapely.area(misfit.shape) for misfit in found if misfit.kind == "overlap")
    assert overlaps == pytest.approx(shared, rel=1e-6)


def test_a_file_repaired_throughout_is_clean_when_it_is_brought_again() -> None:
    features: list[Feature] = [
        feature("a", square(0, 0, 1.05, 2)),
        feature("b", square(1, 0, 2, 1.98)),
        feature("c", square(2.001, 0, 3, 2)),
        feature("d", square(3, 0, 4, 2)),
    ]
    mended = examined(collection(features), accept=["all"])
    again = [feature(f["code"], shape) for f, shape in zip(mended.header["features"], mended.shapes, strict=True)]
    assert examined(collection(again)).codes == []
    assert json.dumps(mended.header["features"])
