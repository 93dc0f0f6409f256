"""Boundary files for tests: Gridville's squares as features, spoiled where a test asks, written in any format."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely

from tests.builders import SCALE, named

Feature = dict[str, Any]


def square(west: float, south: float, east: float, north: float) -> Any:
    """A rectangle in Gridville units, as degrees; eight decimals, as a careful hand would write them."""
    left, bottom, right, top = (round(number * SCALE, 8) for number in (west, south, east, north))
    return shapely.box(left, bottom, right, top)


def feature(code: Any, shape: Any, **more: Any) -> Feature:
    """A district with its names; `shape` is a shapely geometry or a GeoJSON object."""
    names = {f"name_{language}": text for language, text in named(str(code)).items()}
    geometry = json.loads(shapely.to_geojson(shape)) if isinstance(shape, shapely.Geometry) else shape
    return {"type": "Feature", "properties": {"code": code, **names, "level": 1} | more, "geometry": geometry}


def quarters() -> list[Feature]:
    """Gridville in four columns, clean: a, b, c, d."""
    return [feature(code, square(x, 0, x + 1, 2), population=100 * (x + 1)) for x, code in enumerate("abcd")]


def collection(features: Sequence[Any], **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)} | more).encode()


def shapes_and_columns(features: Sequence[Feature]) -> tuple[Any, list[str], list[Any]]:
    shapes = np.array([shapely.from_geojson(json.dumps(f["geometry"])) for f in features], dtype=object)
    names = list(features[0]["properties"])
    columns = []
    for name in names:
        values = [f["properties"].get(name) for f in features]
        numeric = all(isinstance(value, int) for value in values)
        columns.append(np.array(values, dtype=np.int64 if numeric else object))
    return shapes, names, columns


def write(path: Path, features: Sequence[Feature], *, crs: str = "EPSG:4326", driver: str | None = None) -> Path:
    """Write features in the format of the path's ending, brought to `crs` first."""
    shapes, names, columns = shapes_and_columns(features)
    if crs != "EPSG:4326":
        shapes = in_system(shapes, crs)
    kind = "MultiPolygon" if any(shape.geom_type == "MultiPolygon" for shape in shapes) else "Polygon"
    pyogrio.raw.write(path, shapely.to_wkb(shapes), columns, names, geometry_type=kind, crs=crs, driver=driver)
    return path


def in_system(shapes: Any, crs: str) -> Any:
    move = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    return shapely.transform(shapes, lambda c: np.column_stack(move.transform(c[:, 0], c[:, 1])))


def zipped_shapefile(
    folder: Path,
    features: Sequence[Feature],
    *,
    crs: str = "EPSG:4326",
    encoding: str = "UTF-8",
    cpg: str | None = "UTF-8",
    prj: bool = True,
    name: str = "districts",
) -> Path:
    """A Shapefile in one zip. `encoding` is that of its texts, `cpg` what it says of them (None: nothing)."""
    shapes, names, columns = shapes_and_columns(features)
    if crs != "EPSG:4326":
        shapes = in_system(shapes, crs)
    stem = folder / name
    pyogrio.raw.write(
        stem.with_suffix(".shp"), shapely.to_wkb(shapes), columns, names, geometry_type="Polygon", crs=crs,
        encoding=encoding,
    )  # fmt: skip
    parts = {ending: stem.with_suffix(ending).read_bytes() for ending in (".shp", ".shx", ".dbf")}
    if prj:
        parts[".prj"] = stem.with_suffix(".prj").read_bytes()
    if cpg is None:
        # The byte that names the alphabet in the .dbf itself.
        parts[".dbf"] = parts[".dbf"][:29] + b"\0" + parts[".dbf"][30:]
    else:
        parts[".cpg"] = cpg.encode()
    target = folder / f"{name}.zip"
    target.write_bytes(archive({f"{name}{ending}": content for ending, content in parts.items()}))
    return target


def archive(entries: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return packed.getvalue()
