"""Cities to measure routing with: districts that share wobbly borders, and service areas that overlap and leave holes."""

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import connection
from django.utils import timezone

from catalogue.models import Calendar, Category, Jurisdiction, Service, Unit
from districts.models import DISTRICTS_LAYER, BoundaryEdition, District, ServiceArea, service_areas_layer

SERVICES, SIDE = 8, 0.15  # the city is about 15 km wide and high
Line = list[tuple[float, float]]


@dataclass(frozen=True)
class BenchCity:
    """What a run needs to know of it. `corner` is its south-west, degrees WGS 84."""

    city: Jurisdiction
    categories: list[Category]
    corner: tuple[float, float]


def build_city(code: str, prefix: str, corner: tuple[float, float], *, districts: int, areas: int) -> BenchCity:
    """A city of so many districts of about 600 vertices, and service areas of about 430; the same for each run."""
    rng = Random(f"{code} 7")
    name = dict.fromkeys(("fr", "ar", "en"), code)
    city = Jurisdiction.objects.create(
        code=code, name=name, tracking_prefix=prefix, languages=["fr", "ar", "en"], time_zone="Africa/Casablanca",
        country="MA", bounds=[*corner, corner[0] + SIDE, corner[1] + SIDE], license="CC0-1.0", source="made up",
    )  # fmt: skip
    week = {day: ["08:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    office = Calendar.objects.create(jurisdiction=city, code="office", name=name, week=week)
    units = [
        Unit.objects.create(jurisdiction=city, code=f"unit-{n}", name=name, kind="department", calendar=office)
        for n in range(areas + 1)
    ]
    Jurisdiction.objects.filter(pk=city.pk).update(triage_unit=units[0])
    categories = []
    for number in range(SERVICES):
        service = Service.objects.create(jurisdiction=city, code=f"service-{number}", name=name, order=number)
        category = Category.objects.create(
            jurisdiction=city, service=service, code=f"{code}-{number}", name=name,
            answer_within="2 working days", resolve_within="5 working days",
        )  # fmt: skip
        categories.append(category)
    edition = _edition(city, DISTRICTS_LAYER)
    for number, shape in enumerate(_tiles(rng, corner, districts, vertices=600)):
        District.objects.create(
            jurisdiction=city,
            edition=edition,
            code=f"d-{number}",
            name=name,
            level=1,
            area_m2=0,
            geometry=_multi(shape),
        )
    share = areas // SERVICES
    for number, category in enumerate(categories):
        count = share + (1 if number < areas - share * SERVICES else 0)
        layer = _edition(city, service_areas_layer(category.service.code))
        # Each reaches 100 m into its neighbours; one of nine is missing, so that some points have nobody.
        for index, shape in enumerate(_tiles(rng, corner, count + 1, vertices=400)[:count]):
            ServiceArea.objects.create(
                jurisdiction=city, edition=layer, code=f"a-{number}-{index}", name=name, service=category.service,
                unit=units[1 + number * share + index], priority=rng.choice([0, 0, 5]), area_m2=0,
                geometry=_multi(shape.buffer(0.001, quad_segs=2)),
            )  # fmt: skip
    with connection.cursor() as cursor:
        for table in ("districts_district", "districts_servicearea"):
            cursor.execute(
                f"UPDATE {table} SET area_m2 = ST_Area(geometry::geography) WHERE jurisdiction_id = %s",
                [city.pk],
            )
            cursor.execute(f"ANALYZE {table}")
    return BenchCity(city, categories, corner)


def _edition(city: Jurisdiction, layer: str) -> BoundaryEdition:
    now = timezone.now()
    return BoundaryEdition.objects.create(
        jurisdiction=city, layer=layer, number=1, source="made up", license="CC0-1.0", file_hash="0" * 64,
        imported_at=now, imported_by="bench", is_active=True, activated_at=now,
    )  # fmt: skip


def _tiles(rng: Random, corner: tuple[float, float], count: int, *, vertices: int) -> list[shapely.Polygon]:
    """`count` polygons that fill the city's square without gap or overlap, each of about so many vertices."""
    rows = max(1, round(count**0.5))
    while count % rows:
        rows -= 1
    columns = count // rows
    width, height = SIDE / columns, SIDE / rows
    steps = vertices // 4

    def node(column: int, row: int) -> tuple[float, float]:
        return round(corner[0] + column * width, 6), round(corner[1] + row * height, 6)

    edges: dict[tuple[tuple[float, float], tuple[float, float]], Line] = {}

    def edge(start: tuple[float, float], end: tuple[float, float]) -> Line:
        """A line that both neighbours walk along, each in its direction; both see the same vertices."""
        key = (min(start, end), max(start, end))
        if key not in edges:
            edges[key] = _wobble(rng, *key, steps, 0.12 * min(width, height))
        line = edges[key]
        return line if key[0] == start else line[::-1]

    shapes = []
    for row in range(rows):
        for column in range(columns):
            corners = [node(column, row), node(column + 1, row), node(column + 1, row + 1), node(column, row + 1)]
            ring = [p for a, b in zip(corners, corners[1:] + corners[:1], strict=True) for p in edge(a, b)[:-1]]
            shapes.append(shapely.Polygon(ring))
    return shapes


def _wobble(rng: Random, start: tuple[float, float], end: tuple[float, float], steps: int, sway: float) -> Line:
    """A line from start to end with `steps` pieces that sways to both sides and is straight at its ends."""
    along = np.linspace(0, 1, steps + 1)
    waves = sum(rng.uniform(-1, 1) / k * np.sin(k * np.pi * along) for k in range(1, 12))
    waves = sway * np.sin(np.pi * along) ** 2 * waves / 2
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    x, y = start[0] + dx * along - dy / length * waves, start[1] + dy * along + dx / length * waves
    line = [(round(float(a), 6), round(float(b), 6)) for a, b in zip(x, y, strict=True)]
    return [start, *line[1:-1], end]


def _multi(shape: Any) -> MultiPolygon:
    polygons = shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])
    geometry = GEOSGeometry(memoryview(shapely.to_wkb(polygons)), srid=4326)
    assert isinstance(geometry, MultiPolygon)
    return geometry
