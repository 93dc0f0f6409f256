# ruff: noqa: S608 - the SQL is made of the constants of this file and of selectors.py
"""The polygons round a place, cut to a small square and drawn in metres: for "what would change a few steps away?"."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import cos, radians
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import shapely
from django.db import connection

from districts.prepared import execute_prepared
from districts.selectors import AREA_ORDER, DISTRICT_ORDER, ON_EDGE, AreaMatch, PlaceMatch

_METRES_PER_DEGREE = 111_320
_POLYGONAL = ("Polygon", "MultiPolygon")
# Layers.
_DISTRICT, _AREA = 1, 2


class NearDistrict(NamedTuple):
    code: str
    name: dict[str, str]


@dataclass(frozen=True)
class Vicinity:
    """What reaches into the square, in the order of decision.

    `areas` and `covering`: the areas, and those of them that cover the place itself. `cuts`: their shapes, districts first,
    as WKB in degrees; None where one fills the square.
    """

    longitude: float
    latitude: float
    radius_m: float
    districts: list[NearDistrict]
    areas: list[AreaMatch]
    covering: list[AreaMatch]
    cuts: list[bytes | None]

    @property
    def has_border(self) -> bool:
        return any(cut is not None for cut in self.cuts)

    @cached_property
    def shapes(self) -> list[Any]:
        """The shapes in metres east and north of the place, districts first, then areas; None where one fills the square."""
        origin = np.array([self.longitude, self.latitude])
        scale = np.array([_east(self.latitude), _METRES_PER_DEGREE])

        def in_metres(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            moved: npt.NDArray[np.float64] = (points - origin) * scale
            return moved

        cut = [wkb for wkb in self.cuts if wkb is not None]
        drawn = iter(shapely.transform(shapely.from_wkb(cut), in_metres))
        return [None if wkb is None else _polygonal(next(drawn)) for wkb in self.cuts]


# One statement for both layers; `layer` tells them apart, and each brings its own order (numbering the rows, to sort all of
# them, took as long as finding them). A polygon that fills the square has the square's area. Whether it covers the place is
# asked of what was cut: a few vertices instead of all.
_CUT = "LATERAL (SELECT ST_ClipByBox2D({geometry}, {{box}}) AS shape OFFSET 0) cut"
_WKB = "CASE WHEN ST_Area(cut.shape) >= ST_Area({box}) * 0.9999999 THEN NULL ELSE ST_AsBinary(cut.shape) END"
_COVERS = f"ST_DWithin(cut.shape, {{point}}, {ON_EDGE})"
_LAYERS = f"""
(
  SELECT {_DISTRICT} AS layer, {_WKB}, {_COVERS}, d.jurisdiction_id,
         d.id, d.code, d.name::text, j.catalogue_version, 0, d.edition_id, 0, false, NULL::bigint, NULL::bigint, d.area_m2,
         d.parent_code
  FROM districts_district d JOIN districts_boundaryedition e ON e.id = d.edition_id AND {{editions}}
       JOIN catalogue_jurisdiction j ON j.id = d.jurisdiction_id, {_CUT.format(geometry="d.geometry")}
  WHERE d.geometry && {{box}} AND {{city}} AND NOT ST_IsEmpty(cut.shape)
  ORDER BY {DISTRICT_ORDER}
) UNION ALL (
  SELECT {_AREA}, {_WKB}, {_COVERS}, a.jurisdiction_id,
         a.id, a.code, a.name::text, a.unit_id, a.priority, a.edition_id, e.number, a.category_id IS NOT NULL,
         a.schedule_id, a.fallback_unit_id, a.area_m2, ''
  FROM districts_servicearea a JOIN districts_boundaryedition e ON e.id = a.edition_id AND {{editions}}
       JOIN catalogue_category c ON c.service_id = a.service_id AND {{category}}, {_CUT.format(geometry="a.geometry")}
  WHERE a.geometry && {{box}} AND (a.category_id IS NULL OR a.category_id = c.id) AND NOT ST_IsEmpty(cut.shape)
  ORDER BY {AREA_ORDER}
)
"""
_BOX = "ST_MakeEnvelope({west}, {south}, {east}, {north}, 4326)"
_POINT = "ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326)"
_THEN = _LAYERS.format(
    box=_BOX.format(west="%(west)s", south="%(south)s", east="%(east)s", north="%(north)s"),
    point=_POINT.format(lon="%(lon)s", lat="%(lat)s"),
    city="d.jurisdiction_id = %(city)s", category="c.id = %(category)s", editions="e.id = ANY(%(editions)s)",
)  # fmt: skip
# Of all cities: the district that covers the place tells which one counts.
_NOW = _LAYERS.format(
    box=_BOX.format(west="$1::float8", south="$2::float8", east="$3::float8", north="$4::float8"),
    point=_POINT.format(lon="$5::float8", lat="$6::float8"),
    city="true", category="c.code = $7::text", editions="e.is_active",
)  # fmt: skip


def place_and_vicinity(
    longitude: float, latitude: float, category_code: str, *, radius_m: float
) -> tuple[PlaceMatch, Vicinity] | None:
    """selectors.place_at with what reaches into a square round the place. One statement; None where no district covers it."""
    box = _box(longitude, latitude, radius_m)
    with connection.cursor() as cursor:
        execute_prepared(cursor, _NOW, [*box, longitude, latitude, category_code])
        rows = cursor.fetchall()
    covering = next((row for row in rows if row[0] == _DISTRICT and row[2]), None)
    if covering is None:
        return None
    _, _, _, city, district, code, name, version, *_, parent = covering
    place = PlaceMatch(city, version, district, code, orjson.loads(name), parent, None)
    return place, _vicinity(longitude, latitude, radius_m, [row for row in rows if row[3] == city])


def vicinity(
    longitude: float,
    latitude: float,
    *,
    radius_m: float,
    jurisdiction_id: int,
    category_id: int,
    editions: Sequence[int],
) -> Vicinity:
    """The districts of a city and the areas of a category in some editions in a square round a place. One statement."""
    names = ("west", "south", "east", "north", "lon", "lat", "city", "category")
    box = _box(longitude, latitude, radius_m)
    values: dict[str, Any] = dict(zip(names, [*box, longitude, latitude, jurisdiction_id, category_id], strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_THEN, values | {"editions": list(editions)})
        rows = cursor.fetchall()
    return _vicinity(longitude, latitude, radius_m, rows)


def _box(longitude: float, latitude: float, radius_m: float) -> list[float]:
    half_x, half_y = radius_m / _east(latitude), radius_m / _METRES_PER_DEGREE
    return [longitude - half_x, latitude - half_y, longitude + half_x, latitude + half_y]


def _east(latitude: float) -> float:
    """Metres of a degree of longitude."""
    return _METRES_PER_DEGREE * max(cos(radians(latitude)), 0.01)


def _vicinity(longitude: float, latitude: float, radius_m: float, rows: Sequence[tuple[Any, ...]]) -> Vicinity:
    found = Vicinity(longitude, latitude, radius_m, [], [], [], [])
    # Each layer comes in its order; districts first.
    for layer, wkb, covers, _city, key, code, name, *more, _parent in sorted(rows, key=itemgetter(0)):
        found.cuts.append(None if wkb is None else bytes(wkb))
        if layer == _DISTRICT:
            found.districts.append(NearDistrict(code, orjson.loads(name)))
        else:
            area = AreaMatch(key, code, orjson.loads(name), *more)
            found.areas.append(area)
            if covers:
                found.covering.append(area)
    return found


def _polygonal(shape: Any) -> Any:
    """What cutting leaves, made valid: it may touch itself where an edge runs along the square. Few vertices, so here."""
    if shape.geom_type in _POLYGONAL and shape.is_valid:
        return shape
    parts = shapely.get_parts(shapely.make_valid(shape))
    return shapely.union_all([part for part in parts if part.geom_type in _POLYGONAL])
