# ruff: noqa: S608 - the SQL is made of constants of this file and of selectors.py
"""Point in polygon for many points at once, vectorised over editions' shapes, with the same answers as the SQL.

For batches only (import of history, re-routing, simulation): the shapes live as long as the command that loaded them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import cos, radians
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from django.db import connection

from districts.distances import Metres, doubt, metres_to
from districts.models import BoundaryEdition
from districts.selectors import AREA_ORDER, AREAS_AT_THE_EDGE, DISTRICT_ORDER, EDGE_SLACK_M, NEAREST, ON_EDGE

Coordinates = npt.NDArray[np.float64]  # n × 2: longitude, latitude in degrees WGS 84
Numbers = npt.NDArray[np.int64]
NONE = -1
# So many points go to the database in one statement.
_CHUNK = 5000


class Places:
    """Points sorted from west to east, so that a polygon looks only at those of its own longitudes."""

    def __init__(self, coordinates: Coordinates, among: Numbers | None = None) -> None:
        """`among`: indexes of the points to look at; None is all of them."""
        among = np.arange(len(coordinates)) if among is None else among
        # Where each of the sorted points stands in what was given.
        self.index: Numbers = among[np.argsort(coordinates[among, 0])]
        self.x, self.y = coordinates[self.index, 0], coordinates[self.index, 1]

    def __len__(self) -> int:
        return len(self.index)

    def some(self, chosen: npt.NDArray[np.bool_]) -> "Places":
        """The points for which `chosen` (by index) is true, without sorting them again."""
        positions = np.flatnonzero(chosen[self.index])
        part = object.__new__(Places)
        part.index, part.x, part.y = self.index[positions], self.x[positions], self.y[positions]
        return part

    def covered_by(
        self, shape: Any, bounds: npt.NDArray[np.float64], among: npt.NDArray[np.bool_] | None = None
    ) -> Numbers:
        """Positions (in sorted order) of the points that a prepared polygon covers.

        `among`, by position, leaves out points that need no look.
        """
        west, south, east, north = bounds
        first, last = np.searchsorted(self.x, west, "left"), np.searchsorted(self.x, east, "right")
        y = self.y[first:last]
        inside = (y >= south) & (y <= north)
        if among is not None:
            inside &= among[first:last]
        near: Numbers = np.flatnonzero(inside) + first
        covered: npt.NDArray[np.bool_] = shapely.intersects_xy(shape, self.x[near], self.y[near])
        return near[covered]


@dataclass(frozen=True)
class Layer:
    """Polygons in the order of decision: where several cover a point, the first one wins."""

    rows: list[dict[str, Any]]
    shapes: npt.NDArray[np.object_]
    # With the rim that counts as their edge (selectors.ON_EDGE), prepared.
    _ground: npt.NDArray[np.object_] = field(init=False)
    bounds: npt.NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        ground = shapely.buffer(self.shapes, float(ON_EDGE), quad_segs=8)
        shapely.prepare(ground)
        object.__setattr__(self, "_ground", ground)
        object.__setattr__(self, "bounds", shapely.bounds(ground).reshape(-1, 4))

    def covering(self, number: int, places: Places, among: npt.NDArray[np.bool_] | None = None) -> Numbers:
        """Positions of the places that polygon `number` covers."""
        return places.covered_by(self._ground[number], self.bounds[number], among)

    def first(self, places: Places) -> Numbers:
        """For each position the number of the first polygon that covers the point, or NONE."""
        winner = np.full(len(places), NONE, dtype=np.int64)
        pending = np.ones(len(places), dtype=bool)
        for number in range(len(self.shapes)):
            found = self.covering(number, places, pending)
            winner[found] = number
            pending[found] = False
        return winner


@dataclass(frozen=True)
class Boundaries:
    """The polygons of a city in one set of editions: those that are active, or some to be tried."""

    jurisdiction_id: int
    editions: tuple[int, ...]
    edge_tolerance_m: float
    districts: Layer
    areas: Layer

    def districts_of(self, coordinates: Coordinates, places: Places) -> tuple[Numbers, Metres]:
        """For each point the district's number (NONE outside), and metres outside the city's edge (NaN when covered).

        `places` are the same points, sorted.
        """
        winner = np.full(len(coordinates), NONE, dtype=np.int64)
        winner[places.index] = self.districts.first(places)
        outside_by = np.full(len(winner), np.nan)
        points, nearest, metres, clear = self._nearest(places.some(winner == NONE))
        winner[points[clear]], outside_by[points[clear]] = nearest[clear], metres[clear]
        numbers = {row["id"]: number for number, row in enumerate(self.districts.rows)}
        for point, row in self._lateral(NEAREST, coordinates, points[~clear]):
            winner[point], outside_by[point] = numbers[row[2]], row[6]
        return winner, outside_by

    def _nearest(self, missed: Places) -> tuple[Numbers, Numbers, Metres, npt.NDArray[np.bool_]]:
        """Of points that nothing covers those near the edge, each with its district and metres, as NEAREST has them.

        The last column is False where the tolerance or another district is so near that the database must decide.
        """
        points, numbers, metres = self._within_tolerance(missed)
        levels = np.array([row["level"] for row in self.districts.rows], dtype=np.int64)[numbers]
        order = np.lexsort((numbers, metres, -levels, points))
        points, numbers, metres, levels = points[order], numbers[order], metres[order], levels[order]
        alike = (points[1:] == points[:-1]) & (levels[1:] == levels[:-1])
        rivals = np.append(alike & (metres[1:] - metres[:-1] <= doubt(metres[1:])), False)[: len(points)]
        clear = ~rivals & (metres <= self.edge_tolerance_m - doubt(metres))
        _, first = np.unique(points, return_index=True)
        return points[first], numbers[first], metres[first], clear[first]

    def _within_tolerance(self, missed: Places) -> tuple[Numbers, Numbers, Metres]:
        """Point, district, metres for each pair that may be near enough."""
        found: list[tuple[Numbers, Numbers, Metres]] = []
        if len(missed) and self.edge_tolerance_m:
            for number, shape in enumerate(self.districts.shapes):
                near = self._net.covering(number, missed)
                if len(near):
                    metres = metres_to(shape, missed.x[near], missed.y[near])
                    close = metres <= self.edge_tolerance_m + doubt(metres)
                    points = missed.index[near[close]]
                    found.append((points, np.full(len(points), number, dtype=np.int64), metres[close]))
        if not found:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
        points, numbers, metres = (np.concatenate(column) for column in zip(*found, strict=True))
        return points, numbers, metres

    @cached_property
    def _net(self) -> Layer:
        """The districts, wider by more than the tolerance: what it catches is measured."""
        northernmost = min(89.0, float(np.abs(self.districts.bounds[:, [1, 3]]).max()))
        degrees = self.edge_tolerance_m / (110_000 * max(cos(radians(northernmost)), 0.01))
        # Round corners are drawn with few points, which cut a little off: 5 % make up for it.
        return Layer([], shapely.buffer(self.districts.shapes, degrees * 1.05, quad_segs=4))

    def areas_at_the_edge(
        self, coordinates: Coordinates, outside_by: Metres, services: Numbers, categories: Numbers
    ) -> dict[int, Numbers]:
        """For points outside the city's edge: number of each area that reaches as far as the edge → indexes of points."""
        points = np.flatnonzero(~np.isnan(outside_by))
        found: dict[int, Numbers] = {}
        unclear = np.zeros(len(coordinates), dtype=bool)
        for number, row in enumerate(self.areas.rows):
            mine = points[services[points] == row["service_id"]]
            if row["category_id"] is not None:
                mine = mine[categories[mine] == row["category_id"]]
            mine = mine[self._may_reach(number, coordinates[mine], outside_by[mine])]
            metres = metres_to(self.areas.shapes[number], coordinates[mine, 0], coordinates[mine, 1])
            beyond = metres - outside_by[mine] - EDGE_SLACK_M
            found[number] = mine[beyond <= 0]
            unclear[mine[np.abs(beyond) <= doubt(metres)]] = True
        found = {number: indexes[~unclear[indexes]] for number, indexes in found.items()}
        for number, indexes in self._asked_at_the_edge(coordinates, outside_by, services, categories, unclear).items():
            found[number] = np.append(found[number], indexes)
        return {number: indexes for number, indexes in found.items() if len(indexes)}

    def _may_reach(self, number: int, coordinates: Coordinates, metres: Metres) -> npt.NDArray[np.bool_]:
        """False for points too far from an area's box."""
        west, south, east, north = self.areas.bounds[number]
        x, y = coordinates[:, 0], coordinates[:, 1]
        high = (metres + 1) / 110_000
        wide = high / np.maximum(np.cos(np.radians(y)), 0.01)
        near: npt.NDArray[np.bool_] = (
            (x >= west - wide) & (x <= east + wide) & (y >= south - high) & (y <= north + high)
        )
        return near

    def _asked_at_the_edge(
        self,
        coordinates: Coordinates,
        outside_by: Metres,
        services: Numbers,
        categories: Numbers,
        asked: npt.NDArray[np.bool_],
    ) -> dict[int, list[int]]:
        """As `areas_at_the_edge`, of the database."""
        numbers = {row["id"]: number for number, row in enumerate(self.areas.rows)}
        found: dict[int, list[int]] = {}
        points = np.flatnonzero(asked)
        extra = (outside_by[points], services[points], categories[points])
        for point, row in self._lateral(AREAS_AT_THE_EDGE, coordinates, points, *extra):
            found.setdefault(numbers[row[0]], []).append(point)
        return found

    def _lateral(
        self, query: str, coordinates: Coordinates, points: Numbers, *extra: npt.NDArray[Any]
    ) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Rows of one of selectors' statements for many points, each with the index of its point."""
        columns = {"lon": "p.lon", "lat": "p.lat", "city": "%(city)s", "editions": "e.id = ANY(%(editions)s)"}
        columns |= {"metres": "p.metres", "service": "p.service", "category": "p.category"}
        names = ", ".join(("i", "lon", "lat", "metres", "service", "category")[: 3 + len(extra)])
        types = ("bigint[]", "float8[]", "float8[]", "float8[]", "bigint[]", "bigint[]")[: 3 + len(extra)]
        arrays = ", ".join(f"%(c{number})s::{kind}" for number, kind in enumerate(types))
        sql = f"SELECT p.i, f.* FROM unnest({arrays}) p ({names}), LATERAL ({query.format(**columns)}) f"
        for start in range(0, len(points), _CHUNK):
            part = points[start : start + _CHUNK]
            given = [part, coordinates[part, 0], coordinates[part, 1], *(e[start : start + _CHUNK] for e in extra)]
            values: dict[str, Any] = {f"c{number}": column.tolist() for number, column in enumerate(given)}
            values |= {"city": self.jurisdiction_id, "editions": list(self.editions)}
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                yield from ((row[0], row[1:]) for row in cursor.fetchall())


_DISTRICTS = f"""
SELECT d.id, d.code, d.level, d.name::text AS name, d.parent_code, ST_AsBinary(d.geometry) AS wkb
FROM districts_district d
WHERE d.jurisdiction_id = %s AND d.edition_id = ANY(%s) ORDER BY {DISTRICT_ORDER}
"""

_AREAS = f"""
SELECT a.id, a.code, a.service_id, a.category_id, a.unit_id, a.edition_id, a.priority, a.area_m2, a.schedule_id,
       a.fallback_unit_id, ST_AsBinary(a.geometry) AS wkb
FROM districts_servicearea a
WHERE a.jurisdiction_id = %s AND a.edition_id = ANY(%s) ORDER BY {AREA_ORDER}
"""


def active_editions(jurisdiction_id: int, *, instead: Sequence[BoundaryEdition] = ()) -> tuple[int, ...]:
    """Ids of a city's active editions, those in `instead` each in the place of its layer's."""
    tried = {edition.layer: edition.pk for edition in instead}
    active = BoundaryEdition.objects.filter(jurisdiction_id=jurisdiction_id, is_active=True)
    by_layer = dict(active.values_list("layer", "pk")) | tried
    return tuple(sorted(by_layer.values()))


def load_boundaries(jurisdiction_id: int, editions: Sequence[int], *, edge_tolerance_m: float) -> Boundaries:
    """The districts and service areas of some editions of a city (see `active_editions`)."""
    return Boundaries(
        jurisdiction_id,
        tuple(editions),
        edge_tolerance_m,
        _layer(_DISTRICTS, jurisdiction_id, editions),
        _layer(_AREAS, jurisdiction_id, editions),
    )


def _layer(query: str, jurisdiction_id: int, editions: Sequence[int]) -> Layer:
    with connection.cursor() as cursor:
        cursor.execute(query, [jurisdiction_id, list(editions)])
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    shapes: npt.NDArray[np.object_] = shapely.from_wkb(np.array([bytes(row.pop("wkb")) for row in rows], dtype=object))
    return Layer(rows, shapes)
