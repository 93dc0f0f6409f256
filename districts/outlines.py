"""A few polygons as a screen can show them, for "why here?"."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

# Corners that a screen of 1000 points would not show are left out: a coast of 100,000 vertices is a page of its own.
_DRAWN = """
SELECT {kind}, code, name::text, ST_AsGeoJSON(ST_SimplifyPreserveTopology(geometry,
    greatest(ST_XMax(geometry) - ST_XMin(geometry), ST_YMax(geometry) - ST_YMin(geometry)) / 2000), 6)
FROM {table} WHERE id = ANY(%s)
"""
_BOTH = " UNION ALL ".join(
    _DRAWN.format(kind=f"'{kind}'", table=table)
    for kind, table in (("district", "districts_district"), ("area", "districts_servicearea"))
)


def outlines(*, districts: Sequence[int], areas: Sequence[int]) -> list[dict[str, Any]]:
    """GeoJSON features of districts and service areas by id, with `kind`, `code` and `name` (by language). One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_BOTH, [list(districts), list(areas)])
        rows = cursor.fetchall()
    return [
        {
            "type": "Feature",
            "properties": {"kind": kind, "code": code, "name": json.loads(name)},
            "geometry": json.loads(drawn),
        }
        for kind, code, name, drawn in rows
    ]
