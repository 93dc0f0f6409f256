"""Where a file is to go: a layer of a city, and everything about it that the child must know."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import shapely
from babel import Locale
from django.contrib.gis.db.models import Extent
from django.db import connection
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from catalogue.models import Jurisdiction, Service
from districts.models import DISTRICTS_LAYER, BoundaryEdition, District, ServiceArea

_SERVICE_PREFIX = "service-areas:"
# Square degrees beyond which a system is for continents.
_CONTINENT = 2500.0


class UnknownLayer(Exception):
    """The city has no such layer; the message says what there is."""


@dataclass(frozen=True)
class Target:
    """A layer of a city. `service` is None for districts."""

    city: Jurisdiction
    layer: str
    service: Service | None = None

    @property
    def active(self) -> BoundaryEdition | None:
        return BoundaryEdition.objects.filter(jurisdiction=self.city, layer=self.layer, is_active=True).first()


def target_of(city: Jurisdiction, layer: str) -> Target:
    """The layer by its name, "districts" or "service-areas:SERVICE". Raises UnknownLayer."""
    if layer == DISTRICTS_LAYER:
        return Target(city, layer)
    services = {service.code: service for service in Service.objects.filter(jurisdiction=city)}
    if layer.startswith(_SERVICE_PREFIX) and (service := services.get(layer.removeprefix(_SERVICE_PREFIX))):
        return Target(city, layer, service)
    raise UnknownLayer(", ".join([DISTRICTS_LAYER, *(f"{_SERVICE_PREFIX}{code}" for code in sorted(services))]))


def layers_of(city: Jurisdiction) -> list[Target]:
    """All layers of a city, districts first."""
    services = Service.objects.filter(jurisdiction=city, is_active=True)
    return [Target(city, DISTRICTS_LAYER)] + [Target(city, f"{_SERVICE_PREFIX}{row.code}", row) for row in services]


def child_request(target: Target) -> dict[str, Any]:
    """What the child is told about city and layer."""
    return {"city": _city(target.city), "known": _known(target)}


def outline_of_today(city: Jurisdiction) -> bytes | None:
    """The city's top-level districts of today as one shape (WKB), None where there are none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_AsBinary(d.geometry) FROM districts_district d JOIN districts_boundaryedition e"
            " ON e.id = d.edition_id AND e.is_active WHERE d.jurisdiction_id = %s AND d.level = 1",
            [city.pk],
        )
        shapes = [bytes(row[0]) for row in cursor.fetchall()]
    # Joined by our own GEOS from shapes that were checked when they came: never an overlay inside PostgreSQL.
    return bytes(shapely.to_wkb(shapely.union_all(shapely.from_wkb(shapes)))) if shapes else None


def _city(city: Jurisdiction) -> dict[str, Any]:
    bounds = tuple(city.bounds)
    today = District.objects.active().filter(jurisdiction=city, level=1).aggregate(extent=Extent("geometry"))["extent"]
    return {"bounds": bounds, "today": today, "candidates": systems_in_use(bounds, city.country)}


def _known(target: Target) -> dict[str, Any]:
    city, active = target.city, target.active
    today: dict[str, Any] = {}
    if target.service is None:
        rows = District.objects.filter(edition=active).values("code", "name", "level", "parent_code", "population")
        today = {row["code"]: {**row, "parent": row["parent_code"]} for row in rows} if active else {}
    elif active is not None:
        areas = ServiceArea.objects.filter(edition=active).values_list(
            "code", "name", "unit__code", "schedule__code", "fallback_unit__code"
        )
        for code, name, unit, schedule, fallback in areas:
            today[code] = {"name": name, "unit": unit, "schedule": schedule or "", "fallback_unit": fallback or ""}
    service = target.service
    return {
        "languages": list(city.languages),
        "kind": "districts" if service is None else "service-areas",
        "service": service.code if service else "",
        "units": [] if service is None else list(city.units.values_list("code", flat=True)),
        "categories": [] if service is None else list(service.categories.values_list("code", flat=True)),
        "schedules": [] if service is None else list(city.schedules.values_list("code", flat=True)),
        "today": today,
    }


@lru_cache(maxsize=64)
def systems_in_use(bounds: tuple[float, float, float, float], country: str) -> list[str]:
    """Coordinate systems that are made for a place, likeliest first: UTM, those that name the country, small ones."""
    west, south, east, north = bounds
    middle = AreaOfInterest((west + east) / 2, (south + north) / 2, (west + east) / 2, (south + north) / 2)
    kinds = [PJType.PROJECTED_CRS, PJType.GEOGRAPHIC_2D_CRS]
    found = query_crs_info(auth_name="EPSG", pj_types=kinds, area_of_interest=middle, contains=True)
    name = str(Locale("en").territories.get(country, country))
    ranked = []
    for system in found:
        area = system.area_of_use
        size = (area.east - area.west) * (area.north - area.south) if area else 1e9
        if size > _CONTINENT and "UTM zone" not in system.name:
            continue
        ours = area is not None and name in str(area.name)
        rank = (not system.name.startswith("WGS 84 / UTM zone"), not ours, size, system.code)
        ranked.append((rank, f"EPSG:{system.code}"))
    return list(dict.fromkeys(code for _rank, code in sorted(ranked)))
