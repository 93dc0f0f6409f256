"""What would change within 50 m: nearest first, with distance and direction, by the same order as routing itself."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.models import Jurisdiction, Schedule
from complaints.errors import OutsideJurisdictions
from complaints.routing import decide
from complaints.vicinity import Change, decide_and_look_round, in_words
from districts.models import ServiceArea
from tests.builders import SCALE, named
from tests.conftest import NOW

METRE = 1 / 111_320


def changes(x: float, y: float, category: str, at: datetime = NOW) -> list[Change]:
    """At Gridville units."""
    return decide_and_look_round(x * SCALE, y * SCALE, category, at=at)[1]


def short(found: list[Change]) -> list[tuple[str, int, str]]:
    return [
        (c.unit.code if c.unit else c.district.code if c.district else "", c.distance_m, c.direction) for c in found
    ]


def test_far_from_every_border_nothing_changes(gridville: Jurisdiction) -> None:
    assert changes(0.5, 0.5, "litter") == []
    with translation.override("en"):
        assert in_words([]) == "Up to 50 m away nothing would change."


@pytest.mark.parametrize(
    ("east", "north", "category", "expected"),
    [
        # 20 m west of the bins' border and of district w2
        (0.01 - 20 * METRE, 0.005, "overflowing-bin", [("w2", 20, "e"), ("waste-south", 20, "e")]),
        # 30 m south of where north's priority begins; the district stays
        (0.005, 0.009 - 30 * METRE, "litter", [("waste-north", 30, "n")]),
        # 40 m inside the city's west edge: outside there is nobody, and nothing to change
        (40 * METRE, 0.005, "litter", []),
        # near the corner where nobody answers
        (0.035 - 10 * METRE, 0.018, "litter", [("registry", 10, "e")]),
        # diagonally across a corner of four districts
        (0.01 - 20 * METRE, 0.005, "pothole", [("w2", 20, "e")]),
    ],
)
def test_units_and_districts_nearby_are_named(
    gridville: Jurisdiction, east: float, north: float, category: str, expected: list[tuple[str, int, str]]
) -> None:
    assert sorted(short(decide_and_look_round(east, north, category, at=NOW)[1])) == sorted(expected)


def test_an_area_out_of_its_hours_changes_nothing(gridville: Jurisdiction) -> None:
    nights = Schedule.objects.create(
        jurisdiction=gridville, code="night", name=named("La nuit"), week={"mon": ["20:00-06:00"]}
    )
    ServiceArea.objects.filter(code="north").update(schedule=nights)
    place = (0.5, 0.9 - 30 * METRE / SCALE)
    assert changes(*place, "litter") == []
    assert short(changes(*place, "litter", at=datetime(2026, 11, 23, 22, tzinfo=UTC))) == [("waste-north", 30, "n")]


def test_inside_a_city_it_is_one_statement(gridville: Jurisdiction) -> None:
    changes(0.5, 0.5, "litter")
    with CaptureQueriesContext(connection) as queries:
        changes(0.5, 0.9, "litter")
    assert len(queries) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=st.floats(-0.01, 4.01), y=st.floats(-0.01, 2.01), category=st.sampled_from(["litter", "overflowing-bin"]))
def test_looking_round_decides_as_deciding_alone(gridville: Jurisdiction, x: float, y: float, category: str) -> None:
    longitude, latitude = round(x * SCALE, 7), round(y * SCALE, 7)
    try:
        alone = decide(longitude, latitude, category, at=NOW)
    except OutsideJurisdictions:
        return
    together, found = decide_and_look_round(longitude, latitude, category, at=NOW)
    assert together == alone
    # Every change is true: who goes there is told the same.
    for change in found:
        assert 1 <= change.distance_m <= 50
        if change.unit is not None:
            assert change.unit.pk != alone.unit.pk
    near = {c.unit.code for c in found if c.unit} | {alone.unit.code}
    for dx, dy in [(0, 45), (45, 0), (0, -45), (-45, 0), (30, 30), (-30, -30)]:
        try:
            there = decide(longitude + dx * METRE, latitude + dy * METRE, category, at=NOW)
        except OutsideJurisdictions:
            continue
        if there.place.outside_by_m is None:
            assert there.unit.code in near


def test_the_api_tells_it_in_three_languages(gridville: Jurisdiction, client: object) -> None:
    told = set()
    for language in ("fr", "ar", "en"):
        query = f"longitude={0.01 - 20 * METRE:.7f}&latitude=0.005&category=overflowing-bin"
        answer = client.get(f"/api/v1/route/?{query}", headers={"Accept-Language": language}).json()  # type: ignore[attr-defined]
        nearby = answer["nearby"]
        assert [c["distance_m"] for c in nearby["changes"]] == [20, 20]
        told.add(nearby["sentence"])
        assert answer["rule"] == "category" and answer["passed_over"] is None
    assert len(told) == 3
