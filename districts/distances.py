"""Metres from points to a polygon, vectorised: what PostGIS says of geographies, to a millimetre in some tens of metres."""

from functools import partial
from math import cos, radians
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

Metres = npt.NDArray[np.float64]

_SPHEROID = pyproj.Geod(ellps="WGS84")
# Strips of so many degrees of latitude are drawn at one scale. Across a strip the true scale differs by less than half a
# percent: that may choose another point of an edge, whose distance is longer by a hundred-thousandth of itself.
_STRIP = 0.1


def metres_to(shape: Any, longitude: Metres, latitude: Metres) -> Metres:
    """Metres on the spheroid from each point (degrees WGS 84) to the nearest point of a polygon; 0 inside it."""
    metres = np.empty(len(longitude))
    strips = np.floor(latitude / _STRIP)
    for strip in np.unique(strips):
        mine = strips == strip
        scale = np.array([cos(radians((strip + 0.5) * _STRIP)), 1.0])
        drawn = shapely.transform(shape, partial(np.multiply, scale))
        shapely.prepare(drawn)
        points = shapely.points(np.column_stack([longitude[mine], latitude[mine]]) * scale)
        ends = shapely.get_coordinates(shapely.shortest_line(drawn, points)).reshape(-1, 2, 2) / scale
        metres[mine] = _SPHEROID.inv(*ends[:, 0].T, *ends[:, 1].T)[2]
    return metres


def doubt(metres: Metres) -> Metres:
    """How far `metres_to` and PostGIS may lie apart, amply."""
    return 0.002 + 2e-5 * metres
