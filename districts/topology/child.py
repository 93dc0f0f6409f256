"""The child's door: what computes later is loaded and rehearsed now, for no file can be opened once the work begins.

Python, NumPy, GDAL and PROJ load a good deal only when it is first used.
"""

import io
import json
import sys
import zipfile

import numpy.ma

from districts.topology.examination import compare, examine, inspect
from districts.topology.messages import pack, unpack

__all__ = ["compare", "examine", "inspect", "numpy"]

# A bow tie, two districts that overlap, a gap with an island, a collection with heights: one of each branch.
_SHAPES = (
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
    {
        "type": "Polygon",
        "coordinates": [[[2, 0], [3, 0], [3, 1], [2, 1], [2, 0]], [[2.2, 0.2], [2.4, 0.2], [2.4, 0.4], [2.2, 0.2]]],
    },
    {"type": "Polygon", "coordinates": [[[2.9, 0], [4, 0], [4, 1], [2.9, 1]]]},
    {
        "type": "GeometryCollection",
        "geometries": [{"type": "Polygon", "coordinates": [[[5, 0, 1], [6, 0, 1], [6, 1, 1], [5, 0, 1]]]}],
    },
)  # fmt: skip


def _rehearse() -> None:
    features = [
        {"type": "Feature", "properties": {"code": str(n), "name": "Tetouan"}, "geometry": shape}
        for n, shape in enumerate(_SHAPES)
    ]
    known = {"languages": ["fr", "ar"], "kind": "districts", "service": "", "units": [], "categories": [], "today": {}}
    city = {"bounds": [0, 0, 6, 1], "candidates": ["EPSG:32630"], "today": None}
    request = {"name": "rehearsal", "known": known, "city": city, "accept": ["all"], "display": True}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rehearsal.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    data = packed.getvalue()
    errors, sys.stderr = sys.stderr, open("/dev/null", "w")  # noqa: SIM115 - closed below
    try:
        inspect(pack(request, [data]))
        header, blobs = unpack(examine(pack(request, [data])))
        shapes = [bytes(blob) for blob in blobs]
        codes = [feature["code"] for feature in header["features"]]
        compare(pack({"old": codes[:2], "new": codes[1:3]}, shapes[:2] + shapes[1:3]))
    finally:
        sys.stderr.close()
        sys.stderr = errors


_rehearse()
