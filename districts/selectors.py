"""Which polygons cover a point. Point in polygon is SQL; `covers` takes in what lies exactly on an edge."""

import json
from dataclasses import dataclass

from django.db import connection

from districts.prepared import execute_prepared


@dataclass(frozen=True)
class PlaceMatch:
    """The smallest district at a point and its jurisdiction. `outside_by_m` is None when it covers the point."""

    jurisdiction_id: int
    catalogue_version: int
    district_id: int
    district_code: str
    district_name: dict[str, str]
    parent_code: str
    outside_by_m: float | None


@dataclass(frozen=True)
class AreaMatch:
    """A service area that covers a point."""

    area_id: int
    code: str
    name: dict[str, str]
    unit_id: int
    priority: int
    edition_id: int
    edition_number: int
    for_category: bool


# Deepest level first, then the smaller, then the code: one answer for points on borders and vertices.
_COVERING = """
SELECT d.jurisdiction_id, j.catalogue_version, d.id, d.code, d.name::text, d.parent_code, NULL
FROM districts_district d
JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
JOIN catalogue_jurisdiction j ON j.id = d.jurisdiction_id
WHERE ST_Covers(d.geometry, ST_SetSRID(ST_MakePoint($1::float8, $2::float8), 4326))
  AND ($3::bigint IS NULL OR d.jurisdiction_id = $3::bigint)
ORDER BY d.level DESC, d.area_m2, d.code
LIMIT 1
"""

# Only when nothing covers: the nearest district whose city accepts points that far outside its edge. The box in degrees
# is the index's coarse net (1 degree of longitude is 111 km × cos(latitude)); metres on the spheroid decide.
_NEAREST = """
WITH place AS (SELECT ST_SetSRID(ST_MakePoint($1::float8, $2::float8), 4326) AS point)
SELECT d.jurisdiction_id, j.catalogue_version, d.id, d.code, d.name::text, d.parent_code,
       ST_Distance(d.geometry::geography, place.point::geography) AS distance
FROM place, districts_district d
JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
JOIN catalogue_jurisdiction j ON j.id = d.jurisdiction_id
WHERE d.geometry && ST_Expand(place.point,
          j.edge_tolerance_m / (110000 * greatest(cos(radians($2::float8)), 0.01)), j.edge_tolerance_m / 110000.0)
  AND ST_DWithin(d.geometry::geography, place.point::geography, j.edge_tolerance_m)
  AND ($3::bigint IS NULL OR d.jurisdiction_id = $3::bigint)
ORDER BY d.level DESC, distance, d.area_m2, d.code
LIMIT 1
"""

# contract.md §5: areas of the category before areas of the whole service; then priority; then smaller area; then code.
_AREAS = """
SELECT a.id, a.code, a.name::text, a.unit_id, a.priority, a.edition_id, e.number, a.category_id IS NOT NULL
FROM districts_servicearea a
JOIN districts_boundaryedition e ON e.id = a.edition_id AND e.is_active
WHERE ST_Covers(a.geometry, ST_SetSRID(ST_MakePoint($1::float8, $2::float8), 4326))
  AND a.service_id = $3::bigint AND (a.category_id IS NULL OR a.category_id = $4::bigint)
ORDER BY a.category_id IS NULL, a.priority DESC, a.area_m2, a.code
LIMIT 2
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
    if row is None:
        return None
    return PlaceMatch(row[0], row[1], row[2], row[3], json.loads(row[4]), row[5], row[6])


def service_areas_at(longitude: float, latitude: float, *, service_id: int, category_id: int) -> list[AreaMatch]:
    """The two best service areas at a WGS 84 point, winner first; empty where none covers it."""
    with connection.cursor() as cursor:
        execute_prepared(cursor, _AREAS, [longitude, latitude, service_id, category_id])
        rows = cursor.fetchall()
    return [AreaMatch(r[0], r[1], json.loads(r[2]), r[3], r[4], r[5], r[6], r[7]) for r in rows]
