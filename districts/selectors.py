# ruff: noqa: S608 - the SQL is made of the constants of this file
"""Which polygons cover a point. Point in polygon is SQL; what lies on an edge is covered."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from django.db import connection

from districts.prepared import execute_prepared


class PlaceMatch(NamedTuple):
    """The smallest district at a point and its jurisdiction. `outside_by_m` is None when it covers the point."""

    jurisdiction_id: int
    catalogue_version: int
    district_id: int
    district_code: str
    district_name: dict[str, str]
    parent_code: str
    outside_by_m: float | None


class AreaMatch(NamedTuple):
    """A service area that covers a point. `schedule_id` None: it answers at any hour."""

    area_id: int
    code: str
    name: dict[str, str]
    unit_id: int
    priority: int
    edition_id: int
    edition_number: int
    for_category: bool
    schedule_id: int | None
    fallback_unit_id: int | None
    area_m2: float


# Deepest level first, then the smaller, then the code: one answer for points on borders and vertices. Codes are compared
# byte by byte: the database's own collation would decide differently from one server to the next.
DISTRICT_ORDER = 'd.level DESC, d.area_m2, d.code COLLATE "C"'
# contract.md §5: areas of the category before areas of the whole service; then priority; then smaller area; then code.
AREA_ORDER = 'a.category_id IS NULL, a.priority DESC, a.area_m2, a.code COLLATE "C"'

# A place this near to an edge, a tenth of a millimetre, lies on it. Whether a point lies exactly on a slanted line is a matter of
# rounding: PostGIS's ST_Covers, GEOS and plain arithmetic answer differently, and the place on a border between two districts
# may lie in neither. Places have seven decimals, so that nothing else is ever so near.
ON_EDGE = "0.000000001"

_POINT = "ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326)"

# Parameters are written into these by `.format`: $1… of a prepared statement, or columns of many points (batch.py).
COVERING = f"""
SELECT d.jurisdiction_id, j.catalogue_version, d.id, d.code, d.name::text, d.parent_code, NULL::float8
FROM districts_district d
JOIN districts_boundaryedition e ON e.id = d.edition_id AND {{editions}}
JOIN catalogue_jurisdiction j ON j.id = d.jurisdiction_id
WHERE ST_DWithin(d.geometry, {_POINT}, {ON_EDGE})
  AND ({{city}} IS NULL OR d.jurisdiction_id = {{city}})
ORDER BY {DISTRICT_ORDER}
LIMIT 1
"""

# What of a polygon lies within {metres} of the point, as geography: metres from there are measured on the spheroid, and to
# measure them to all of a polygon's vertices took ten times as long. The box in degrees is a little larger (1 degree of
# longitude is 111 km × cos(latitude)), so that its own edges are never the nearest.
_BOX = f"""ST_Expand({_POINT}, {{metres}} / (110000 * greatest(cos(radians({{lat}})), 0.01)), {{metres}} / 110000.0)"""
_DISTANCE = f"ST_Distance(ST_ClipByBox2D({{geometry}}, {_BOX})::geography, {_POINT}::geography)"

# Only when nothing covers: the nearest district whose city accepts points that far outside its edge.
NEAREST = f"""
SELECT * FROM (
  SELECT d.jurisdiction_id, j.catalogue_version, d.id, d.code, d.name::text, d.parent_code,
         {_DISTANCE.replace("{metres}", "j.edge_tolerance_m").replace("{geometry}", "d.geometry")} AS distance,
         d.level, d.area_m2, j.edge_tolerance_m
  FROM districts_district d
  JOIN districts_boundaryedition e ON e.id = d.edition_id AND {{editions}}
  JOIN catalogue_jurisdiction j ON j.id = d.jurisdiction_id
  WHERE d.geometry && {_BOX.replace("{metres}", "j.edge_tolerance_m")}
    AND ({{city}} IS NULL OR d.jurisdiction_id = {{city}})
) d WHERE distance <= edge_tolerance_m
ORDER BY d.level DESC, distance, d.area_m2, d.code COLLATE "C"
LIMIT 1
"""

_AREA_COLUMNS = """
SELECT a.id, a.code, a.name::text, a.unit_id, a.priority, a.edition_id, e.number, a.category_id IS NOT NULL,
       a.schedule_id, a.fallback_unit_id, a.area_m2
FROM districts_servicearea a
JOIN districts_boundaryedition e ON e.id = a.edition_id AND {editions}
"""

# All that cover the point: which of them answer at this hour is for complaints/routing.py to say. They are few.
AREAS = f"""{_AREA_COLUMNS}
WHERE ST_DWithin(a.geometry, {_POINT}, {ON_EDGE})
  AND a.service_id = {{service}} AND (a.category_id IS NULL OR a.category_id = {{category}})
ORDER BY {AREA_ORDER}
"""

# For rounding: what is that much farther than the edge reaches as far as the edge.
EDGE_SLACK_M = 0.01

# For a point outside the city's edge by {metres}: the areas that are no farther than the edge itself, so that it is answered
# as the place on the edge where it is taken in.
AREAS_AT_THE_EDGE = f"""{_AREA_COLUMNS}
WHERE a.geometry && {_BOX.replace("{metres}", "({metres} + 1)")}
  AND {_DISTANCE.replace("{metres}", "({metres} + 1)").replace("{geometry}", "a.geometry")} <= {{metres}} + {EDGE_SLACK_M}
  AND a.service_id = {{service}} AND (a.category_id IS NULL OR a.category_id = {{category}})
ORDER BY {AREA_ORDER}
"""

_PARAMETERS = {"lon": "$1::float8", "lat": "$2::float8", "editions": "e.is_active"}
_COVERING = COVERING.format(**_PARAMETERS, city="$3::bigint")
_NEAREST = NEAREST.format(**_PARAMETERS, city="$3::bigint")

# One question for what every complaint asks: the district, and the areas of the category (by its code) in that city.
# Parameters: $1 longitude, $2 latitude, $3 a city or NULL, $4 the category's code.
PLACE_AND_AREAS = f"""
SELECT place.*, area.*
FROM ({_COVERING}) place (jurisdiction_id, catalogue_version, district_id, code, name, parent_code, outside_by_m)
LEFT JOIN catalogue_category c ON c.jurisdiction_id = place.jurisdiction_id AND c.code = $4::text
LEFT JOIN LATERAL ({AREAS.format(**_PARAMETERS, service="c.service_id", category="c.id")})
  area (area_id, area_code, area_name, unit_id, priority, edition_id, edition, for_category, schedule_id, fallback_unit_id,
        area_m2) ON true
"""
AREAS_BEST_FIRST = 'NOT for_category, priority DESC, area_m2, area_code COLLATE "C"'
_AREAS_AT_THE_EDGE = f"""
SELECT area.* FROM catalogue_category c CROSS JOIN LATERAL (
{AREAS_AT_THE_EDGE.format(**_PARAMETERS, service="c.service_id", category="c.id", metres="$5::float8")}) area
WHERE c.jurisdiction_id = $3::bigint AND c.code = $4::text
"""


def place_at(longitude: float, latitude: float, *, jurisdiction_id: int | None = None) -> PlaceMatch | None:
    """The district and city at a WGS 84 point; None outside every city (and its edge tolerance, in metres)."""
    values = [longitude, latitude, jurisdiction_id]
    with connection.cursor() as cursor:
        execute_prepared(cursor, _COVERING, values)
        row = cursor.fetchone()
        if row is None:
            execute_prepared(cursor, _NEAREST, values)
            row = cursor.fetchone()
    return _place(row) if row else None


def place_and_areas_at(
    longitude: float, latitude: float, category_code: str, *, jurisdiction_id: int | None = None
) -> tuple[PlaceMatch, list[AreaMatch]] | None:
    """As `place_at`, with the service areas there of a category of that city, in the order of decision.

    Hours are not looked at. For a point outside the city's edge, the areas that reach as far as the edge. One statement,
    three outside. A category that the city does not have has no areas.
    """
    with connection.cursor() as cursor:
        asked = [longitude, latitude, jurisdiction_id, category_code]
        execute_prepared(cursor, f"{PLACE_AND_AREAS} ORDER BY {AREAS_BEST_FIRST}", asked)
        rows = cursor.fetchall()
        if rows:
            return read_place_and_areas(rows)
        execute_prepared(cursor, _NEAREST, [longitude, latitude, jurisdiction_id])
        row = cursor.fetchone()
        if row is None:
            return None
        place = _place(row)
        execute_prepared(
            cursor,
            _AREAS_AT_THE_EDGE,
            [longitude, latitude, place.jurisdiction_id, category_code, place.outside_by_m],
        )
        return place, [_area(row) for row in cursor.fetchall()]


def read_place_and_areas(rows: Sequence[tuple[Any, ...]]) -> tuple[PlaceMatch, list[AreaMatch]]:
    """What PLACE_AND_AREAS found, which gives one row at least for a place that a district covers."""
    return _place(rows[0]), [_area(row[7:]) for row in rows if row[7] is not None]


def _place(row: tuple[Any, ...]) -> PlaceMatch:
    """From the first seven columns; more are for sorting."""
    return PlaceMatch(row[0], row[1], row[2], row[3], orjson.loads(row[4]), row[5], row[6])


def _area(row: tuple[Any, ...]) -> AreaMatch:
    return AreaMatch(row[0], row[1], orjson.loads(row[2]), *row[3:])
