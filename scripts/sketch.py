"""Drawing by hand with a natural look: rough lines, metres, faces between lines, GeoJSON files.

Everything is deterministic: the wobble of a line depends only on its name and its corners, so a drawing made again is
the same file, byte for byte. Coordinates are WGS 84 longitude, latitude.
"""

import itertools
import json
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely import affinity
from shapely.geometry import LineString, Point, Polygon, mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

Corner = tuple[float, float]

METRES_PER_DEGREE = 111_320.0


def corners(line: Iterable[Sequence[float]]) -> list[Corner]:
    """Return the corners of a line as a data file gives it: pairs of longitude and latitude."""
    return [(pair[0], pair[1]) for pair in line]


def metres_between(a: Corner, b: Corner) -> float:
    """Return the distance of two nearby points, by a flat approximation good to a few parts in a thousand."""
    east = (b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return math.hypot(east, b[1] - a[1]) * METRES_PER_DEGREE


def rough(name: str, through: Sequence[Corner], step_m: float = 90, wobble: float = 0.10) -> list[Corner]:
    """Return the line through some corners, its stretches broken by midpoint displacement until under `step_m`."""
    chance = random.Random(f"{name}:{through[0]}:{through[-1]}")

    def stretch(a: Corner, b: Corner) -> list[Corner]:
        if metres_between(a, b) <= step_m:
            return [a]
        push = chance.uniform(-wobble, wobble)
        middle = ((a[0] + b[0]) / 2 - push * (b[1] - a[1]), (a[1] + b[1]) / 2 + push * (b[0] - a[0]))
        return stretch(a, middle) + stretch(middle, b)

    drawn = [point for a, b in itertools.pairwise(through) for point in stretch(a, b)]
    return [*drawn, through[-1]]


def rough_ring(name: str, ring: Sequence[Corner], step_m: float = 90, wobble: float = 0.10) -> Polygon:
    """Return the polygon whose open `ring` of corners is closed and roughened."""
    return Polygon(rough(name, [*ring, ring[0]], step_m, wobble))


def around(geometry: BaseGeometry, metres: float) -> BaseGeometry:
    """Return `geometry` grown by `metres` (shrunk if negative), whatever the latitude."""
    squeeze = math.cos(math.radians(geometry.centroid.y))
    flat = affinity.scale(geometry, xfact=squeeze, origin=(0, 0))
    grown = flat.buffer(metres / METRES_PER_DEGREE, quad_segs=4)
    return affinity.scale(grown, xfact=1 / squeeze, origin=(0, 0))


def faces(lines: Iterable[LineString], labels: Mapping[str, Corner]) -> dict[str, Polygon]:
    """Return the faces that `lines` enclose, each under the one label point inside it.

    Neighbours share their vertices exactly, because every face is cut from the same noded lines. Raises ValueError for
    a face without exactly one label, or a label without a face.
    """
    noded = shapely.unary_union([shapely.set_precision(line, 1e-6) for line in lines], grid_size=1e-6)
    found: dict[str, Polygon] = {}
    for face in shapely.get_parts(shapely.polygonize([noded])):
        inside = [code for code, corner in labels.items() if face.covers(Point(corner))]
        if len(inside) != 1:
            raise ValueError(f"face at {face.representative_point().wkt} holds labels {inside}")
        found[inside[0]] = face
    if missing := set(labels) - set(found):
        raise ValueError(f"no face around {sorted(missing)}")
    return found


def feature(geometry: BaseGeometry, properties: Mapping[str, Any], digits: int = 6) -> dict[str, Any]:
    """Return a GeoJSON feature: rounded, closed rings, shells counter-clockwise and holes clockwise (RFC 7946)."""
    if isinstance(geometry, Polygon):
        geometry = orient(geometry)
    elif geometry.geom_type == "MultiPolygon":
        geometry = shapely.MultiPolygon([orient(part) for part in shapely.get_parts(geometry)])
    shape = mapping(shapely.transform(geometry, lambda numbers: numbers.round(digits)))
    return {"type": "Feature", "properties": dict(properties), "geometry": shape}


def write_layer(path: Path, features: Iterable[dict[str, Any]]) -> None:
    """Write a FeatureCollection with one feature a line, so that a change shows as a small difference."""
    rows = ",\n".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in features)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{{"type":"FeatureCollection","features":[\n{rows}\n]}}\n', encoding="utf-8")
