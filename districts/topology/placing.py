"""Where on earth a file lies: its coordinate system, believed when it puts the file into the city, else looked for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from districts.topology.defects import REMARK, Defect, Refused

WGS84 = "EPSG:4326"
# Axes are always taken east, north: as all files have them but those that are swapped.
_ALREADY = {WGS84, "OGC:CRS84", "EPSG:4979", "OGC:CRS84h"}
_KM_PER_DEGREE = 111.32
_FEET = {"foot": 0.3048, "US survey foot": 1200 / 3937}
Numbers = npt.NDArray[np.float64]

# Opens PROJ's tables while files may still be opened.
pyproj.CRS.from_epsg(4326)
_TO_EQUAL_AREA = pyproj.Transformer.from_crs(WGS84, "+proj=cea +ellps=WGS84 +type=crs", always_xy=True)
pyproj.Transformer.from_crs("EPSG:32630", WGS84, always_xy=True).transform(500_000, 4_000_000)


@dataclass(frozen=True)
class City:
    """Where the file should lie: west, south, east, north of the city in degrees, and of its districts of today."""

    bounds: tuple[float, float, float, float]
    today: tuple[float, float, float, float] | None = None
    # Systems in use there, likeliest first.
    candidates: tuple[str, ...] = ()

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The city and a quarter more on each side, at least two kilometres."""
        west, south, east, north = _together(self.bounds, self.today)
        wide, high = max((east - west) / 4, 0.02), max((north - south) / 4, 0.02)
        return west - wide, south - high, east + wide, north + high


@dataclass(frozen=True)
class Guess:
    """A system, perhaps with its axes swapped: the share of the file that it puts into the city."""

    crs: str
    swapped: bool
    share: float
    # Largest distance in metres between the edges of the file's and of today's extent; None where they are not alike.
    offset_m: float | None
    rank: int
    # How well the transformation itself is known, in metres.
    accuracy_m: float | None

    def as_params(self) -> dict[str, Any]:
        return {
            "crs": self.crs, "name": _name(self.crs), "swapped": self.swapped, "share": round(self.share, 3),
            "offset_m": self.offset_m, "accuracy_m": self.accuracy_m,
        }  # fmt: skip


@dataclass
class Placement:
    """The system by which the file is read, and what is to be said about it."""

    crs: str
    swapped: bool = False
    defects: list[Defect] = field(default_factory=list)


def place_file(geometries: Any, declared: str | None, chosen: str | None, city: City) -> Placement:
    """Decide how the coordinates are to be read. `chosen` was named by somebody and stands over `declared`.

    Where a system is missing or puts the file elsewhere, the likeliest one is proposed with its evidence.
    Raises Refused where nothing puts it into the city.
    """
    if chosen is not None and not _exists(chosen):
        raise Refused("unknown_crs", crs=chosen)
    boxes = _boxes(geometries)
    believed = chosen or declared
    if not len(boxes):
        return Placement(believed or WGS84)
    if believed is not None:
        guess = _try(believed, False, boxes, None, city, 0)
        if guess is not None and (guess.share > 0 or _touches(believed, False, boxes, city)):
            remarks = [_overridden(declared, chosen)] if chosen and declared and not _alike(chosen, declared) else []
            return Placement(believed, defects=[*remarks, *_inexact(guess)])
    guesses = _guesses(boxes, _points(geometries), city)
    params = {"declared": declared or "", "chosen": chosen or "", **_extent(boxes)}
    if believed is not None:
        params |= _whereabouts(believed, boxes, city)
    if not guesses:
        raise Refused("not_in_city" if believed else "crs_missing_unknown", **params)
    best = guesses[0]
    code = "crs_missing" if believed is None else "crs_contradicts"
    if best.swapped and (believed is None or _alike(best.crs, believed)):
        code = "axes_swapped"
    params["guesses"] = [guess.as_params() for guess in guesses[:5]]
    proposal = {"crs": best.crs, "swapped": best.swapped}
    defect = Defect(code, params=params, repair="use_crs", repair_params=proposal, moved_m2=0.0)
    return Placement(best.crs, best.swapped, [defect])


def to_wgs84(geometries: Any, crs: str, *, swapped: bool) -> Any:
    """Geometries in degrees WGS 84, longitude first. What cannot be reckoned becomes infinite."""
    if crs in _ALREADY and not swapped:
        return geometries
    move = _transformer(crs)

    def moved(coordinates: Numbers) -> Numbers:
        east, north = (coordinates[:, 1], coordinates[:, 0]) if swapped else (coordinates[:, 0], coordinates[:, 1])
        return np.column_stack(move.transform(east, north)) if crs not in _ALREADY else np.column_stack((east, north))

    return shapely.transform(geometries, moved)


def area_m2(geometries: Any) -> Any:
    """Area of polygons in degrees WGS 84, in m² on the spheroid (edges straight in an equal-area projection)."""
    return shapely.area(
        shapely.transform(geometries, lambda c: np.column_stack(_TO_EQUAL_AREA.transform(c[:, 0], c[:, 1])))
    )


def _exists(crs: str) -> bool:
    try:
        return not pyproj.CRS.from_user_input(crs).is_engineering
    except (pyproj.exceptions.CRSError, ValueError):
        return False


def _boxes(geometries: Any) -> Numbers:
    """minx, miny, maxx, maxy of up to a few thousand shapes, those with numbers only."""
    boxes = shapely.bounds(geometries)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    step = max(1, len(boxes) // 4000)
    return np.asarray(boxes[::step])


def _points(geometries: Any) -> Numbers:
    """Some thousand vertices of the file, among them those farthest out in each direction."""
    points = shapely.get_coordinates(geometries)
    points = points[np.isfinite(points).all(axis=1)]
    turns = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    farthest = [int(np.argmax(points @ np.array([math.cos(turn), math.sin(turn)]))) for turn in turns]
    step = max(1, len(points) // 10_000)
    return np.concatenate([points[::step], points[farthest]])


def _moved(crs: str, swapped: bool, points: Numbers) -> Numbers | None:
    """Points in degrees; None where the system cannot tell."""
    east, north = (points[:, 1], points[:, 0]) if swapped else (points[:, 0], points[:, 1])
    if crs in _ALREADY:
        return np.column_stack((east, north))
    try:
        return np.column_stack(_transformer(crs).transform(east, north))
    except (pyproj.exceptions.ProjError, ValueError):
        return None


def _corners(crs: str, swapped: bool, boxes: Numbers) -> Numbers | None:
    """The boxes' south-west and north-east corners and centres, in degrees: n × 3 × 2."""
    points = np.stack([boxes[:, :2], boxes[:, 2:], (boxes[:, :2] + boxes[:, 2:]) / 2], axis=1)
    moved = _moved(crs, swapped, points.reshape(-1, 2))
    if moved is None or not np.isfinite(moved).any():
        return None
    return moved.reshape(points.shape)


def _try(crs: str, swapped: bool, boxes: Numbers, points: Numbers | None, city: City, rank: int) -> Guess | None:
    moved = _corners(crs, swapped, boxes)
    if moved is None:
        return None
    west, south, east, north = city.box
    centres = moved[:, 2]
    inside = (centres[:, 0] >= west) & (centres[:, 0] <= east) & (centres[:, 1] >= south) & (centres[:, 1] <= north)
    share = float(inside.mean())
    offset = _offset(_moved(crs, swapped, points), city) if points is not None and share else None
    return Guess(crs, swapped, share, offset, rank, _accuracy(crs))


def _touches(crs: str, swapped: bool, boxes: Numbers, city: City) -> bool:
    """True where a shape's box reaches into the city: one large polygon may have its centre elsewhere."""
    moved = _corners(crs, swapped, boxes)
    if moved is None:
        return False
    west, south, east, north = city.box
    low, high = np.minimum(moved[:, 0], moved[:, 1]), np.maximum(moved[:, 0], moved[:, 1])
    sane = np.isfinite(moved).all(axis=(1, 2)) & (np.abs(moved[..., 0]) <= 180).all(axis=1)
    sane &= (np.abs(moved[..., 1]) <= 90).all(axis=1)
    hits = (low[:, 0] <= east) & (high[:, 0] >= west) & (low[:, 1] <= north) & (high[:, 1] >= south)
    return bool((hits & sane).any())


def _guesses(boxes: Numbers, points: Numbers, city: City) -> list[Guess]:
    """Systems that put a good part of the file into the city, the likeliest first."""
    tried = [(WGS84, False), (WGS84, True)]
    tried += [(crs, swapped) for swapped in (False, True) for crs in (*city.candidates, "EPSG:3857")]
    good = _those_that_fit(tried, boxes, points, city)
    if not good:
        in_feet = [drawn for crs in city.candidates for drawn in _in_feet(crs)]
        good = _those_that_fit([(crs, swapped) for swapped in (False, True) for crs in in_feet], boxes, points, city)
    return sorted(good, key=lambda guess: (-round(guess.share, 1), _closeness(guess), guess.rank))


def _those_that_fit(systems: Sequence[tuple[str, bool]], boxes: Numbers, points: Numbers, city: City) -> list[Guess]:
    found = [
        guess for rank, (crs, swapped) in enumerate(systems) if (guess := _try(crs, swapped, boxes, points, city, rank))
    ]
    # A file of a whole country has only a small part in the city.
    return [guess for guess in found if guess.share >= 0.5] or [guess for guess in found if guess.share > 0]


@lru_cache(maxsize=512)
def _in_feet(crs: str) -> tuple[str, ...]:
    """A projection in metres as drawing programs write it out in feet, of either length; no register knows such systems."""
    known = pyproj.CRS.from_user_input(crs).to_json_dict()
    axes = known.get("coordinate_system", {}).get("axis", ())
    if known["type"] != "ProjectedCRS" or any(axis.get("unit") != "metre" for axis in axes):
        return ()
    drawn = []
    for name, metres in _FEET.items():
        unit = {"type": "LinearUnit", "name": name, "conversion_factor": metres}
        system = {"subtype": "Cartesian", "axis": [axis | {"unit": unit} for axis in axes]}
        described = {key: value for key, value in known.items() if key not in ("id", "usages", "area", "bbox")}
        described |= {"name": f"{known['name']} ({name})", "coordinate_system": system}
        drawn.append(pyproj.CRS.from_json_dict(described).to_wkt())
    return tuple(drawn)


def _closeness(guess: Guess) -> int:
    """Extents alike to a few metres speak for a system; between those that agree as well, its use in the country does."""
    return 0 if guess.offset_m is None else round(math.log2(max(guess.offset_m, 4)))


def _offset(moved: Numbers | None, city: City) -> float | None:
    if city.today is None or moved is None or not np.isfinite(moved).all():
        return None
    low, high = moved.min(axis=0), moved.max(axis=0)
    west, south, east, north = city.today
    sizes = np.array([(high[0] - low[0]) / max(east - west, 1e-9), (high[1] - low[1]) / max(north - south, 1e-9)])
    if (np.abs(sizes - 1) > 0.1).any():
        return None
    squeeze = math.cos(math.radians((south + north) / 2))
    across = max(abs(low[0] - west), abs(high[0] - east)) * squeeze
    return round(float(max(across, abs(low[1] - south), abs(high[1] - north))) * _KM_PER_DEGREE * 1000, 1)


def _whereabouts(crs: str, boxes: Numbers, city: City) -> dict[str, Any]:
    """Where the declared system would put the file: degrees, and how far from the city."""
    moved = _corners(crs, False, boxes)
    if moved is None:
        return {}
    lon, lat = (float(number) for number in np.median(moved[:, 2], axis=0))
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return {"nowhere": True}
    west, south, east, north = city.bounds
    _az, _back, metres = pyproj.Geod(ellps="WGS84").inv(lon, lat, (west + east) / 2, (south + north) / 2)
    return {"lon": round(lon, 4), "lat": round(lat, 4), "away_km": round(metres / 1000)}


def _extent(boxes: Numbers) -> dict[str, Any]:
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return {"extent": [float(f"{number:.10g}") for number in (*low, *high)]}


def _overridden(declared: str | None, chosen: str) -> Defect:
    return Defect("crs_overridden", REMARK, params={"declared": _name(declared or ""), "chosen": _name(chosen)})


def _inexact(guess: Guess) -> list[Defect]:
    if guess.accuracy_m is None or guess.accuracy_m < 1:
        return []
    return [Defect("crs_inexact", REMARK, params={"crs": _name(guess.crs), "metres": guess.accuracy_m})]


@lru_cache(maxsize=512)
def _transformer(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)


def _accuracy(crs: str) -> float | None:
    if crs in _ALREADY:
        return None
    known = float(_transformer(crs).accuracy)
    return known if known >= 0 else None


@lru_cache(maxsize=512)
def _name(crs: str) -> str:
    """ "EPSG:26191, Merchich / Nord Maroc"; a long definition gives only its name."""
    try:
        found = pyproj.CRS.from_user_input(crs)
    except (pyproj.exceptions.CRSError, ValueError):
        return crs[:80]
    return f"{crs}, {found.name}" if len(crs) < 20 else str(found.name)


def _alike(one: str, other: str) -> bool:
    if one in _ALREADY and other in _ALREADY:
        return True
    try:
        return bool(pyproj.CRS.from_user_input(one).equals(pyproj.CRS.from_user_input(other), ignore_axis_order=True))
    except (pyproj.exceptions.CRSError, ValueError):
        return False


def _together(
    one: tuple[float, float, float, float], other: Sequence[float] | None
) -> tuple[float, float, float, float]:
    if other is None:
        return one
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
