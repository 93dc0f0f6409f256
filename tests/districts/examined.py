"""What the child finds in a file, asked in the test's own process: no database, no sandbox."""

import json
from dataclasses import dataclass
from typing import Any

import shapely

from districts.topology.examination import examine
from districts.topology.messages import pack, unpack
from sandbox.child import SandboxFailed

GRIDVILLE = {"bounds": [0.0, 0.0, 0.04, 0.02], "today": None, "candidates": ["EPSG:32631", "EPSG:32630"]}
KNOWN: dict[str, Any] = {
    "languages": ["fr", "ar", "en"], "kind": "districts", "service": "", "units": [], "categories": [], "today": {},
}  # fmt: skip


@dataclass
class Examined:
    header: dict[str, Any]
    shapes: list[Any]

    @property
    def ready(self) -> bool:
        return bool(self.header["ready"])

    @property
    def faults(self) -> list[dict[str, Any]]:
        """What blocks, settled or not."""
        return [defect for defect in self.header["defects"] if defect["severity"] == "fault"]

    @property
    def codes(self) -> list[str]:
        return [defect["code"] for defect in self.faults]

    @property
    def remarks(self) -> list[str]:
        return [defect["code"] for defect in self.header["defects"] if defect["severity"] == "remark"]

    def one(self, code: str) -> dict[str, Any]:
        """The only defect of that code."""
        found: list[dict[str, Any]] = [defect for defect in self.header["defects"] if defect["code"] == code]
        assert len(found) == 1, f"{code}: {found}"
        return found[0]

    def shape(self, code: str) -> Any:
        """The final shape of a feature; the file must be ready."""
        return dict(zip((f["code"] for f in self.header["features"]), self.shapes, strict=True))[code]


class Refused(Exception):
    def __init__(self, code: str, params: dict[str, Any]) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def examined(
    data: bytes,
    name: str = "file.geojson",
    *,
    known: dict[str, Any] | None = None,
    city: dict[str, Any] | None = None,
    today: Any = None,
    **choices: Any,
) -> Examined:
    """Examine bytes for Gridville. `known`, `city` and `choices` go on top of the usual request. Raises Refused."""
    request = {"name": name, "city": GRIDVILLE | (city or {}), "known": KNOWN | (known or {}), **choices}
    blobs = [data] if today is None else [data, shapely.to_wkb(today)]
    try:
        header, shapes = unpack(examine(pack(request, blobs)))
    except SandboxFailed as refusal:
        raise Refused(refusal.code, json.loads(refusal.message)) from None
    return Examined(header, list(shapely.from_wkb([bytes(shape) for shape in shapes])) if shapes else [])
