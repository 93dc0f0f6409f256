"""Each feature's own shape: what is wrong with it, and the polygon that is proposed instead."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from districts.topology.defects import REMARK, Defect, Refused, point_of
from districts.topology.messages import tell
from districts.topology.placing import area_m2

# Finding the district of one point took 0.7 ms in a polygon of 100,000 vertices, 7.6 ms in one of a million.
MANY_VERTICES = 50_000
TOO_MANY_VERTICES = 500_000
# A hand's breadth: less than any survey is sure of.
_SIMPLIFY_M = 0.1
_METRE = 1 / 111_320
# Pieces of a repaired shape below this are dust of the arithmetic.
_DUST_M2 = 0.01
_POLYGONS = (3, 6)
_TYPES = ("Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString")


@dataclass
class Shapes:
    """One shape a feature, None where there is nothing to draw; `proposed` has every proposal in it."""

    proposed: Any
    defects: list[Defect] = field(default_factory=list)

    def say(self, position: int, code: str, **more: Any) -> None:
        self.defects.append(Defect(code, features=(position + 1,), **more))


def parse(wkb: Any, *, measured: bool, said: list[Defect]) -> Shapes:
    """Shapes from WKB, flat, polygons only: heights, open rings, other kinds of geometry are named, beside what was `said`.

    Coordinates are as in the file; nothing is reckoned in metres yet. Raises Refused where there is no polygon at all.
    """
    geometries = shapely.from_wkb(wkb, on_invalid="ignore")
    kinds = shapely.get_type_id(geometries)
    if len(kinds) and ((kinds >= 0) & (kinds < 6) & (kinds != 3)).all():
        names = sorted({_TYPES[kind] for kind in kinds})
        raise Refused("no_polygons", kinds=names)
    shapes = Shapes(geometries, list(said))
    _unparsed(shapes, wkb)
    high = np.flatnonzero(shapely.has_z(shapes.proposed))
    if len(high) or measured:
        features = tuple(int(position) + 1 for position in high[:50])
        params = {"count": len(high), "measured": measured}
        shapes.defects.append(Defect("has_z", features=features, params=params, repair="drop_z", moved_m2=0.0))
        shapes.proposed = shapely.force_2d(shapes.proposed)
    kinds = shapely.get_type_id(shapes.proposed)
    for position in np.flatnonzero((kinds >= 0) & ~np.isin(kinds, _POLYGONS)):
        _take_polygons(shapes, int(position))
    _without_numbers(shapes)
    _without_shape(shapes)
    return shapes


def _unparsed(shapes: Shapes, wkb: Any) -> None:
    for position in np.flatnonzero(shapely.is_missing(shapes.proposed)):
        if wkb[position] is None:
            continue
        closed = shapely.from_wkb(wkb[position], on_invalid="fix")
        if closed is None or shapely.is_empty(closed) or not shapely.area(closed):
            shapes.say(int(position), "broken_ring", repair="leave_out", moved_m2=0.0)
            continue
        shapes.proposed[position] = closed
        shapes.say(int(position), "open_ring", repair="close_ring", moved_m2=0.0)


def _take_polygons(shapes: Shapes, position: int) -> None:
    """Keep the polygons of a collection and say what else was in it; a shape without any is no area."""
    geometry = shapes.proposed[position]
    parts = _flat_parts(geometry)
    polygons = [part for part in parts if part.geom_type == "Polygon"]
    others: dict[str, int] = {}
    for part in parts:
        if part.geom_type != "Polygon":
            others[part.geom_type] = others.get(part.geom_type, 0) + 1
    params = {"kind": geometry.geom_type, "polygons": len(polygons), "dropped": others}
    if polygons:
        shapes.proposed[position] = shapely.multipolygons(polygons)
        shapes.say(position, "collection", params=params, repair="take_polygons", moved_m2=0.0)
    elif not shapely.is_empty(geometry):
        shapes.proposed[position] = None
        shapes.say(position, "no_polygon", params=params, repair="leave_out", moved_m2=0.0)


def _flat_parts(geometry: Any) -> list[Any]:
    """The single parts of a geometry, collections inside collections opened."""
    parts = [geometry]
    while any(part.geom_type.startswith(("Multi", "Geometry")) for part in parts):
        parts = [piece for part in parts for piece in (shapely.get_parts(part) if hasattr(part, "geoms") else [part])]
    return parts


def _without_numbers(shapes: Shapes) -> None:
    coordinates, owner = shapely.get_coordinates(shapes.proposed, return_index=True)
    bad = np.unique(owner[~np.isfinite(coordinates).all(axis=1)])
    for position in bad:
        shapes.proposed[position] = None
        shapes.say(int(position), "not_finite", repair="leave_out", moved_m2=0.0)


def _without_shape(shapes: Shapes) -> None:
    said = {number for defect in shapes.defects for number in defect.features if defect.repair == "leave_out"}
    for position in np.flatnonzero(shapely.is_missing(shapes.proposed) | shapely.is_empty(shapes.proposed)):
        shapes.proposed[position] = None
        if position + 1 not in said:
            shapes.say(int(position), "no_geometry", repair="leave_out", moved_m2=0.0)


def check_degrees(shapes: Shapes) -> None:
    """After the file was brought to degrees: what lies beyond the globe or around its back."""
    boxes = shapely.bounds(shapes.proposed)
    known = np.isfinite(boxes).all(axis=1)
    lost = ~known & ~np.asarray(shapely.is_missing(shapes.proposed))
    beyond = known & ((boxes[:, 0] < -180) | (boxes[:, 2] > 180) | (boxes[:, 1] < -90) | (boxes[:, 3] > 90))
    for position in np.flatnonzero(beyond | lost):
        numbers = boxes[position].tolist()
        params = {"extent": [round(number, 4) for number in numbers]} if np.isfinite(numbers).all() else {}
        shapes.proposed[position] = None
        shapes.say(int(position), "outside_degrees", params=params, repair="leave_out", moved_m2=0.0)
    for position in np.flatnonzero(known & ~beyond & (boxes[:, 2] - boxes[:, 0] > 180)):
        split = _split_at_antimeridian(shapes.proposed[position])
        moved = abs(float(area_m2(split) - area_m2(shapes.proposed[position])))
        shapes.proposed[position] = split
        shapes.say(int(position), "antimeridian", place=point_of(split), repair="split", moved_m2=round(moved, 1))


def _split_at_antimeridian(geometry: Any) -> Any:
    """The shape drawn the short way round, in two halves that meet at 180°."""
    east = shapely.transform(
        geometry, lambda c: np.column_stack((np.where(c[:, 0] < 0, c[:, 0] + 360, c[:, 0]), c[:, 1]))
    )
    east = shapely.make_valid(east)
    beyond = shapely.intersection(east, shapely.box(180, -90, 360, 90))
    back = shapely.transform(beyond, lambda c: np.column_stack((c[:, 0] - 360, c[:, 1])))
    return only_polygons(shapely.union(shapely.intersection(east, shapely.box(0, -90, 180, 90)), back))


def check_validity(shapes: Shapes) -> None:
    """Name each invalid shape with the place and the reason; propose the valid one that GEOS makes of its rings."""
    bad = ~shapely.is_valid(shapes.proposed) & ~shapely.is_missing(shapes.proposed)
    for position in np.flatnonzero(bad):
        broken = shapes.proposed[position]
        # Mending is where hostile shapes kill: the parent then knows which one it was.
        tell(f"feature {position + 1}")
        reason, place = _reason(broken)
        mended = only_polygons(shapely.make_valid(broken, method="structure", keep_collapsed=False))
        params: dict[str, Any] = {"reason": reason, "before_m2": round(float(area_m2(broken)), 1)}
        if mended is None:
            shapes.proposed[position] = None
            shapes.say(
                int(position), "invalid", params=params, place=place, repair="leave_out", moved_m2=params["before_m2"]
            )
            continue
        after = float(area_m2(mended))
        params |= {"after_m2": round(after, 1), "parts": int(shapely.get_num_geometries(mended))}
        moved = round(max(abs(after - params["before_m2"]), _redrawn(broken, mended)), 1)
        shapes.proposed[position] = mended
        shape = shapely.Point(place) if place else None
        shapes.say(
            int(position), "invalid", params=params, place=place, shape=shape, repair="make_valid", moved_m2=moved
        )


def _redrawn(broken: Any, mended: Any) -> float:
    """m² by which the repair differs from what the rings enclose when every second crossing is inside."""
    drawn = only_polygons(shapely.make_valid(broken, method="linework"))
    if drawn is None:
        return 0.0
    difference = only_polygons(shapely.symmetric_difference(drawn, mended))
    return float(area_m2(difference)) if difference is not None else 0.0


def _reason(geometry: Any) -> tuple[str, tuple[float, float] | None]:
    """GEOS's reason as a code ("self_intersection"), and where: "Ring Self-intersection[-5.43 34.27]"."""
    text = str(shapely.is_valid_reason(geometry))
    words, _, place = text.partition("[")
    code = words.strip().lower().replace(" ", "_").replace("-", "_")
    try:
        lon, lat = (float(number) for number in place.rstrip("]").split()[:2])
    except ValueError:
        return code, None
    return code, (round(lon, 7), round(lat, 7)) if abs(lon) <= 180 and abs(lat) <= 90 else None


def only_polygons(geometry: Any) -> Any:
    """The polygons of a valid geometry as one Polygon or MultiPolygon, without dust; None if there is no area."""
    if geometry is None or shapely.is_empty(geometry):
        return None
    if geometry.geom_type == "Polygon":
        return geometry
    parts = np.array([part for part in _flat_parts(geometry) if part.geom_type == "Polygon"], dtype=object)
    if not len(parts):
        return None
    areas = area_m2(parts)
    parts = parts[(areas > _DUST_M2) | (areas == areas.max())]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def check_vertices(shapes: Shapes) -> None:
    """Shapes so detailed that every complaint would wait for them; a hand's breadth of detail is worth nothing."""
    counts = shapely.get_num_coordinates(shapes.proposed)
    for position in np.flatnonzero(counts > MANY_VERTICES):
        geometry, count = shapes.proposed[position], int(counts[position])
        params = {"count": count}
        if count <= TOO_MANY_VERTICES:
            shapes.say(int(position), "many_vertices", severity=REMARK, params=params, place=point_of(geometry))
            continue
        simple = simplified(geometry, _SIMPLIFY_M)
        params["after"] = int(shapely.get_num_coordinates(simple))
        moved = round(abs(float(area_m2(simple) - area_m2(geometry))), 1)
        shapes.say(
            int(position), "too_many_vertices", params=params, place=point_of(geometry),
            repair="simplify", repair_params={"tolerance_m": _SIMPLIFY_M}, moved_m2=moved, keepable=True,
        )  # fmt: skip


def simplified(geometry: Any, tolerance_m: float) -> Any:
    """The shape without detail below a size. The quick way may cross itself; then the careful one is taken, 20 times slower."""
    quick = shapely.simplify(geometry, tolerance_m * _METRE, preserve_topology=False)
    if shapely.is_valid(quick) and not shapely.is_empty(quick):
        return only_polygons(quick)
    return only_polygons(shapely.simplify(geometry, tolerance_m * _METRE, preserve_topology=True))


def check_slivers(shapes: Shapes) -> None:
    """Parts and features too small or thin to be meant."""
    flat = shapely.is_missing(shapes.proposed)
    parts, owner = shapely.get_parts(shapes.proposed[~flat], return_index=True)
    if not len(parts):
        return
    # Degrees are near enough to find suspects; they alone are measured.
    small = np.flatnonzero(shapely.area(parts) < 100 * _METRE**2)
    numbers = np.flatnonzero(~flat) + 1
    for index in small:
        size = float(area_m2(parts[index]))
        if size < 10:
            position = int(numbers[owner[index]]) - 1
            params = {"area_m2": round(size, 2), "alone": int(np.count_nonzero(owner == owner[index])) == 1}
            shapes.say(
                position, "tiny_part", severity=REMARK, params=params, place=point_of(parts[index]), shape=parts[index]
            )
