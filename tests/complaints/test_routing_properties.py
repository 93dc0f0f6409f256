"""On random tilings with holes and overlaps SQL, plain shapely, the bulk router and the API give one and the same answer."""

from typing import Any

import numpy as np
import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.models import Category, Jurisdiction
from catalogue.snapshot import current_snapshot
from complaints.bulk import BulkRouter
from complaints.errors import OutsideJurisdictions
from complaints.routing import decide
from districts.batch import NONE, active_editions, load_boundaries
from districts.models import District, ServiceArea
from tests.builders import SCALE, named
from tests.conftest import NOW

COLUMNS, ROWS = 4, 3
DIGITS = 6

Shapes = list[shapely.Polygon]


@st.composite
def tilings(draw: st.DrawFn) -> Shapes:
    """A grid whose inner corners are moved about, some cells left out: neighbours share their corners exactly."""
    jitter = st.integers(-35, 35)

    def corner(column: int, row: int) -> tuple[float, float]:
        inner = 0 < column < COLUMNS and 0 < row < ROWS
        dx, dy = (draw(jitter), draw(jitter)) if inner else (0, 0)
        return round((column + dx / 100) * SCALE, DIGITS), round((row + dy / 100) * SCALE, DIGITS)

    corners = {(c, r): corner(c, r) for c in range(COLUMNS + 1) for r in range(ROWS + 1)}
    cells = []
    for column in range(COLUMNS):
        for row in range(ROWS):
            ring = [corners[column + dc, row + dr] for dc, dr in ((0, 0), (1, 0), (1, 1), (0, 1))]
            cell = shapely.Polygon(ring)
            if draw(st.integers(0, 9)) == 0:
                # A hole in the middle of the cell; or no cell at all.
                if draw(st.booleans()):
                    continue
                middle = cell.centroid
                cell = shapely.Polygon(ring, [_square(middle.x, middle.y, 0.1 * SCALE)])
            cells.append(cell)
    return cells


@st.composite
def areas(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Slanted quadrangles that overlap as they like, with few different priorities and sizes, so that ties are common."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        x, y = draw(st.integers(0, 35)) / 10, draw(st.integers(0, 25)) / 10
        width, height, slant = (draw(st.integers(low, 20)) / 10 for low in (2, 2, -10))
        ring = [(x, y), (x + width, y + slant / 4), (x + width, y + height + slant / 4), (x, y + height)]
        shape = shapely.Polygon([(round(a * SCALE, DIGITS), round(b * SCALE, DIGITS)) for a, b in ring])
        found.append(
            {
                "code": f"area-{number}",
                "shape": shape,
                "priority": draw(st.sampled_from([0, 0, 5])),
                "area_m2": draw(st.sampled_from([1.0, 2.0])),
                "for_category": draw(st.booleans()),
            }
        )
    return found


def _square(x: float, y: float, half: float) -> list[tuple[float, float]]:
    ring = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
    return [(round(a, DIGITS), round(b, DIGITS)) for a, b in ring]


@st.composite
def places(draw: st.DrawFn, shapes: Shapes) -> list[tuple[float, float]]:
    """Anywhere, on vertices, in the middle of edges, beside them by the last digit; 7 decimals, as the gate lets in."""
    found = [
        (round(draw(st.floats(-0.2, 4.2)) * SCALE, 7), round(draw(st.floats(-0.2, 3.2)) * SCALE, 7)) for _ in range(6)
    ]
    for shape in draw(st.lists(st.sampled_from(shapes), min_size=1, max_size=6)) if shapes else ():
        points = shapely.get_coordinates(shape)
        at = draw(st.integers(0, len(points) - 2))
        share = draw(st.sampled_from([0.0, 0.25, 0.5, 0.75]))
        x, y = points[at] + share * (points[at + 1] - points[at])
        off = draw(st.sampled_from([0.0, 0.0, 1e-7, -1e-7]))
        found.append((round(float(x), 7), round(float(y) + off, 7)))
    return found


def put(city: Jurisdiction, tiles: Shapes, drawn: list[dict[str, Any]]) -> None:
    """The tiling and the areas in the place of Gridville's."""
    district = District.objects.filter(jurisdiction=city)[0]
    model = ServiceArea.objects.filter(jurisdiction=city)[0]
    District.objects.all().delete()
    ServiceArea.objects.all().delete()
    for number, tile in enumerate(tiles):
        district.pk, district._state.adding, district.code = None, True, f"d-{number}"
        district.name, district.level, district.area_m2 = named(district.code), 1 + number % 2, float(number % 3)
        district.geometry = _multi(tile)
        district.save()
    bins = Category.objects.get(code="overflowing-bin")
    for area in drawn:
        model.pk, model._state.adding, model.code = None, True, area["code"]
        model.name, model.priority, model.area_m2 = named(model.code), area["priority"], area["area_m2"]
        model.category, model.geometry = bins if area["for_category"] else None, _multi(area["shape"])
        model.save()


def _multi(shape: shapely.Polygon) -> Any:
    return GEOSGeometry(memoryview(shapely.to_wkb(shapely.MultiPolygon([shape]))), srid=4326)


def by_hand(tiles: Shapes, drawn: list[dict[str, Any]], x: float, y: float) -> tuple[str | None, list[str]]:
    """The contract's order, spelled out: the district's code, and the areas' codes, best first.

    On an edge is what is nearer to it than a tenth of a millimetre: the last bits of a double decide nothing.
    """
    point = shapely.Point(x, y)
    districts = sorted(
        (-(1 + number % 2), float(number % 3), f"d-{number}")
        for number, tile in enumerate(tiles)
        if tile.distance(point) <= 1e-9
    )
    covering = sorted(
        (not area["for_category"], -area["priority"], area["area_m2"], area["code"])
        for area in drawn
        if area["shape"].distance(point) <= 1e-9
    )
    return districts[0][2] if districts else None, [row[3] for row in covering]


_EXAMPLES: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
}


@settings(max_examples=6, **_EXAMPLES)
@given(data=st.data())
def test_four_ways_one_answer(gridville: Jurisdiction, client: Client, data: st.DataObject) -> None:
    _on_a_random_city(gridville, data, places_each=1, client=client)


@settings(max_examples=15, **_EXAMPLES)
@given(data=st.data())
def test_on_borders_and_vertices_too(gridville: Jurisdiction, data: st.DataObject) -> None:
    _on_a_random_city(gridville, data, places_each=4, client=None)


def _on_a_random_city(city: Jurisdiction, data: st.DataObject, *, places_each: int, client: Client | None) -> None:
    tiles, drawn = data.draw(tilings()), data.draw(areas())
    shapes = [*tiles, *(area["shape"] for area in drawn)]
    points = [place for _ in range(places_each) for place in data.draw(places(shapes))]
    with transaction.atomic():
        put(city, tiles, drawn)
        router = BulkRouter(
            current_snapshot(city), load_boundaries(city.pk, active_editions(city.pk), edge_tolerance_m=30)
        )
        category = Category.objects.get(code="overflowing-bin")
        routed = router.route(np.array(points), np.full(len(points), category.pk), [NOW] * len(points))
        for index, (x, y) in enumerate(points):
            _compare(tiles, drawn, x, y, routed, index, client)
        transaction.set_rollback(True)


def _compare(
    tiles: Shapes, drawn: list[dict[str, Any]], x: float, y: float, routed: Any, index: int, client: Client | None
) -> None:
    district, covering = by_hand(tiles, drawn, x, y)
    try:
        decision = decide(x, y, "overflowing-bin", at=NOW)
    except OutsideJurisdictions:
        assert district is None and routed.districts[index] == NONE
        assert client is None or _ask(client, x, y)[0] == 400
        return
    rows = routed.boundaries.areas.rows
    # The same everywhere, on each side of the city's edge.
    assert routed.boundaries.districts.rows[routed.districts[index]]["code"] == decision.place.district_code
    winner = decision.area.code if decision.area else None
    second = decision.runner_up.code if decision.runner_up else None
    assert (rows[routed.areas[index]]["code"] if routed.areas[index] != NONE else None) == winner
    assert (rows[routed.runners_up[index]]["code"] if routed.runners_up[index] != NONE else None) == second
    assert routed.units[index] == decision.unit.pk
    if client is not None:
        told = _ask(client, x, y)[1]
        assert told["district"]["code"] == decision.place.district_code and told["unit"]["code"] == decision.unit.code
        assert ((told["service_area"] or {}).get("code"), (told["runner_up"] or {}).get("code")) == (winner, second)
    # Where a district covers the place, it is also what the contract says.
    if district is not None:
        assert (decision.place.district_code, decision.place.outside_by_m) == (district, None)
        assert [code for code in (winner, second) if code] == covering[:2]
    else:
        assert decision.place.outside_by_m is not None


def _ask(client: Client, x: float, y: float) -> tuple[int, dict[str, Any]]:
    answer = client.get(f"/api/v1/route/?longitude={x:.7f}&latitude={y:.7f}&category=overflowing-bin")
    return answer.status_code, answer.json()


@pytest.mark.parametrize("order", ["as stored", "reversed"])
def test_the_order_of_rows_decides_nothing(gridville: Jurisdiction, order: str) -> None:
    """Equal areas, stored in any order, at any place of the table: the code decides, byte by byte."""
    codes = ["b-2", "b10", "b2", "a-z", "az"]
    model = ServiceArea.objects.get(code="north")
    ServiceArea.objects.all().delete()
    for code in codes if order == "as stored" else reversed(codes):
        model.pk, model._state.adding, model.code, model.area_m2 = None, True, code, 1.0
        model.save()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE districts_servicearea")
    decision = decide(0.5 * SCALE, 1.5 * SCALE, "litter", at=NOW)
    assert decision.area is not None and decision.runner_up is not None
    assert [decision.area.code, decision.runner_up.code] == sorted(codes)[:2]
