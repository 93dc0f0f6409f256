"""One point, one category, one answer: by SQL, on edges and vertices, in overlaps, holes and just outside the city."""

from datetime import datetime

import pytest
import shapely
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.models import Category, Jurisdiction
from complaints.errors import OutsideJurisdictions, UnknownCategory
from complaints.models import RoutingDecision
from complaints.routing import decide
from districts.models import District, ServiceArea
from districts.selectors import PLACE_AND_AREAS
from tests.builders import SCALE, build_complaint, build_gridville
from tests.conftest import NOW

METRES = 1 / 111_320 / SCALE  # one metre of latitude in Gridville units


def unit_at(category: str, x: float, y: float) -> str:
    return decide(x * SCALE, y * SCALE, category, at=NOW).unit.code


@pytest.mark.parametrize(
    ("category", "place", "unit", "reason"),
    [
        ("pothole", (0.5, 0.5), "roads-dept", "default_unit"),
        ("litter", (0.5, 0.5), "waste-south", "service_area"),
        ("litter", (0.5, 1.5), "waste-north", "service_area"),
        # The overlap of 0.9 to 1.1 goes to the higher priority; an area of the category comes before both.
        ("litter", (0.5, 1.0), "waste-north", "service_area"),
        ("overflowing-bin", (0.5, 1.0), "bin-team", "category_area"),
        ("overflowing-bin", (1.5, 1.5), "waste-north", "service_area"),
        # On the edge of an area it covers; on a vertex too.
        ("litter", (2.0, 1.1), "waste-north", "service_area"),
        ("overflowing-bin", (1.0, 0.5), "bin-team", "category_area"),
        ("overflowing-bin", (1.0, 2.0), "bin-team", "category_area"),
        # Nothing covers the top right corner: triage, loudly.
        ("litter", (3.8, 1.8), "registry", "triage"),
    ],
)
def test_who_answers_where(
    gridville: Jurisdiction, category: str, place: tuple[float, float], unit: str, reason: str
) -> None:
    decision = decide(place[0] * SCALE, place[1] * SCALE, category, at=NOW)
    assert (decision.unit.code, decision.reason) == (unit, reason)
    assert decision.triage == (reason == "triage")


def test_the_runner_up_is_the_next_best_area(gridville: Jurisdiction) -> None:
    decision = decide(0.5 * SCALE, 1.0 * SCALE, "overflowing-bin", at=NOW)
    assert decision.area is not None
    assert decision.runner_up is not None
    assert (decision.area.code, decision.runner_up.code) == ("bins-w1", "north")


def test_of_equal_priority_the_smaller_area_wins_then_the_code(gridville: Jurisdiction) -> None:
    ServiceArea.objects.filter(code="south").update(priority=10)
    assert unit_at("litter", 2.5, 1.0) == "waste-north"
    ServiceArea.objects.filter(code__in=["north", "south"]).update(area_m2=1000)
    decision = decide(2.5 * SCALE, 1.0 * SCALE, "litter", at=NOW)
    assert decision.area is not None
    assert decision.area.code == "north"


@pytest.mark.parametrize("place", [(1.0, 1.0), (1.0, 0.0), (2.0, 2.0), (0.0, 0.0), (4.0, 2.0), (3.0, 1.3)])
def test_a_point_on_a_border_or_vertex_lies_in_exactly_one_district(
    gridville: Jurisdiction, place: tuple[float, float]
) -> None:
    answers = {decide(place[0] * SCALE, place[1] * SCALE, "pothole", at=NOW).place.district_code for _ in range(3)}
    assert len(answers) == 1
    assert answers <= {"w1", "w2", "e1", "e2"}


def test_a_point_a_few_metres_outside_is_taken_in_and_marked_so(gridville: Jurisdiction) -> None:
    inside = decide(0.5 * SCALE, (2 + 20 * METRES) * SCALE, "pothole", at=NOW)
    assert inside.place.district_code == "w1"
    assert inside.place.outside_by_m == pytest.approx(20, abs=1)
    with pytest.raises(OutsideJurisdictions):
        decide(0.5 * SCALE, (2 + 40 * METRES) * SCALE, "pothole", at=NOW)


def test_an_inactive_category_is_unknown(gridville: Jurisdiction) -> None:
    Category.objects.filter(code="pothole").update(is_active=False)
    with pytest.raises(UnknownCategory):
        decide(0.005, 0.005, "pothole", at=NOW)


def test_two_cities_do_not_mix(gridville: Jurisdiction) -> None:
    other = build_gridville("shiftville", "SHI", shift=10)
    decision = decide(10.5 * SCALE, 0.5 * SCALE, "litter", at=NOW)
    assert decision.catalogue.jurisdiction == other
    assert decision.unit.jurisdiction_id == other.pk
    with pytest.raises(OutsideJurisdictions):
        decide(10.5 * SCALE, 0.5 * SCALE, "litter", at=NOW, jurisdiction_id=gridville.pk)


def test_a_change_of_the_catalogue_is_seen_at_once(gridville: Jurisdiction) -> None:
    assert unit_at("pothole", 0.5, 0.5) == "roads-dept"
    service = gridville.services.get(code="roads")
    service.default_unit = gridville.units.get(code="bin-team")
    service.save()
    assert unit_at("pothole", 0.5, 0.5) == "bin-team"


def test_it_takes_one_statement(gridville: Jurisdiction) -> None:
    unit_at("litter", 0.5, 0.5)
    with CaptureQueriesContext(connection) as queries:
        unit_at("litter", 1.5, 0.5)
    assert len(queries) == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=st.floats(-0.2, 4.2), y=st.floats(-0.2, 2.2), on_grid=st.booleans())
def test_sql_and_shapely_agree_on_every_point(gridville: Jurisdiction, x: float, y: float, on_grid: bool) -> None:
    if on_grid:
        x, y = round(x * 2) / 2, round(y * 2) / 2
    longitude, latitude = round(x * SCALE, 7), round(y * SCALE, 7)
    point = shapely.Point(longitude, latitude)
    covering = sorted(
        (-row.level, row.area_m2, row.code)
        for row in District.objects.active()
        if shapely.from_wkb(bytes(row.geometry.wkb)).covers(point)
    )
    areas = sorted(
        (row.category_id is None, -row.priority, row.area_m2, row.code)
        for row in ServiceArea.objects.select_related("category")
        if (row.category is None or row.category.code == "overflowing-bin")
        and shapely.from_wkb(bytes(row.geometry.wkb)).covers(point)
    )
    try:
        decision = decide(longitude, latitude, "overflowing-bin", at=NOW)
    except OutsideJurisdictions:
        assert not covering
        return
    if covering:
        assert (decision.place.district_code, decision.place.outside_by_m) == (covering[0][2], None)
    else:
        # Taken in from outside: tests/complaints/test_routing_edge.py
        assert decision.place.outside_by_m is not None
        return
    assert (decision.area.code if decision.area else None) == (areas[0][3] if areas else None)
    assert (decision.runner_up.code if decision.runner_up else None) == (areas[1][3] if len(areas) > 1 else None)


@pytest.mark.parametrize("table", ["districts_district", "districts_servicearea"])
def test_the_spatial_index_answers_the_query(gridville: Jurisdiction, table: str) -> None:
    """Among thousands of polygons PostgreSQL finds the few by the index of their geometry, of its own choice."""
    model = District if table == "districts_district" else ServiceArea
    columns = [
        f'"{field.column}"' for field in model._meta.concrete_fields if field.column not in ("id", "code", "geometry")
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (code, geometry, {', '.join(columns)})"
            " SELECT code || n, ST_Translate(geometry, n % 100, n / 100 - 40),"
            f" {', '.join(columns)} FROM {table}, generate_series(1, 2000) n"
        )
        cursor.execute(f"ANALYZE {table}")
        # A session plans a statement that it keeps without its values: the index must serve then too.
        cursor.execute(f"PREPARE explained AS {PLACE_AND_AREAS}")
        cursor.execute("EXPLAIN EXECUTE explained(0.005, 0.005, NULL, 'overflowing-bin')")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("DEALLOCATE explained")
    assert f"{table}_geometry" in plan, plan
    assert "st_dwithin" in plan.lower()


def test_a_statement_of_every_filing_is_planned_once(gridville: Jurisdiction) -> None:
    for _ in range(3):
        decide(0.5 * SCALE, 0.5 * SCALE, "litter", at=NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%district%'"
        )
        plans = cursor.fetchall()
    assert plans
    assert all(generic and not custom for generic, custom in plans)


def test_the_decision_is_stored_with_edition_and_runner_up(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint("overflowing-bin", at=(0.5, 1.0), now=now)
    stored = RoutingDecision.objects.select_related("service_area", "edition", "runner_up").get(complaint=complaint)
    assert stored.service_area is not None
    assert stored.runner_up is not None
    assert stored.edition is not None
    assert (stored.service_area.code, stored.runner_up.code, stored.edition.number) == ("bins-w1", "north", 1)
