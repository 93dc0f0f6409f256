"""Reading a layer of streets (lines) or assets (points) from any vector file; whatever is wrong is named with its feature."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from analytics.mercator import column_row
from analytics.models import LAYER_ZOOM, Layer
from districts.citypack.boundaries import to_wgs84
from reporting.commands import Fault, progress

_KINDS = {Layer.Kind.STREETS: {"LineString", "MultiLineString"}, Layer.Kind.ASSETS: {"Point", "MultiPoint"}}
# More of them help nobody to mend the file.
MOST_FAULTS = 50


@dataclass(frozen=True)
class Piece:
    """What of a layer lies in one square of LAYER_ZOOM: a MultiLineString or MultiPoint in WGS 84, as WKB."""

    x: int
    y: int
    wkb: bytes


def read_layer(file: Path, kind: Layer.Kind, faults: list[Fault]) -> list[Any]:
    """The file's geometries in WGS 84, one a feature; empty with faults where anything is wrong."""
    try:
        meta, _, wkb, _columns = pyogrio.raw.read(file, columns=[])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
        faults.append(Fault("unreadable_file", f"GDAL cannot read it: {error}", file.name))
        return []
    if wkb is None or not len(wkb):
        faults.append(Fault("no_geometry", "the file holds no geometry", file.name))
        return []
    geometries = shapely.force_2d(to_wgs84(shapely.from_wkb(wkb), meta["crs"], faults, file.name))
    for number, geometry in enumerate(geometries, start=1):
        problem = _problem(geometry, kind)
        if problem is not None:
            faults.append(Fault(*problem, f"{file.name} feature {number}"))
            if len(faults) >= MOST_FAULTS:
                faults.append(Fault("more_faults", f"there may be more; the first {MOST_FAULTS} are named", file.name))
                break
    return [] if faults else list(geometries)


def _problem(geometry: Any, kind: Layer.Kind) -> tuple[str, str] | None:
    if geometry is None or geometry.is_empty:
        return "no_geometry", "the feature has no geometry"
    if geometry.geom_type not in _KINDS[kind]:
        return "wrong_geometry", f"{geometry.geom_type} where {' or '.join(sorted(_KINDS[kind]))} is needed"
    coordinates = shapely.get_coordinates(geometry)
    if not np.isfinite(coordinates).all():
        return "bad_coordinates", "a coordinate is not a number"
    if (abs(coordinates[:, 0]) > 180).any() or (abs(coordinates[:, 1]) > 85).any():
        return "bad_coordinates", "coordinates are not degrees of a place with streets; declare the file's CRS"
    if kind == Layer.Kind.STREETS and not shapely.length(geometry):
        return "invalid_geometry", "the line has no length"
    return None


def cut_into_squares(geometries: list[Any], kind: Layer.Kind) -> list[Piece]:
    """Every square with what lies in it; a line that crosses a border is cut there, so that no metre counts twice."""
    parts: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for geometry in progress(geometries, label="features", total=len(geometries)):
        for part in shapely.get_parts(geometry):
            coordinates = [(float(lon), float(lat)) for lon, lat in shapely.get_coordinates(part)]
            if kind == Layer.Kind.ASSETS:
                parts[_square(column_row(*coordinates[0], LAYER_ZOOM))].append(coordinates[0])
                continue
            for start, end in pairwise(coordinates):
                for square, piece in _cut(start, end):
                    parts[square].append(piece)
    make = shapely.MultiPoint if kind == Layer.Kind.ASSETS else shapely.MultiLineString
    return [Piece(x, y, shapely.to_wkb(make(found))) for (x, y), found in sorted(parts.items())]


_Place = tuple[float, float]


def _square(at: _Place) -> tuple[int, int]:
    return floor(at[0]), floor(at[1])


def _cut(start: _Place, end: _Place) -> Iterable[tuple[tuple[int, int], tuple[_Place, _Place]]]:
    """The parts of a straight line by square; each part belongs to the square of its middle."""
    one, other = column_row(*start, LAYER_ZOOM), column_row(*end, LAYER_ZOOM)
    cuts = {0.0, 1.0}
    for axis in (0, 1):
        low, high = sorted((one[axis], other[axis]))
        cuts |= {
            (border - one[axis]) / (other[axis] - one[axis]) for border in range(ceil(low), ceil(high)) if low < high
        }
    steps = sorted(cut for cut in cuts if 0 <= cut <= 1)
    for first, last in pairwise(steps):
        if first < last:
            yield (
                _square(_between(one, other, (first + last) / 2)),
                (_between(start, end, first), _between(start, end, last)),
            )


def _between(one: _Place, other: _Place, share: float) -> _Place:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share
