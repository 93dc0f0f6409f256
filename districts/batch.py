"""Point in polygon for many points at once, vectorised over one edition's shapes, with the same answers as the SQL.

For batches only (import of history, re-routing, simulation): the shapes live as long as the command that made the index.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from django.db import connection

Places = npt.NDArray[np.float64]  # n × 2: longitude, latitude in degrees WGS 84
Picks = npt.NDArray[np.int64]  # n: row number of the shape that wins, -1 for none


@dataclass(frozen=True)
class Layer:
    """Shapes in order of preference: where several cover a point, the first one wins."""

    rows: list[dict[str, Any]]
    tree: shapely.STRtree

    def pick(self, places: Places) -> tuple[Picks, Picks]:
        """For each place the winner and the runner-up, as row numbers; what lies on an edge is covered."""
        winner = np.full(len(places), -1, dtype=np.int64)
        second = np.full(len(places), -1, dtype=np.int64)
        if not self.rows or not len(places):
            return winner, second
        point, shape = self.tree.query(shapely.points(places), predicate="intersects")
        order = np.lexsort((shape, point))
        point, shape = point[order], shape[order]
        first = np.ones(len(point), dtype=bool)
        first[1:] = point[1:] != point[:-1]
        winner[point[first]] = shape[first]
        follows = np.flatnonzero(first) + 1
        follows = follows[follows < len(point)]
        follows = follows[~first[follows]]
        second[point[follows]] = shape[follows]
        return winner, second


_DISTRICTS = """
SELECT d.id, d.code, d.name::text AS name, d.parent_code, ST_AsBinary(d.geometry) AS wkb
FROM districts_district d JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
WHERE d.jurisdiction_id = %s ORDER BY d.level DESC, d.area_m2, d.code
"""

# The order of districts.selectors._AREAS.
_AREAS = """
SELECT a.id, a.code, a.unit_id, a.edition_id, a.category_id IS NOT NULL AS for_category, ST_AsBinary(a.geometry) AS wkb
FROM districts_servicearea a JOIN districts_boundaryedition e ON e.id = a.edition_id AND e.is_active
WHERE a.service_id = %s AND (a.category_id IS NULL OR a.category_id = %s)
ORDER BY a.category_id IS NULL, a.priority DESC, a.area_m2, a.code
"""


def district_layer(jurisdiction_id: int) -> Layer:
    """The active districts of a city, smallest level of detail first."""
    return _layer(_DISTRICTS, [jurisdiction_id])


def area_layer(service_id: int, category_id: int) -> Layer:
    """The active service areas that may answer for a category, best first."""
    return _layer(_AREAS, [service_id, category_id])


def _layer(query: str, values: list[int]) -> Layer:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    shapes = shapely.from_wkb([bytes(row.pop("wkb")) for row in rows])
    shapely.prepare(shapes)
    return Layer(rows, shapely.STRtree(shapes))
