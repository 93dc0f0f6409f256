"""What a new set of districts changes against an old one, code by code."""

from dataclasses import dataclass
from typing import Any

import shapely

from districts.topology.placing import area_m2
from districts.topology.shapes import only_polygons

ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"
# Less than this is another rounding of the same border.
_NOTHING_M2 = 1.0


@dataclass(frozen=True)
class Change:
    """One code: its area in m² before and after (None where it is not), and how much of it is elsewhere now."""

    code: str
    kind: str
    before_m2: float | None
    after_m2: float | None
    moved_m2: float


def compare(old: dict[str, Any], new: dict[str, Any]) -> tuple[list[Change], list[Any]]:
    """Changes in order of code, and for each the area that is only in the old or only in the new one (maybe empty)."""
    changes, moved = [], []
    for code in sorted(old.keys() | new.keys()):
        before, after = old.get(code), new.get(code)
        sizes = [None if shape is None else round(float(area_m2(shape)), 1) for shape in (before, after)]
        if before is None or after is None:
            kind, difference = (ADDED, after) if before is None else (REMOVED, before)
        elif shapely.equals_exact(before, after, normalize=True):
            kind, difference = SAME, None
        else:
            difference = only_polygons(shapely.symmetric_difference(before, after))
            kind = SAME if difference is None or float(area_m2(difference)) < _NOTHING_M2 else CHANGED
        shape = difference if kind != SAME else None
        size = float(area_m2(shape)) if shape is not None else 0.0
        changes.append(Change(code, kind, sizes[0], sizes[1], round(size, 1)))
        moved.append(_as_multi(shape))
    return changes, moved


def _as_multi(shape: Any) -> Any:
    if shape is None:
        return shapely.MultiPolygon()
    return shape if shape.geom_type == "MultiPolygon" else shapely.multipolygons([shape])
