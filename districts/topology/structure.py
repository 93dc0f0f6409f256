"""The shape of a GeoJSON document, checked before GDAL reads it: GDAL leaves out what it cannot read and says so to nobody."""

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from districts.topology.defects import LEAVE, Defect, Refused

# Python's reader takes about twenty times a document's size; larger ones are only counted.
LARGE = 24_000_000
_DEPTH = {
    "Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3,
}  # fmt: skip
_MOST_NESTED = 8
_A_FEATURE = re.compile(rb'"type"\s*:\s*"Feature"')


@dataclass
class Checked:
    """`data` is what GDAL is given. `count` is how many features it must find, None where only GDAL can count."""

    data: bytes
    count: int | None = None
    defects: list[Defect] = field(default_factory=list)
    # Numbers of features with a fourth number in their positions, which GDAL drops.
    measured: set[int] = field(default_factory=set)
    is_topology: bool = False


def check_json(data: bytes) -> Checked:
    """Look through a document of JSON. Features that cannot be read keep their number and lose their geometry.

    Raises Refused where it is no GeoJSON or TopoJSON at all.
    """
    if len(data) > LARGE:
        count = sum(1 for _ in _A_FEATURE.finditer(data))
        return Checked(data, count=count or None, is_topology=not count)
    if data.startswith(b"\x1e") or _is_lines(data):
        data = _from_lines(data)
    try:
        document = json.loads(data)
    except RecursionError:
        raise Refused("too_deep") from None
    except ValueError as error:
        raise Refused("json_broken", reason=str(error)) from None
    if not isinstance(document, dict):
        raise Refused("json_structure", found=type(document).__name__)
    kind = document.get("type")
    if kind == "Topology":
        return Checked(data, is_topology=True)
    if kind == "Feature":
        document = {"type": "FeatureCollection", "features": [document], **_crs_of(document)}
    elif isinstance(kind, str) and kind in {*_DEPTH, "GeometryCollection"}:
        document = {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "properties": {}, "geometry": document}],
            **_crs_of(document),
        }
    elif kind != "FeatureCollection" or not isinstance(document.get("features"), list):
        raise Refused("json_structure", found=str(kind)[:40])
    return _check_collection(document)


def _is_lines(data: bytes) -> bool:
    """One feature a line, without a collection around them."""
    first, _, rest = data.lstrip().partition(b"\n")
    if not rest.lstrip().startswith(b"{"):
        return False
    try:
        found = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("type") == "Feature"


def _from_lines(data: bytes) -> bytes:
    lines = [line.strip(b"\x1e \t\r") for line in data.split(b"\n")]
    return b'{"type":"FeatureCollection","features":[' + b",".join(line for line in lines if line) + b"]}"


def _crs_of(document: dict[str, Any]) -> dict[str, Any]:
    return {"crs": document["crs"]} if "crs" in document else {}


def _check_collection(document: dict[str, Any]) -> Checked:
    checked = Checked(b"", count=len(document["features"]))
    features = []
    for number, feature in enumerate(document["features"], start=1):
        reason = _fault_of(feature, number, checked)
        if reason:
            properties = feature.get("properties") if isinstance(feature, dict) else None
            checked.defects.append(
                Defect("bad_structure", features=(number,), params={"reason": reason}, repair="leave_out", moved_m2=0.0)
            )
            feature = {
                "type": "Feature",
                "properties": properties if isinstance(properties, dict) else {},
                "geometry": None,
            }
        features.append(feature)
    crs = document.get("crs")
    if crs is not None and not _is_crs(crs):
        checked.defects.append(Defect("bad_crs_member", params={"found": json.dumps(crs)[:80]}, repair=LEAVE))
        crs = None
    # Other members (bbox, name) mean nothing here and are wrong as often as not.
    head: dict[str, Any] = {"type": "FeatureCollection"} | ({"crs": crs} if crs is not None else {})
    checked.data = json.dumps(head | {"features": features}, separators=(",", ":")).encode()
    return checked


def _is_crs(crs: Any) -> bool:
    properties = crs.get("properties") if isinstance(crs, dict) else None
    return isinstance(properties, dict) and isinstance(properties.get("name"), str)


def _fault_of(feature: Any, number: int, checked: Checked) -> str:
    """What makes a feature unreadable, as a code; empty if nothing does. A missing geometry is another stage's matter."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return "not_a_feature"
    if not isinstance(feature.get("properties", {}), dict | None):
        return "properties"
    if "geometry" not in feature:
        return "no_geometry_member"
    geometry = feature["geometry"]
    return "" if geometry is None else _geometry_fault(geometry, number, checked)


def _geometry_fault(geometry: Any, number: int, checked: Checked, nested: int = 0) -> str:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(kind, str) or nested > _MOST_NESTED:
        return "geometry"
    if kind == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list):
            return "geometry"
        return next((fault for part in parts if (fault := _geometry_fault(part, number, checked, nested + 1))), "")
    if kind not in _DEPTH:
        return "geometry_type"
    return _coordinates_fault(geometry.get("coordinates"), _DEPTH[kind], number, checked)


def _coordinates_fault(value: Any, depth: int, number: int, checked: Checked) -> str:
    if not isinstance(value, list):
        return "nesting"
    if depth:
        return next((fault for part in value if (fault := _coordinates_fault(part, depth - 1, number, checked))), "")
    if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in value):
        return "nesting" if any(isinstance(n, list) for n in value) else "not_a_number"
    if len(value) < 2:
        return "position"
    if not all(math.isfinite(n) for n in value):
        return "not_finite"
    if len(value) > 3:
        checked.measured.add(number)
    return ""
