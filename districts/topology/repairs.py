"""Applying what was accepted. Repairs of single shapes are in the proposals already; here neighbours are mended."""

from collections.abc import Iterable
from typing import Any

import shapely

from districts.topology.defects import Decisions, Defect
from districts.topology.shapes import Shapes, only_polygons, simplified


def apply_accepted(shapes: Shapes, decisions: Decisions) -> Any:
    """The final shapes: None for what is left out. Cuts come before fillings, so that nothing is given twice."""
    final = shapes.proposed.copy()
    accepted = [defect for defect in shapes.defects if decisions.accepts(defect)]
    for defect in _of(accepted, "simplify"):
        position = defect.features[0] - 1
        final[position] = simplified(final[position], defect.repair_params["tolerance_m"])
    for defect in _of(accepted, "cut_to_parent"):
        _change(final, defect.repair_params["from"], shapely.intersection, final[defect.repair_params["to"] - 1])
    for defect in _of(accepted, "cut"):
        # The neighbour itself is cut out, not the overlap: so both have the same border afterwards.
        _change(final, defect.repair_params["from"], shapely.difference, final[defect.repair_params["to"] - 1])
    for defect in _of(accepted, "fill"):
        _change(final, defect.repair_params["to"], shapely.union, defect.shape)
    return final


def _of(accepted: Iterable[Defect], repair: str) -> list[Defect]:
    return [defect for defect in accepted if defect.repair == repair]


def _change(final: Any, number: int, operation: Any, other: Any) -> None:
    mine = final[number - 1]
    if mine is None or other is None:
        return
    changed = only_polygons(operation(mine, other))
    if changed is not None and not shapely.is_valid(changed):
        changed = only_polygons(shapely.make_valid(changed, method="structure", keep_collapsed=False))
    final[number - 1] = changed
