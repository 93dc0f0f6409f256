"""How districts lie beside each other: overlaps, gaps and slivers between them, with place and area.

Where every inner border is drawn twice with the same vertices, a look at the edges is enough and takes a second for three
million vertices. Only files that are not drawn so are overlaid.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from districts.topology.placing import area_m2
from districts.topology.shapes import only_polygons

# Narrower than a hand is wide, or smaller than a square metre: rounding, not a border dispute.
NOISE_WIDTH_M = 0.05
NOISE_M2 = 1.0
SLIVER_WIDTH_M = 5.0
_METRE = 1 / 111_320
# Degrees within which two lines touch: a tenth of a millimetre.
_TOUCH = 1e-9
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Misfit:
    """A place that two districts both have (`overlap`), that none has (`gap`), or one goes round (`hole`).

    `members` are positions: of a gap its neighbours, the one with the longest border first; of an overlap the smaller first.
    """

    kind: str
    members: tuple[int, ...]
    shape: Any
    area_m2: float
    width_m: float

    @property
    def is_noise(self) -> bool:
        return self.area_m2 < NOISE_M2 or self.width_m < NOISE_WIDTH_M

    @property
    def is_sliver(self) -> bool:
        return self.width_m < SLIVER_WIDTH_M


def misfits(polygons: Any) -> tuple[list[Misfit], Any]:
    """Overlaps and gaps of polygons that ought to lie side by side, and their union. All valid, in degrees WGS 84."""
    if len(polygons) < 2:
        return [], polygons[0] if len(polygons) else None
    edges = Edges(polygons)
    outline = edges.outline()
    overlaps = [] if outline is not None else find_overlaps(polygons)
    if outline is None:
        outline = shapely.union_all(polygons)
    gaps = [_as_hole(gap) for gap in gaps_among(_holes(outline), polygons)]
    return overlaps + gaps + find_inlets(polygons, edges, outline), outline


def _as_hole(gap: Misfit) -> Misfit:
    """What one district alone goes round was drawn so: a lake, another town."""
    return replace(gap, kind="hole") if len(gap.members) == 1 and not gap.is_sliver and not gap.is_noise else gap


def overlaps_among(polygons: Any) -> list[Misfit]:
    """Only what two polygons both have: for areas that need not cover everything."""
    if len(polygons) < 2 or Edges(polygons).outline() is not None:
        return []
    return find_overlaps(polygons)


def _holes(outline: Any) -> list[Any]:
    """What the outline goes round without covering it; islands in a hole are no part of it."""
    parts = shapely.get_parts(outline)
    rings = [ring for part in parts for ring in shapely.get_rings(part)[1:]]
    if not rings:
        return []
    holes = shapely.polygons(rings)
    hole, island = shapely.STRtree(parts).query(holes, predicate="contains")
    for index in np.unique(hole):
        holes[index] = shapely.difference(holes[index], shapely.union_all(parts[island[hole == index]]))
    return list(holes)


class Edges:
    """All edges of all polygons, matched by their end points."""

    def __init__(self, polygons: Any) -> None:
        self.polygons = polygons
        parts, part_owner = shapely.get_parts(polygons, return_index=True)
        rings, ring_part = shapely.get_rings(parts, return_index=True)
        ring_owner = part_owner[ring_part]
        points, ring = shapely.get_coordinates(rings, return_index=True)
        points += 0.0  # -0.0 and 0.0 are one place
        self.points = points
        marks = _marks(points)
        first, second = marks[:-1], marks[1:]
        real = (ring[:-1] == ring[1:]) & (first != second)
        self.start: Indices = np.flatnonzero(real)
        first, second = first[real], second[real]
        self.owner: Indices = ring_owner[ring[:-1][real]]
        self.key = _edge_keys(first, second)
        # Walked so that the polygon lies on the left: shells against the clock, holes with it.
        is_shell = np.concatenate(([True], ring_part[1:] != ring_part[:-1]))
        turned = (shapely.is_ccw(rings) != is_shell)[ring[:-1][real]]
        forward = (first < second) != turned
        walked = np.sort(self.key | forward.astype(np.uint64))
        # Once in each direction: a border. The same way twice: one lies on the other.
        self.matched = not bool((walked[1:] == walked[:-1]).any())
        keys = walked & ~np.uint64(1)
        differs = np.ones(len(keys) + 1, dtype=bool)
        differs[1:-1] = keys[1:] != keys[:-1]
        self.single: Indices = _where(self.key, keys[differs[1:] & differs[:-1]])

    def outline(self) -> Any:
        """The union of all, if no two overlap and all inner borders are the same on both sides; else None."""
        if not self.matched:
            return None
        try:
            # Of a few long lines an area is built in no time, of all their edges in three times as long.
            lines = shapely.get_parts(self.shores[1])
            built = shapely.build_area(shapely.multilinestrings(lines)) if len(lines) else None
        except shapely.errors.GEOSException:
            # The rims cross.
            return None
        if built is None or shapely.is_empty(built) or not shapely.is_valid(built):
            return None
        total = float(shapely.area(self.polygons).sum())
        return built if abs(float(shapely.area(built)) - total) <= 1e-10 * total else None

    @cached_property
    def shores(self) -> tuple[Indices, Any]:
        """Polygons that have edges of their own (`single`), and those edges of each as lines as long as they can be."""
        return self._merged(self.single)

    def shores_on_rim(self, outline: Any) -> tuple[Indices, Any]:
        """The same, of edges on the outline's outer edges only."""
        rim = self._on_rim(outline)
        return self.shores if len(rim) == len(self.single) else self._merged(self.single[rim])

    def _merged(self, edges: Indices) -> tuple[Indices, Any]:
        starts = self.start[edges]
        lines: Any = shapely.linestrings(np.stack([self.points[starts], self.points[starts + 1]], axis=1))
        # Edges come polygon by polygon.
        owners, owner = np.unique(self.owner[edges], return_inverse=True)
        return owners, shapely.line_merge(shapely.multilinestrings(lines, indices=owner))

    def _on_rim(self, outline: Any) -> Indices:
        """Which of `single` lie on the outline's outer edges."""
        rims = shapely.get_exterior_ring(shapely.get_parts(outline))
        points, ring = shapely.get_coordinates(rims, return_index=True)
        marks = _marks(points + 0.0)
        first, second = marks[:-1][ring[:-1] == ring[1:]], marks[1:][ring[:-1] == ring[1:]]
        return np.flatnonzero(np.isin(self.key[self.single], _edge_keys(first, second)))


def _marks(points: Any) -> Any:
    """One number for a place, 64 bits mixed from both coordinates."""
    bits = np.ascontiguousarray(points).view(np.uint64)
    x, y = bits[:, 0] * np.uint64(0xBF58476D1CE4E5B9), bits[:, 1] * np.uint64(0x94D049BB133111EB)
    mixed = x ^ (y >> np.uint64(29)) ^ (y << np.uint64(35))
    return (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xD6E8FEB86659FD93)


def _edge_keys(first: Any, second: Any) -> Any:
    """One number for an edge between two marked places, whichever way it is walked; its lowest bit is free."""
    return ((first ^ second) * np.uint64(0x9E3779B97F4A7C15) + (first + second)) & ~np.uint64(1)


def _where(numbers: Any, wanted: Any) -> Indices:
    """Where among `numbers` those of `wanted` stand: few of many, so most are told apart by their first bits."""
    shift = np.uint64(42)
    seen = np.zeros(1 << 22, dtype=bool)
    seen[wanted >> shift] = True
    near = np.flatnonzero(seen[numbers >> shift])
    return near[np.isin(numbers[near], wanted)]


def find_overlaps(polygons: Any) -> list[Misfit]:
    """Each pair of polygons that share area, with what they share."""
    invalid = shapely.coverage_invalid_edges(polygons)
    # Of a polygon inside another GEOS marks the inner one only.
    suspects = np.flatnonzero(~shapely.is_empty(invalid))
    if not len(suspects):
        return []
    left, right = shapely.STRtree(polygons).query(polygons[suspects], predicate="intersects")
    left = suspects[left]
    pairs = np.unique(np.sort(np.stack([left, right], axis=1)[left != right], axis=1), axis=0)
    shared = shapely.intersection(polygons[pairs[:, 0]], polygons[pairs[:, 1]])
    sizes = area_m2(polygons)
    found = []
    for pair, common in zip(pairs, shared, strict=True):
        shape = only_polygons(common)
        if shape is not None:
            small, large = sorted((int(position) for position in pair), key=lambda i: (sizes[i], i))
            found.append(_misfit("overlap", (small, large), shape))
    return found


def gaps_among(shapes: Any, polygons: Any) -> list[Misfit]:
    """Uncovered shapes as gaps, each with its neighbours, the one with the longest common border first."""
    if not len(shapes):
        return []
    tree = shapely.STRtree(polygons)
    found = []
    for shape in shapes:
        gap = _misfit("gap", (), shape)
        # Rounding leaves thousands of needles: their neighbours interest nobody.
        found.append(gap if gap.is_noise else _misfit("gap", _neighbours(shape, polygons, tree), shape))
    return found


def _neighbours(shape: Any, polygons: Any, tree: shapely.STRtree) -> tuple[int, ...]:
    near = np.sort(tree.query(shape, predicate="dwithin", distance=_TOUCH))
    if not len(near):
        return ()
    west, south, east, north = shapely.bounds(shape)
    clipped = shapely.clip_by_rect(polygons[near], west - _METRE, south - _METRE, east + _METRE, north + _METRE)
    borders = shapely.length(
        shapely.intersection(shapely.boundary(shape), shapely.buffer(clipped, _TOUCH, quad_segs=1))
    )
    order = np.lexsort((near, -borders))
    return tuple(int(near[index]) for index in order if borders[index] > 0) or (int(near[0]),)


def _misfit(kind: str, members: tuple[int, ...], shape: Any) -> Misfit:
    return Misfit(kind, members, shape, float(area_m2(shape)), mean_width_m(shape))


def mean_width_m(shape: Any) -> float:
    """Width of a long shape, as if it were a ribbon: twice its area by its circumference, in metres."""
    flat = to_metres(shape)
    around = float(shapely.length(flat))
    return 2 * float(shapely.area(flat)) / around if around else 0.0


def to_metres(shape: Any, latitude: float | None = None) -> Any:
    """Degrees as metres on a plane that touches the globe at `latitude`, else at the shape's middle one."""
    if latitude is None:
        _west, south, _east, north = shapely.bounds(shape)
        latitude = (south + north) / 2
    scale = np.array([math.cos(math.radians(latitude)), 1.0]) / _METRE
    return shapely.transform(shape, lambda c: c * scale)


def to_degrees(shape: Any, latitude: float) -> Any:
    scale = np.array([math.cos(math.radians(latitude)), 1.0]) / _METRE
    return shapely.transform(shape, lambda c: c / scale)


def find_inlets(polygons: Any, edges: Edges, outline: Any) -> list[Misfit]:
    """Gaps that are open to the outside: two neighbours that run side by side along the edge without touching.

    Looked for at two scales: slivers, and strips of a twentieth of a district's size. A bay of one district is no gap.
    """
    owners, lines = edges.shores_on_rim(outline)
    if len(owners) < 2:
        return []
    latitude = float(np.mean(shapely.bounds(outline)[[1, 3]]))
    shores = to_metres(lines, latitude)
    # Only to choose a width by: degrees are near enough.
    size = float(np.sqrt(np.median(shapely.area(polygons[owners])) * math.cos(math.radians(latitude)))) / _METRE
    found: list[Misfit] = []
    for width in sorted({SLIVER_WIDTH_M, min(max(size / 20, SLIVER_WIDTH_M), 200.0)}, reverse=True):
        pairs = _side_by_side(shores, width)
        whole = to_metres(polygons[owners], latitude) if pairs else None
        for one, other in pairs:
            for piece in _between(one, other, shores, whole, width):
                shape = to_degrees(piece, latitude)
                if not any(shapely.intersects(shape, known.shape) for known in found):
                    found.append(_misfit("gap", (int(owners[one]), int(owners[other])), shape))
    return found


def _side_by_side(shores: Any, width: float) -> list[tuple[int, int]]:
    """Pairs of shores that come within `width` of each other away from where they meet."""
    left, right = shapely.STRtree(shores).query(shores, predicate="dwithin", distance=width)
    pairs = []
    for one, other in zip(left[left < right], right[left < right], strict=True):
        first, second = shores[one], shores[other]
        meeting = shapely.intersection(first, second)
        if not shapely.is_empty(meeting):
            around = shapely.buffer(meeting, 3 * width, quad_segs=2)
            first, second = shapely.difference(first, around), shapely.difference(second, around)
        if not shapely.is_empty(first) and not shapely.is_empty(second) and shapely.dwithin(first, second, width):
            pairs.append((int(one), int(other)))
    return pairs


def _between(one: int, other: int, shores: Any, whole: Any, width: float) -> list[Any]:
    """What lies between two shores nearer than `width`: what widening and narrowing them again would fill."""
    near = shapely.intersection(shores[one], shapely.buffer(shores[other], width, quad_segs=2))
    west, south, east, north = shapely.bounds(near)
    zone = (west - 3 * width, south - 3 * width, east + 3 * width, north + 3 * width)
    inside = shapely.STRtree(whole).query(shapely.box(*zone))
    clipped = shapely.clip_by_rect(whole, *zone)
    pair = shapely.union_all(clipped[[one, other]])
    closed = shapely.buffer(shapely.buffer(pair, width / 2 + 0.01, quad_segs=4), -width / 2 - 0.01, quad_segs=4)
    rest = shapely.difference(closed, shapely.union_all(clipped[inside]))
    inner = shapely.box(west - width, south - width, east + width, north + width)
    pieces = [part for part in shapely.get_parts(shapely.intersection(rest, inner)) if part.geom_type == "Polygon"]
    return [
        piece
        for piece in pieces
        # Rounding a corner fills a little too; a gap is long and has a shore on both sides.
        if shapely.length(piece) / 2 > 3 * width
        and shapely.area(piece) > NOISE_M2
        and all(shapely.dwithin(piece, shores[side], 0.05) for side in (one, other))
    ]
