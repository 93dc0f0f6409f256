"""Draw the basemap of fixtures/tetouan from the lines in tetouan.toml: relief, water, land use and streets.

Run `python scripts/draw_tetouan_basemap.py` after changing a line there. All of it is schematic and our own: main
roads, river, hills and parks stand roughly where they are in reality, streets are invented. Place names are kept by
hand in fixtures/tetouan/basemap/places.geojson.
"""

import math
import random
from collections.abc import Iterator
from typing import Any

import shapely
from draw_tetouan import PACK, SKETCH, medina, park, quarters
from shapely import affinity
from shapely.geometry import LineString, MultiLineString, MultiPoint, Polygon
from shapely.geometry.base import BaseGeometry
from sketch import METRES_PER_DEGREE, around, corners, feature, rough, rough_ring, write_layer

DIGITS = 5  # a metre: enough for a drawing, and a third smaller


def relief() -> Iterator[dict[str, Any]]:
    """Yield the hills, lowest first so that summits are painted over them."""
    for name, row in sorted(SKETCH["hill"].items(), key=lambda item: int(item[1]["tone"])):
        ring = rough_ring(name, corners(row["ring"]), step_m=260, wobble=0.11)
        yield feature(ring, {"class": "hill", "tone": row["tone"]}, DIGITS)


def water() -> Iterator[dict[str, Any]]:
    """Yield sea, river and brooks, all as polygons: one paint rule is enough."""
    yield shown("sea", rough_ring("sea", corners(SKETCH["coast"]), step_m=300, wobble=0.04))
    for bed in riverbed():
        yield shown("river", bed)
    for number, brook in enumerate(SKETCH["brooks"]):
        line = LineString(rough(f"brook-{number}", corners(brook), step_m=120))
        yield shown("brook", around(line, 4.5).simplify(0.00003))


def landuse() -> Iterator[dict[str, Any]]:
    """Yield built-up land first, then what lies in it."""
    for shape in built_up():
        yield shown("builtup", shape)
    yield shown("airport", rough_ring("airport", corners(SKETCH["airport"]), step_m=300, wobble=0.04))
    yield shown("medina", medina())
    yield shown("cemetery", cemetery())
    for code in SKETCH["park"]:
        yield shown("park", park(code))


def roads() -> Iterator[dict[str, Any]]:
    """Yield streets first, main roads last, in the order they are painted."""
    closed = shapely.unary_union([cemetery(), *riverbed(), *(park(code) for code in SKETCH["park"])])
    land = shapely.unary_union(built_up()).difference(closed)
    for code, shape in quarters().items():
        lived_in = shape.intersection(land)
        if not lived_in.is_empty:
            streets = woven(code, lived_in, *SKETCH["quarter"][code]["weave"])
            yield shown("lane" if code == "medina" else "street", streets)
    for kind in ("secondary", "main"):
        for name, line in SKETCH["roads"][kind].items():
            yield shown(kind, LineString(rough(f"road-{name}", corners(line), step_m=200, wobble=0.05)))


def riverbed() -> list[BaseGeometry]:
    """Return the river where the quarters have it as their border, and its mouth."""
    lines = {"river": 24, "river_mouth": 30}
    return [
        around(LineString(rough(name, corners(SKETCH[name]))), half).simplify(0.00003) for name, half in lines.items()
    ]


def built_up() -> list[Polygon]:
    """Return the land with streets."""
    rings = enumerate(SKETCH["built_up"])
    return [rough_ring(f"built-{number}", corners(ring), step_m=140, wobble=0.14) for number, ring in rings]


def cemetery() -> Polygon:
    """Return the old cemetery above the medina."""
    return rough_ring("cemetery", corners(SKETCH["cemetery"]))


def woven(name: str, land: BaseGeometry, spacing_m: float, irregular: float, bearing: float) -> MultiLineString:
    """Return invented streets inside `land`: the seams between the cells of a shaken brick pattern.

    `irregular` 0 leaves the bricks in place: long parallel streets with staggered crossings; near 1 it makes lanes.
    """
    chance = random.Random(name)
    step = spacing_m / METRES_PER_DEGREE
    west, south, east, north = land.bounds
    count = int(math.hypot(east - west, north - south) / step) + 2

    def shaken(place: float) -> float:
        return (place + chance.uniform(-irregular, irregular) / 2) * step

    rows, columns = range(-count, count), range(-count, count)
    seeds = [(1.6 * shaken(column + row % 2 / 2), shaken(row)) for row in rows for column in columns]
    turned = affinity.rotate(MultiPoint(seeds), bearing, origin=(0, 0))
    stretched = affinity.scale(turned, 1 / math.cos(math.radians(south)), 1, origin=(0, 0))
    near = affinity.translate(stretched, land.centroid.x, land.centroid.y).intersection(land.buffer(3 * step))
    seams = shapely.line_merge(shapely.voronoi_polygons(near, only_edges=True).intersection(land))
    kept = [line for line in shapely.get_parts(seams) if line.length > step / 4 and chance.random() > 0.10]
    return MultiLineString([line.simplify(0.00002) for line in kept])


def shown(kind: str, shape: BaseGeometry) -> dict[str, Any]:
    """Return a feature that is painted by its class alone."""
    return feature(shape, {"class": kind}, DIGITS)


def main() -> None:
    """Write the four drawn layers."""
    for name, features in (("relief", relief()), ("water", water()), ("landuse", landuse()), ("roads", roads())):
        write_layer(PACK / "basemap" / f"{name}.geojson", features)


if __name__ == "__main__":
    main()
