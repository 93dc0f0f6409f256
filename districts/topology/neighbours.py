"""The defects between features: doubles, features elsewhere, overlaps and gaps level by level, children beside parents."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely

from districts.topology.attributes import Described, free_code
from districts.topology.defects import LEAVE, REMARK, Decisions, Defect, point_of
from districts.topology.fields import Known
from districts.topology.placing import City, area_m2
from districts.topology.shapes import Shapes, only_polygons
from districts.topology.tiling import Misfit, gaps_among, mean_width_m, misfits, overlaps_among

# A gap larger than this share of the neighbour that would get it is more than a slip of the pen.
_FILLED_SHARE = 0.02
# Wider ones are rivers, roads, somebody else's land.
_FILLED_WIDTH_M = 50.0
# Overlaps that are both wider and a larger part of the smaller district may be meant: people decide, not we.
_CUT_WIDTH_M = 200.0
_CUT_SHARE = 0.1
# To compare whole outlines, vertices of both together.
_MOST_VERTICES = 500_000


def present(shapes: Shapes) -> list[int]:
    """Positions of the features that still have a shape."""
    return [int(position) for position in np.flatnonzero(~shapely.is_missing(shapes.proposed))]


def check_doubles(shapes: Shapes, rows: list[Described], known: Known) -> None:
    """Features of one code: parts of one thing are joined, things of different names get codes of their own.

    The code stays with what has it today, and another gets the one by which its name is known today, if that is free.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for position in present(shapes):
        groups[rows[position].code].append(position)
    taken = set(groups)
    for code, positions in groups.items():
        if len(positions) > 1:
            _settle_double(shapes, rows, code, positions, taken, known)


def _settle_double(
    shapes: Shapes, rows: list[Described], code: str, positions: list[int], taken: set[str], known: Known
) -> None:
    numbers = tuple(position + 1 for position in positions)
    parts = shapes.proposed[positions]
    params: dict[str, Any] = {"value": code, "count": len(positions)}
    first = positions[0]
    place = point_of(parts[1])
    if len({tuple(sorted(rows[position].name.items())) for position in positions}) > 1:
        keeper = next((position for position in positions if _known_as(rows[position], known) == code), first)
        others = [position for position in positions if position != keeper]
        for position in others:
            today = _known_as(rows[position], known)
            rows[position].code = free_code(today if today and today not in taken else code, taken)
        params["proposal"] = rows[others[0]].code
        place = point_of(shapes.proposed[others[0]])
        repair, moved = "new_codes", 0.0
    else:
        joined = only_polygons(shapely.union_all(parts))
        moved = round(float(area_m2(parts).sum() - area_m2(joined)), 1)
        shapes.proposed[first] = joined
        shapes.proposed[positions[1:]] = None
        repair = "join"
    shapes.defects.append(
        Defect("duplicate_code", features=numbers, params=params, place=place, repair=repair, moved_m2=abs(moved))
    )


def _known_as(row: Described, known: Known) -> str:
    """The code of the only feature of today that has one of the row's names in its language; empty if there is none."""
    found = [
        code
        for code, facts in known.today.items()
        if any(text and row.name.get(language) == text for language, text in facts.get("name", {}).items())
    ]
    return found[0] if len(found) == 1 else ""


def check_elsewhere(shapes: Shapes, city: City, today: Any, decisions: Decisions) -> None:
    """Features that lie wholly outside the city. They are left out unless somebody keeps them."""
    reference = today if today is not None else shapely.box(*city.box)
    shapely.prepare(reference)
    for position in present(shapes):
        geometry = shapes.proposed[position]
        if shapely.intersects(reference, geometry):
            continue
        params = {"area_m2": round(float(area_m2(geometry)), 1), "known_edge": today is not None}
        defect = Defect(
            "outside_city", features=(position + 1,), params=params, place=point_of(geometry),
            shape=shapely.envelope(geometry), repair="leave_out", moved_m2=params["area_m2"], keepable=True,
            key=f"outside_city-{position + 1}",
        )  # fmt: skip
        shapes.defects.append(defect)
        if not decisions.keeps(defect):
            shapes.proposed[position] = None


def check_tiling(shapes: Shapes, rows: list[Described], known: Known, today: Any) -> None:
    """Overlaps and gaps, level by level. `today` is the outline of the city as it is, None where there is none yet."""
    if known.kind != "districts":
        _check_areas(shapes, rows)
        return
    levels: dict[int, list[int]] = defaultdict(list)
    for position in present(shapes):
        levels[rows[position].level].append(position)
    noise: list[Misfit] = []
    by_code = {rows[position].code: position for position in present(shapes)}
    for level, positions in sorted(levels.items()):
        nested = [position for position in positions if rows[position].parent in by_code]
        if len(nested) == len(positions) and level > 1:
            found = _check_inside_parents(shapes, rows, positions, by_code)
        else:
            found, outline = misfits(shapes.proposed[positions])
            if level == 1 and outline is not None and today is not None:
                _compare_outlines(shapes, outline, today)
        noise += _say_misfits(shapes, found, positions, level)
    if noise:
        params = {
            "count": len(noise), "area_m2": round(sum(m.area_m2 for m in noise), 1),
            "width_cm": round(max(m.width_m for m in noise) * 100, 1),
        }  # fmt: skip
        widest = max(noise, key=lambda misfit: misfit.area_m2)
        shapes.defects.append(Defect("rounding", REMARK, params=params, place=point_of(widest.shape)))


def _say_misfits(shapes: Shapes, found: Iterable[Misfit], positions: list[int], level: int) -> list[Misfit]:
    noise = []
    sizes: dict[int, float] = {}

    def size(member: int) -> float:
        if member not in sizes:
            sizes[member] = float(area_m2(shapes.proposed[positions[member]]))
        return sizes[member]

    for misfit in found:
        if misfit.is_noise:
            noise.append(misfit)
            continue
        numbers = tuple(positions[member] + 1 for member in misfit.members)
        area = round(misfit.area_m2, 1)
        params = {"area_m2": area, "width_m": round(misfit.width_m, 2), "level": level}
        repair, details = LEAVE, {}
        if misfit.kind == "overlap":
            small, _large = misfit.members
            params["share"] = round(misfit.area_m2 / max(size(small), 1e-9), 3)
            slip = misfit.width_m <= _CUT_WIDTH_M or params["share"] <= _CUT_SHARE
            if slip and params["share"] < 0.5:
                repair, details = "cut", {"from": numbers[1], "to": numbers[0]}
        elif misfit.kind == "hole":
            hole = Defect(
                "hole", REMARK, features=numbers, params=params, place=point_of(misfit.shape), shape=misfit.shape
            )
            shapes.defects.append(hole)
            continue
        elif misfit.is_sliver or (
            misfit.width_m <= _FILLED_WIDTH_M and misfit.area_m2 <= _FILLED_SHARE * size(misfit.members[0])
        ):
            repair, details = "fill", {"to": numbers[0]}
        code = f"sliver_{misfit.kind}" if misfit.is_sliver else misfit.kind
        shapes.defects.append(
            Defect(
                code, features=numbers, params=params, place=point_of(misfit.shape), shape=misfit.shape, repair=repair,
                repair_params=details, moved_m2=0.0 if repair == LEAVE else area, keepable=True,
            )
        )  # fmt: skip
    return noise


def _check_inside_parents(
    shapes: Shapes, rows: list[Described], positions: list[int], by_code: dict[str, int]
) -> list[Misfit]:
    """A level that divides another: children overlap nobody, leave nothing of their parent, and stay inside."""
    found = overlaps_among(shapes.proposed[positions])
    families: dict[int, list[int]] = defaultdict(list)
    for member, position in enumerate(positions):
        families[by_code[rows[position].parent]].append(member)
    for parent, members in families.items():
        whole = shapes.proposed[parent]
        children = shapes.proposed[[positions[member] for member in members]]
        union = shapely.union_all(children)
        for member, child in zip(members, children, strict=True):
            _check_stays_inside(shapes, positions[member], child, whole, parent)
        rest = only_polygons(shapely.difference(whole, union))
        parts = [] if rest is None else list(shapely.get_parts(rest))
        for gap in gaps_among(parts, children):
            found.append(
                Misfit(gap.kind, tuple(members[index] for index in gap.members), gap.shape, gap.area_m2, gap.width_m)
            )
    return found


def _check_stays_inside(shapes: Shapes, position: int, child: Any, whole: Any, parent: int) -> None:
    outside = only_polygons(shapely.difference(child, whole))
    if outside is None:
        return
    parts = [part for part in shapely.get_parts(outside) if area_m2(part) >= 1 and mean_width_m(part) >= 0.05]
    if not parts:
        return
    shape = shapely.multipolygons(parts)
    area = round(float(area_m2(shape)), 1)
    shapes.defects.append(
        Defect(
            "outside_parent", features=(position + 1, parent + 1), params={"area_m2": area}, place=point_of(shape),
            shape=shape, repair="cut_to_parent", repair_params={"from": position + 1, "to": parent + 1}, moved_m2=area,
            keepable=True,
        )
    )  # fmt: skip


def _check_areas(shapes: Shapes, rows: list[Described]) -> None:
    """Service areas may overlap: priority decides. Of one priority the smaller wins, which may not be meant."""
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for position in present(shapes):
        groups[rows[position].category, rows[position].priority].append(position)
    for (_category, priority), positions in groups.items():
        for misfit in overlaps_among(shapes.proposed[positions]):
            small, large = (positions[member] for member in misfit.members)
            if misfit.is_noise or rows[small].unit == rows[large].unit:
                continue
            params = {"area_m2": round(misfit.area_m2, 1), "priority": priority}
            numbers = (small + 1, large + 1)
            place = point_of(misfit.shape)
            shapes.defects.append(
                Defect("equal_priority", REMARK, features=numbers, params=params, place=place, shape=misfit.shape)
            )


def _compare_outlines(shapes: Shapes, outline: Any, today: Any) -> None:
    """What the city gains and loses at its edge."""
    if int(shapely.get_num_coordinates(outline) + shapely.get_num_coordinates(today)) > _MOST_VERTICES:
        return
    for code, one, other in (("city_loses", today, outline), ("city_gains", outline, today)):
        rest = only_polygons(shapely.difference(one, other))
        if rest is None:
            continue
        parts = [part for part in shapely.get_parts(rest) if area_m2(part) >= 100 and mean_width_m(part) >= 0.5]
        if parts:
            shape = shapely.multipolygons(parts)
            params = {"area_m2": round(float(area_m2(shape)), 1)}
            shapes.defects.append(Defect(code, REMARK, params=params, place=point_of(shape), shape=shape))
