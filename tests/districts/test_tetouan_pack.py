"""The pack of Tétouan is whole: nothing overlaps, nothing is missing, every reference leads somewhere."""

import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import Point, shape

PACK = Path(__file__).resolve().parents[2] / "fixtures" / "tetouan"
CENSUS_2024 = 422_757
DURATION = re.compile(r"[1-9]\d* (working )?(day|hour)s?")
OPENING = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
# The place of the contract's example of a complaint.
IN_THE_MEDINA = Point(-5.3684, 35.5727)
AT_THE_AIRPORT = Point(-5.3200, 35.5950)


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((PACK / name).read_text(encoding="utf-8"))


def layer(name: str) -> list[dict[str, Any]]:
    collection = json.loads((PACK / name).read_text(encoding="utf-8"))
    return [{**each["properties"], "shape": shape(each["geometry"])} for each in collection["features"]]


CITY, CATALOGUE, UNITS = read("city.toml"), read("catalogue.toml"), read("units.toml")
DISTRICTS, AREAS, LANDMARKS = (
    layer("districts.geojson"),
    layer("service_areas.geojson"),
    layer("layers/landmarks.geojson"),
)
SERVICES = CATALOGUE["service"]
CATEGORIES = [category for service in SERVICES for category in service["category"]]
QUESTIONS = [question for category in CATEGORIES for question in category.get("question", [])]
CHOICES = [choice for question in QUESTIONS for choice in question.get("choices", [])]
WHOLE = shapely.union_all([row["shape"] for row in DISTRICTS if row["level"] == 1])


def unit_at(point: Point, service: str, category: str) -> str | None:
    """Decide as the contract says: category, then priority, then the smaller area, then code; else the default unit."""
    covering = [row for row in AREAS if row["service"] == service and row["category"] in (None, category)]
    covering = [row for row in covering if row["shape"].covers(point)]
    covering.sort(key=lambda row: (row["category"] is None, -row["priority"], row["shape"].area, row["code"]))
    default: str | None = next(each for each in SERVICES if each["code"] == service).get("default_unit")
    return covering[0]["unit"] if covering else default


@pytest.mark.parametrize("level", [1, 2])
def test_districts_of_a_level_have_neither_gap_nor_overlap(level: int) -> None:
    shapes = [row["shape"] for row in DISTRICTS if row["level"] == level]
    assert all(each.is_valid and each.geom_type == "Polygon" for each in shapes)
    assert shapely.coverage_is_valid(shapes, gap_width=0.0005)
    union = shapely.coverage_union_all(shapes)
    assert union.geom_type == "Polygon"
    assert shapely.get_num_interior_rings(union) == 0
    assert union.equals(WHOLE)


def test_quarters_fill_their_parent_exactly() -> None:
    for parent in (row for row in DISTRICTS if row["level"] == 1):
        own = [row for row in DISTRICTS if row["parent"] == parent["code"]]
        assert shapely.coverage_union_all([row["shape"] for row in own]).equals(parent["shape"])
        assert sum(row["population"] for row in own) == parent["population"]


@pytest.mark.parametrize("level", [1, 2])
def test_populations_sum_to_the_census(level: int) -> None:
    assert sum(row["population"] for row in DISTRICTS if row["level"] == level) == CENSUS_2024


@pytest.mark.parametrize("name", ["districts.geojson", "service_areas.geojson"])
def test_rings_turn_as_geojson_asks_with_six_decimals(name: str) -> None:
    for row in layer(name):
        assert row["shape"].is_valid, row["code"]
        for polygon in shapely.get_parts(row["shape"]):
            assert polygon.exterior.is_ccw
            assert not any(ring.is_ccw for ring in polygon.interiors)
        numbers = shapely.get_coordinates(row["shape"])
        assert (numbers == numbers.round(6)).all()


@pytest.mark.parametrize(
    "rows",
    [DISTRICTS, AREAS, LANDMARKS, SERVICES, CATEGORIES, UNITS["unit"], UNITS["calendar"], UNITS["schedule"]],
    ids=["districts", "areas", "landmarks", "services", "categories", "units", "calendars", "schedules"],
)
def test_codes_are_ascii_and_unique(rows: list[dict[str, Any]]) -> None:
    counted = Counter(row["code"] for row in rows)
    assert [code for code, count in counted.items() if count > 1 or not re.fullmatch("[a-z0-9-]+", code)] == []


def test_questions_and_choices_have_codes_of_their_own() -> None:
    for rows in [*(each.get("question", []) for each in CATEGORIES), *(each.get("choices", []) for each in QUESTIONS)]:
        codes = [row["code"] for row in rows]
        assert len(codes) == len(set(codes))
        assert all(re.fullmatch("[a-z0-9-]+", code) for code in codes)
    for question in QUESTIONS:
        assert question["kind"] in ("text", "number", "date", "choice", "multichoice")
        assert bool(question.get("choices")) == (question["kind"] in ("choice", "multichoice"))


def test_every_name_is_given_in_every_language() -> None:
    languages = set(CITY["languages"])
    named = [
        *SERVICES,
        *CATEGORIES,
        *CHOICES,
        *UNITS["unit"],
        *UNITS["calendar"],
        *UNITS["schedule"],
        *CITY["emergency"],
        *CITY["closure"],
    ]
    texts = [row["name"] for row in named] + [row["help"] for row in CATEGORIES] + [row["label"] for row in QUESTIONS]
    for text in [*texts, CITY["name"], CITY["consent"]["text"]]:
        assert set(text) == languages, text
        assert all(each.strip() for each in text.values()), text
    for row in [*DISTRICTS, *AREAS, *LANDMARKS, *layer("basemap/places.geojson")]:
        assert all(row[f"name_{language}"].strip() for language in languages), row
        assert re.search("[\u0600-\u06ff]", row["name_ar"]), row


def test_every_reference_resolves() -> None:
    units = {row["code"] for row in UNITS["unit"]}
    calendars = {row["code"] for row in UNITS["calendar"]}
    services = {row["code"] for row in SERVICES}
    home = {category["code"]: service["code"] for service in SERVICES for category in service["category"]}
    tops = {row["code"] for row in DISTRICTS if row["level"] == 1}
    assert {row["calendar"] for row in UNITS["unit"]} == calendars
    assert {row["default_unit"] for row in SERVICES if "default_unit" in row} <= units
    assert UNITS["triage"]["unit"] in units
    assert {row["parent"] for row in DISTRICTS if row["level"] == 2} == tops
    assert {row["unit"] for row in AREAS} <= units
    assert {row["service"] for row in AREAS} <= services
    assert all(row["category"] is None or home[row["category"]] == row["service"] for row in AREAS)


def test_every_service_is_answered_somewhere() -> None:
    with_area = {row["service"] for row in AREAS if row["category"] is None}
    assert [row["code"] for row in SERVICES if row["code"] not in with_area and "default_unit" not in row] == []


def test_policies_are_words_that_the_loader_knows() -> None:
    for row in CATEGORIES:
        assert DURATION.fullmatch(row["answer_within"]), row["code"]
        assert DURATION.fullmatch(row["resolve_within"]), row["code"]
        assert row["publication"] in ("exact", "grid", "district", "never")
        assert {row["publish_text"], row["publish_photos"]} <= {"after_review", "never"}
        assert row["evidence"] in ("photo", "reason", "none")
        assert row["keywords"]
        assert all(len(word) <= 60 for word in row["keywords"])
        assert not row["urgent"] or row["publication"] == row["publish_text"] == row["publish_photos"] == "never"
    assert all(4 <= len(row["category"]) <= 8 for row in SERVICES)


def test_opening_hours_can_be_read() -> None:
    for calendar in UNITS["calendar"]:
        for week in (calendar["week"], calendar.get("ramadan", {})):
            assert set(week) <= {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
            assert all(OPENING.fullmatch(hours) for day in week.values() for hours in day)


def test_units_answer_at_addresses_that_reach_nobody() -> None:
    assert all(row["email"].endswith("@example.org") for row in UNITS["unit"])
    assert sum(row["kind"] == "operator" for row in UNITS["unit"]) == 3


def test_service_areas_are_not_the_districts_again() -> None:
    for row in AREAS:
        for district in DISTRICTS:
            either = row["shape"].union(district["shape"]).area
            assert row["shape"].intersection(district["shape"]).area < 0.95 * either, (row["code"], district["code"])


def test_each_urgent_category_reaches_the_duty_desk_everywhere() -> None:
    for service in SERVICES:
        for category in service["category"]:
            if category["urgent"]:
                for point in (IN_THE_MEDINA, AT_THE_AIRPORT):
                    assert unit_at(point, service["code"], category["code"]) == "permanence"


def test_a_category_of_its_own_wins_over_priority_in_the_medina() -> None:
    assert unit_at(IN_THE_MEDINA, "cleanliness", "overflowing-bin") == "proprete-nord"
    assert unit_at(IN_THE_MEDINA, "cleanliness", "dirty-street") == "sauvegarde-medina"


def test_the_airport_is_left_to_triage_for_roads_alone() -> None:
    assert WHOLE.covers(AT_THE_AIRPORT)
    assert unit_at(AT_THE_AIRPORT, "roads", "pothole") is None
    assert unit_at(AT_THE_AIRPORT, "lighting", "lamp-out") == "qandil-eclairage"


def test_elsewhere_in_the_city_every_complaint_finds_a_unit() -> None:
    airport = AT_THE_AIRPORT.buffer(0.02)
    for district in DISTRICTS:
        point = district["shape"].difference(airport).representative_point()
        for service in SERVICES:
            assert unit_at(point, service["code"], ""), (district["code"], service["code"])


def test_landmarks_lie_in_the_city() -> None:
    assert len(LANDMARKS) >= 60
    assert [row["code"] for row in LANDMARKS if not WHOLE.covers(row["shape"])] == []
    assert {row["kind"] for row in LANDMARKS} == {"landmark", "street", "quarter"}


def test_basemap_is_small_and_sound() -> None:
    files = sorted((PACK / "basemap").glob("*.geojson"))
    assert [each.stem for each in files] == ["landuse", "places", "relief", "roads", "water"]
    assert sum(each.stat().st_size for each in files) < 300_000
    for each in files:
        assert all(row["shape"].is_valid and not row["shape"].is_empty for row in layer(f"basemap/{each.name}"))
