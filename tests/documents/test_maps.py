"""Still maps: what lies in the frame is drawn where it belongs, and names are only text."""

import xml.etree.ElementTree as ET

import pytest
import shapely

from catalogue.models import Jurisdiction
from districts.place_map import place_map
from documents.maps import Label, Layer, Pin, around, draw_map

BOUNDS = around(-5.37, 35.57, metres=500, ratio=1.5)
SVG = "{http://www.w3.org/2000/svg}"


def test_the_frame_is_as_large_as_asked() -> None:
    west, south, east, north = BOUNDS
    assert (north - south) * 111_320 == pytest.approx(1000)
    assert (east - west) * 111_320 * 0.8134 == pytest.approx(1500, rel=1e-3)


def test_a_pin_stands_in_the_middle_and_one_outside_is_left_out() -> None:
    drawn = ET.fromstring(draw_map(BOUNDS, [], pins=[Pin(-5.37, 35.57), Pin(-5.5, 35.57)], title="Lieu"))
    moved = [group.get("transform") for group in drawn.iter(f"{SVG}g")]
    width, height = float(drawn.get("width", 0)), float(drawn.get("height", 0))
    assert f"translate({width / 2} {height / 2})" in moved
    assert len(moved) == 2  # the pin and the arrow to the north


def test_shapes_are_cut_at_the_frame() -> None:
    everything = shapely.box(-180, -80, 180, 80)
    drawn = ET.fromstring(draw_map(BOUNDS, [Layer([everything], fill="#fff")], title="x"))
    path = next(drawn.iter(f"{SVG}path")).get("d", "")
    numbers = [float(n) for n in path.replace("M", " ").replace("L", " ").replace("Z", " ").split()]
    assert max(map(abs, numbers)) < 740


def test_names_and_titles_cannot_become_markup() -> None:
    hostile = '<script>alert(1)</script>"&'
    drawn = draw_map(BOUNDS, [], labels=[Label(-5.37, 35.57, hostile)], title=hostile, source=hostile)
    assert "<script" not in drawn
    assert {text.text for text in ET.fromstring(drawn).iter(f"{SVG}text")} >= {hostile}


def test_a_place_of_a_city_without_a_drawn_map_shows_its_districts(gridville: Jurisdiction) -> None:
    drawn = place_map(gridville, 0.0101, 0.005, language="fr", title="Lieu")
    assert "stroke-dasharray" in drawn
    ET.fromstring(drawn)
