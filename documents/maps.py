"""A map as a drawing: SVG from geometry, for paper and mail. No tiles, no script; it looks the same wherever it is opened.

Positions are WGS 84, longitude first, laid flat round the middle of the frame: true to about 1 % over a city.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, floor, log10, radians
from typing import Any

import shapely
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

METRES_PER_DEGREE = 111_320
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Layer:
    """Shapes that are drawn alike, in degrees; `width` is that of the line, in pixels of the drawing."""

    shapes: Sequence[Any]
    fill: str = "none"
    stroke: str = "none"
    width: float = 1.0
    dash: str = ""


@dataclass(frozen=True)
class Pin:
    """A mark at a point: a drop with an optional letter or number, told apart by more than its colour."""

    longitude: float
    latitude: float
    mark: str = ""
    colour: str = "#a8201a"


@dataclass(frozen=True)
class Label:
    """A name beside a point."""

    longitude: float
    latitude: float
    text: str
    size: float = 12.0
    colour: str = "#3c463f"


def around(longitude: float, latitude: float, *, metres: float, ratio: float = 1.5) -> Bounds:
    """The frame round a point: `metres` from its middle to its lower and upper edge, `ratio` times as wide as high."""
    up = metres / METRES_PER_DEGREE
    across = up * ratio / max(0.05, cos(radians(latitude)))
    return longitude - across, latitude - up, longitude + across, latitude + up


def draw_map(
    bounds: Bounds,
    layers: Iterable[Layer],
    *,
    pins: Iterable[Pin] = (),
    labels: Iterable[Label] = (),
    title: str,
    width: int = 720,
    ground: str = "#f3efe4",
    source: str = "",
) -> SafeString:
    """An SVG element of what lies in `bounds` (west, south, east, north), with a scale, north up, and its title for readers.

    Layers are painted in their order, then labels, then pins. `source` is written into a corner.
    """
    frame = _Frame(bounds, width)
    parts: list[str] = [
        format_html(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" height="{}" role="img" '
            'font-family="Noto Sans, Noto Sans Arabic, DejaVu Sans, sans-serif"><title>{}</title>',
            *(width, frame.height, width, frame.height),
            title,
        ),
        format_html('<rect width="{}" height="{}" fill="{}"/>', width, frame.height, ground),
    ]
    parts += [_layer(layer, frame) for layer in layers]
    parts += [_label(label, frame) for label in labels if frame.holds(label.longitude, label.latitude)]
    parts += [_pin(pin, frame) for pin in pins if frame.holds(pin.longitude, pin.latitude)]
    parts += [_scale(frame), _north(frame), _source(source, frame)]
    parts.append(
        format_html(
            '<rect x=".5" y=".5" width="{}" height="{}" fill="none" stroke="#858f88"/></svg>',
            width - 1,
            frame.height - 1,
        )
    )
    return mark_safe("".join(parts))  # noqa: S308 - each part is escaped by itself


class _Frame:
    """From degrees to pixels of the drawing."""

    def __init__(self, bounds: Bounds, width: int) -> None:
        self.west, self.south, self.east, self.north = bounds
        self.across = cos(radians((self.south + self.north) / 2))
        self.factor = width / max((self.east - self.west) * self.across, 1e-9)
        self.width = width
        self.height = round((self.north - self.south) * self.factor)

    @property
    def metres_per_pixel(self) -> float:
        return METRES_PER_DEGREE / self.factor

    def holds(self, longitude: float, latitude: float) -> bool:
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        x = (longitude - self.west) * self.across * self.factor
        return round(x, 1), round((self.north - latitude) * self.factor, 1)

    def flatten(self, shape: Any) -> Any:
        """A shape in pixels, cut at the frame (and a little beyond: no cut edge is seen), without invisible detail."""
        margin = 4 / self.factor
        cut = shapely.clip_by_rect(
            shape, self.west - margin, self.south - margin, self.east + margin, self.north + margin
        )
        flat = shapely.transform(
            cut,
            lambda at: (at - (self.west, self.north)) * (self.across * self.factor, -self.factor),
        )
        return shapely.simplify(flat, 0.4)


def _layer(layer: Layer, frame: _Frame) -> str:
    path = "".join(_path(frame.flatten(shape)) for shape in layer.shapes)
    if not path:
        return ""
    dash = format_html(' stroke-dasharray="{}"', layer.dash) if layer.dash else ""
    return format_html(
        '<path d="{}" fill="{}" stroke="{}" stroke-width="{}" stroke-linejoin="round" stroke-linecap="round" '
        'fill-rule="evenodd"{}/>',
        path,
        layer.fill,
        layer.stroke,
        layer.width,
        dash,
    )


def _path(shape: Any) -> str:
    lines: list[str] = []
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            rings = [part.exterior, *part.interiors]
            lines += [_line(ring.coords) + "Z" for ring in rings if len(ring.coords) > 2]
        elif part.geom_type in ("LineString", "LinearRing") and len(part.coords) > 1:
            lines.append(_line(part.coords))
    return "".join(lines)


def _line(coordinates: Iterable[Sequence[float]]) -> str:
    return "M" + "L".join(f"{point[0]:.1f} {point[1]:.1f}" for point in coordinates)


def _label(label: Label, frame: _Frame) -> str:
    x, y = frame.place(label.longitude, label.latitude)
    # Halo first, then the letters: paint-order is not known to every renderer.
    halo, letters = (
        format_html(
            '<text x="{}" y="{}" font-size="{}" text-anchor="middle" {}>{}</text>',
            *(x, y, label.size),
            look,
            label.text,
        )
        for look in (
            mark_safe('fill="#fbf9f3" stroke="#fbf9f3" stroke-width="3" stroke-linejoin="round"'),
            format_html('fill="{}"', label.colour),
        )
    )
    return halo + letters


def _pin(pin: Pin, frame: _Frame) -> str:
    x, y = frame.place(pin.longitude, pin.latitude)
    inner = (
        format_html(
            '<text y="-20" font-size="13" font-weight="700" text-anchor="middle" fill="#ffffff">{}</text>', pin.mark
        )
        if pin.mark
        else mark_safe('<circle cy="-24.5" r="5" fill="#ffffff"/>')
    )
    return format_html(
        '<g transform="translate({} {})"><ellipse rx="7" ry="2.5" fill="#16211c" fill-opacity=".3"/>'
        '<path d="M0 0C-3-9-13-14-13-24.5A13 13 0 0 1 13-24.5C13-14 3-9 0 0Z" fill="{}" stroke="#ffffff" '
        'stroke-width="1.5"/>{}</g>',
        *(x, y),
        pin.colour,
        inner,
    )


def _scale(frame: _Frame) -> str:
    """A bar of a round length, at most a quarter of the width."""
    most = frame.metres_per_pixel * frame.width / 4
    power = 10 ** floor(log10(most))
    metres = next(step * power for step in (5, 2, 1) if step * power <= most)
    length, y = metres / frame.metres_per_pixel, frame.height - 14
    words = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    return format_html(
        '<rect x="6" y="{}" width="{}" height="24" fill="#ffffff" fill-opacity=".85"/>'
        '<path d="M12 {}v5h{}v-5" fill="none" stroke="#16211c" stroke-width="1.5"/>'
        '<text x="{}" y="{}" font-size="11" fill="#16211c">{}</text>',
        *(y - 12, round(length + 18 + 9 * len(words)), y - 3, round(length, 1), round(length + 18), y + 3),
        words,
    )


def _north(frame: _Frame) -> str:
    return format_html(
        '<g transform="translate({} 24)"><circle r="15" fill="#ffffff" fill-opacity=".85"/>'
        '<path d="M0-12L6 9L0 5L-6 9Z" fill="#16211c"/></g>',
        frame.width - 22,
    )


def _source(source: str, frame: _Frame) -> str:
    if not source:
        return ""
    return format_html(
        '<text x="{}" y="{}" font-size="9" text-anchor="end" fill="#435049">{}</text>',
        *(frame.width - 6, frame.height - 6),
        source,
    )
