"""One accent colour per service, readable on light and dark ground: rendered as a stylesheet, so pages need no inline style."""

import re
from collections.abc import Iterable
from typing import Protocol

# Grounds of static/css/tokens.css that the accents stand on.
LIGHT_GROUND = "#f2efe7"
DARK_GROUND = "#18211d"
# WCAG 2.2: 4.5 for text (1.4.3), 3 for shapes (1.4.11).
TEXT_CONTRAST = 4.5
SHAPE_CONTRAST = 3.0

_CODE = re.compile(r"[a-z0-9-]+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class Coloured(Protocol):
    """What a service gives: its code and `#rrggbb`."""

    code: str
    colour: str


def service_colours_css(services: Iterable[Coloured]) -> str:
    """Stylesheet with one class `svc-<code>` per service.

    Sets `--svc` (ground of pins and chips), `--svc-on` (ink on it), `--svc-ink` (the accent as text) and `--svc-tint`
    (a faint ground), for light and dark. Rows with a malformed code or colour are left out: the brand colour stays.
    """
    rows = [(s.code, s.colour.lower()) for s in services if _CODE.fullmatch(s.code) and _COLOUR.fullmatch(s.colour)]
    light = "\n".join(f".svc-{code} {{ {_variables(colour, LIGHT_GROUND, '#000000')} }}" for code, colour in rows)
    dark_system = "\n".join(_dark(':root:not([data-theme="light"]) ', code, colour) for code, colour in rows)
    dark_chosen = "\n".join(_dark(':root[data-theme="dark"] ', code, colour) for code, colour in rows)
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark_system}\n}}\n@media screen {{\n{dark_chosen}\n}}\n"


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio of two `#rrggbb` colours, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, ground: str, towards: str, ratio: float) -> str:
    """`colour`, mixed step by step towards black or white until it reaches `ratio` on `ground`."""
    for step in range(20):
        candidate = mix(colour, towards, step / 20)
        if contrast(candidate, ground) >= ratio:
            return candidate
    return towards


def mix(first: str, second: str, share: float) -> str:
    """`share` (0 to 1) of `second` in `first`, channel by channel in sRGB."""
    channels = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in channels)


def _dark(root: str, code: str, colour: str) -> str:
    return f"{root}.svc-{code} {{ {_variables(colour, DARK_GROUND, '#ffffff')} }}"


def _variables(colour: str, ground: str, towards: str) -> str:
    ink = readable(colour, ground, towards, TEXT_CONTRAST)
    shape = readable(colour, ground, towards, SHAPE_CONTRAST)
    on_shape = "#ffffff" if contrast("#ffffff", shape) >= TEXT_CONTRAST else "#0b1410"
    if contrast(on_shape, shape) < TEXT_CONTRAST:
        # A middle tone that carries neither ink well: take the one that reads as text, it is further from the ground.
        shape = ink
        on_shape = max("#ffffff", "#0b1410", key=lambda candidate: contrast(candidate, shape))
    return f"--svc: {shape}; --svc-on: {on_shape}; --svc-ink: {ink}; --svc-tint: {mix(ground, shape, 0.1)};"


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _luminance(colour: str) -> float:
    parts = [value / 255 for value in _channels(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
