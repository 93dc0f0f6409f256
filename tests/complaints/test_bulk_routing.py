"""Bulk answers are the single ones: random tilings with holes, overlaps, hours and faults, points on every border."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.utils import timezone

from catalogue.models import Calendar, Category, Jurisdiction, Schedule
from catalogue.snapshot import current_snapshot
from complaints.bulk import BulkRouter, Routed
from complaints.errors import OutsideJurisdictions
from complaints.models import RoutingDecision
from complaints.promises import with_promises
from complaints.routing import decide
from districts.batch import NONE, active_editions, load_boundaries
from districts.models import District, ServiceArea
from tests.builders import SCALE, box, named

_FIELDS = (
    "reason",
    "category_id",
    "unit_id",
    "district_id",
    "service_area_id",
    "edition_id",
    "runner_up_id",
    "rule",
    "by_fallback",
    "passed_over_id",
)


def router(city: Jurisdiction) -> BulkRouter:
    boundaries = load_boundaries(city.pk, active_editions(city.pk), edge_tolerance_m=city.edge_tolerance_m)
    return BulkRouter(current_snapshot(city), boundaries)


def assert_same(city: Jurisdiction, points: list[tuple[float, float]], codes: list[str], at: list[datetime]) -> Routed:
    """Every bulk answer equals the one that a single filing gets."""
    keys = {c.code: c.pk for c in Category.objects.filter(jurisdiction=city)}
    categories = np.array([keys[code] for code in codes], dtype=np.int64)
    routed = router(city).route(np.array(points), categories, at)
    catalogue = current_snapshot(city)
    for index, ((x, y), code, when) in enumerate(zip(points, codes, at, strict=True)):
        try:
            single, _ = with_promises(decide(x, y, code, at=when, jurisdiction_id=city.pk), at=when)
        except OutsideJurisdictions:
            assert routed.districts[index] == NONE, (x, y)
            continue
        assert routed.districts[index] != NONE, (x, y)
        bulk = routed.decision(index, now=when)
        expected = {
            "reason": single.reason,
            "category_id": single.category.pk,
            "unit_id": single.unit.pk,
            "district_id": single.place.district_id,
            "service_area_id": single.area.area_id if single.area else None,
            "edition_id": single.area.edition_id if single.area else None,
            "runner_up_id": single.runner_up.area_id if single.runner_up else None,
            "rule": single.rule,
            "by_fallback": single.by_fallback,
            "passed_over_id": single.passed_over.area_id if single.passed_over else None,
        }
        assert {name: getattr(bulk, name) for name in _FIELDS} == expected, (x, y, code, when)
        assert bulk.outside_by_m == pytest.approx(single.place.outside_by_m, abs=0.001)
        assert routed.alert(index, catalogue) == single.alert
    return routed


def scatter(rng: Random, count: int) -> list[tuple[float, float]]:
    """Points inside, on the half-unit grid (borders and vertices), and just around the city's edge."""
    places = [(rng.uniform(-0.2, 4.2), rng.uniform(-0.2, 2.2)) for _ in range(count)]
    places += [(rng.randint(0, 40) / 10, rng.randint(0, 20) / 10) for _ in range(count)]
    places += [(rng.uniform(0, 4), 2 + rng.uniform(-0.001, 0.05)) for _ in range(count)]
    return [(round(x * SCALE, 7), round(y * SCALE, 7)) for x, y in places]


@pytest.mark.parametrize("seed", range(12))
def test_random_areas_with_hours_holes_and_overlaps(gridville: Jurisdiction, seed: int) -> None:
    rng = Random(seed)
    schedules = [
        Schedule.objects.create(jurisdiction=gridville, code="night", name=named("n"), week={"mon": ["20:00-06:00"]}),
        Schedule.objects.create(jurisdiction=gridville, code="summer", name=named("s"), seasons=["06-15/09-15"]),
        Schedule.objects.create(jurisdiction=gridville, code="broken", name=named("b"), week={"never": []}),
    ]
    units = list(gridville.units.all())
    calendar = Calendar.objects.create(jurisdiction=gridville, code="broken", name=named("b"), week={"mon": "all"})
    units[seed % len(units)].calendar = calendar
    units[seed % len(units)].save()
    model = ServiceArea.objects.get(code="north")
    bins = Category.objects.get(code="overflowing-bin")
    for number in range(12):
        west, south = rng.randint(0, 30) / 10, rng.randint(0, 15) / 10
        model.pk, model._state.adding, model.code = None, True, f"random-{number}"
        model.geometry = box(west, south, west + rng.randint(1, 20) / 10, south + rng.randint(1, 10) / 10)
        model.area_m2, model.priority = rng.choice([1.0, 1.0, 2.0]), rng.choice([0, 5, 10])
        model.unit, model.category = rng.choice(units), rng.choice([None, None, bins])
        model.schedule = rng.choice([None, None, *schedules])
        model.fallback_unit = rng.choice([None, *units]) if model.schedule else None
        model.save()
    # A hole in the district layer, an enclave, and a gap of half a metre at its border.
    holed = MultiPolygon(box(1.000005, 0, 2, 2).difference(box(1.4, 0.4, 1.6, 0.6)), srid=4326)
    District.objects.filter(code="w2").update(geometry=holed)
    points = scatter(rng, 60)
    codes = [rng.choice(["overflowing-bin", "litter", "pothole"]) for _ in points]
    start = datetime(2026, 1, 5, tzinfo=UTC)
    at = [start + timedelta(minutes=rng.randint(0, 365 * 1440)) for _ in points]
    routed = assert_same(gridville, points, codes, at)
    assert (routed.districts == NONE).any() and (~np.isnan(routed.outside_by_m)).any()


def test_oblique_borders_and_their_middle_points(gridville: Jurisdiction) -> None:
    """Points that lie on a slanted edge in decimals, and beside it by the last digit that is kept."""
    rng = Random(3)
    edge = [(round(rng.uniform(0, 0.04), 6), round(0.01 + rng.uniform(-0.004, 0.004), 6)) for _ in range(9)]
    edge = [(0.0, 0.01), *sorted(edge), (0.04, 0.01)]
    line = ", ".join(f"{x} {y}" for x, y in edge)
    back = ", ".join(f"{x} {y}" for x, y in reversed(edge))
    north = GEOSGeometry(f"SRID=4326;MULTIPOLYGON((({line}, 0.04 0.02, 0 0.02, 0 0.01)))")
    south = GEOSGeometry(f"SRID=4326;MULTIPOLYGON((({back}, 0 0, 0.04 0, 0.04 0.01)))")
    District.objects.filter(level=2).exclude(code__in=["w1", "w2"]).delete()
    District.objects.filter(code="w1").update(geometry=north, area_m2=1)
    District.objects.filter(code="w2").update(geometry=south, area_m2=2)
    ServiceArea.objects.filter(code="north").update(geometry=north, priority=1)
    ServiceArea.objects.filter(code="south").update(geometry=south, priority=0)
    points = []
    for (x1, y1), (x2, y2) in pairwise(edge):
        for share in (0, 0.25, 0.5, 0.75, rng.random()):
            x, y = round(x1 + share * (x2 - x1), 7), round(y1 + share * (y2 - y1), 7)
            points += [(x, y), (x, round(y + 1e-7, 7)), (x, round(y - 1e-7, 7))]
    routed = assert_same(gridville, points, ["litter"] * len(points), [timezone.now()] * len(points))
    assert len(set(routed.units.tolist())) == 2
    assert RoutingDecision.Reason.TRIAGE not in {routed.reason(index) for index in range(len(points))}
