"""A still map of one place for paper: the city's own drawn basemap, its quarters, and a pin."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from django.conf import settings
from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point, Polygon
from django.utils.safestring import SafeString
from pyogrio.errors import DataSourceError

from catalogue.models import Jurisdiction
from catalogue.translated import text_in
from districts.models import District, Landmark
from documents.maps import Bounds, Label, Layer, Pin, around, draw_map

_EARTH_RADIUS_M = 6_378_137
# Layer and classes of the basemap, fill, stroke, width: in the order of painting (js/map/basemap.js paints alike).
_STYLES: tuple[tuple[str, tuple[str, ...], str, str, float], ...] = (
    ("relief", (), "#e6e3d2", "none", 0),
    ("landuse", ("builtup", "medina", "airport"), "#ece5d8", "none", 0),
    ("landuse", ("park", "cemetery"), "#d3e2c6", "none", 0),
    ("water", (), "#b9d6de", "#b9d6de", 1),
    ("roads", ("lane",), "none", "#ffffff", 1.5),
    ("roads", ("street",), "none", "#d3ccbd", 5),
    ("roads", ("street",), "none", "#ffffff", 3.4),
    ("roads", ("secondary",), "none", "#d3ccbd", 9),
    ("roads", ("main",), "none", "#cfae6f", 11),
    ("roads", ("secondary",), "none", "#ffffff", 7),
    ("roads", ("main",), "none", "#f4d9a4", 8.5),
)
_MOST_LABELS = 8


def place_map(
    city: Jurisdiction, longitude: float, latitude: float, *, language: str, title: str, metres: float = 350
) -> SafeString:
    """An SVG of the surroundings, `metres` to its lower and upper edge. Reads the drawn basemap where the city has one."""
    bounds = around(longitude, latitude, metres=metres)
    frame = Polygon.from_bbox(bounds)
    frame.srid = 4326
    districts = list(District.objects.active().filter(jurisdiction=city, geometry__intersects=frame))
    deepest = max((row.level for row in districts), default=1)
    shapes = [shapely.from_wkb(bytes(row.geometry.wkb)) for row in districts if row.level == deepest]
    # Neighbours share their borders: drawn once, a dash stays a dash.
    borders = Layer(
        [shapely.unary_union([shape.boundary for shape in shapes])], stroke="#6c7a72", width=1.2, dash="6 4"
    )
    return draw_map(
        bounds,
        [*_basemap(city, bounds), borders],
        pins=[Pin(longitude, latitude)],
        labels=_names(city, frame, Point(longitude, latitude, srid=4326), language),
        title=title,
        source=text_in(city.name, language),
    )


def _names(city: Jurisdiction, frame: Polygon, place: Point, language: str) -> list[Label]:
    """What lies nearby, nearest first; each name once, and none on top of another or of the pin."""
    west, south, east, north = frame.extent
    near = Landmark.objects.filter(jurisdiction=city, point__within=frame).annotate(far=Distance("point", place))
    labels: list[Label] = []
    taken = [(place.x, place.y)]
    for row in near.order_by("far", "code"):
        at, text = (row.point.x, row.point.y), text_in(row.name, language)
        crowded = any(abs(at[0] - x) < (east - west) / 6 and abs(at[1] - y) < (north - south) / 18 for x, y in taken)
        near_edge = not west + (east - west) / 12 < at[0] < east - (east - west) / 12
        if crowded or near_edge or any(label.text == text for label in labels):
            continue
        taken.append(at)
        labels.append(Label(*at, text))
    return labels[:_MOST_LABELS]


def _basemap(city: Jurisdiction, bounds: Bounds) -> Iterator[Layer]:
    """The layers of the city's tiles inside the frame; none where it has no map of its own."""
    path = Path(settings.MADE_STATIC_DIR) / "basemap" / f"{city.code}.pmtiles"
    if not path.exists():
        return
    known = {name: _read(path, name, bounds) for name in {style[0] for style in _STYLES}}
    for name, classes, fill, stroke, width in _STYLES:
        shapes = [shape for shape, kind in known[name] if not classes or kind in classes]
        if shapes:
            yield Layer(shapes, fill=fill, stroke=stroke, width=width)


def _read(path: Path, layer: str, bounds: Bounds) -> list[tuple[Any, str]]:
    """Shapes (in degrees) and classes of one layer. Tiles are in Web Mercator; those that touch the frame are read."""
    west, south, east, north = bounds
    corners = _to_mercator(np.array([[west, south], [east, north]]))
    try:
        meta, _, geometry, columns = pyogrio.raw.read(path, layer=layer, bbox=tuple(corners.ravel()))
    except DataSourceError:
        return []
    names = list(meta["fields"])
    classes = columns[names.index("class")] if "class" in names else [""] * len(geometry)
    shapes = shapely.transform(shapely.from_wkb(geometry), _to_degrees)
    return list(zip(shapes, (str(kind) for kind in classes), strict=True))


def _to_mercator(at: Any) -> Any:
    radius = _EARTH_RADIUS_M
    return np.column_stack(
        (radius * np.radians(at[:, 0]), radius * np.log(np.tan(np.pi / 4 + np.radians(at[:, 1]) / 2)))
    )


def _to_degrees(at: Any) -> Any:
    radius = _EARTH_RADIUS_M
    return np.column_stack(
        (np.degrees(at[:, 0] / radius), np.degrees(2 * np.arctan(np.exp(at[:, 1] / radius)) - np.pi / 2))
    )
