"""Stylesheets mirror by themselves in Arabic and read well in both appearances."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from geoportal.colours import DARK_GROUND, LIGHT_GROUND, contrast, service_colours_css

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
PHYSICAL = re.compile(
    r"^\s*(margin|padding|border)-(left|right|top|bottom)\b|^\s*(left|right|top|bottom|float|width|height)\s*:"
    r"|text-align:\s*(left|right)|^\s*(min|max)-(width|height)\s*:"
)
INKS = ("ink", "ink-2", "ink-3", "brand", "link", "danger", "warn", "ok", "info")
PAIRS = [(ink, ground) for ink in INKS for ground in ("paper", "surface", "sunken")] + [
    ("on-brand", "brand"),
    ("danger", "danger-tint"),
    ("warn", "warn-tint"),
    ("ok", "ok-tint"),
    ("info", "info-tint"),
    ("ink", "brand-tint"),
    ("ink-2", "brand-tint"),
    ("ink-2", "muted-tint"),
]


@dataclass
class Service:
    code: str
    colour: str


@pytest.mark.parametrize("path", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_only_logical_properties_are_used(path: Path) -> None:
    faults = [line.strip() for line in path.read_text().splitlines() if PHYSICAL.search(line)]
    assert faults == []


@pytest.mark.parametrize(("ink", "ground"), PAIRS)
@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_ink_and_ground_reach_wcag_aa(appearance: str, ink: str, ground: str) -> None:
    tokens = _tokens(appearance)
    assert contrast(tokens[ink], tokens[ground]) >= 4.5


def test_both_ways_into_the_dark_hold_the_same_tokens() -> None:
    text = (CSS / "tokens.css").read_text()
    wished = text.split(':root:not([data-theme="light"]) {')[1].split("}")[0]
    chosen = text.split(':root[data-theme="dark"] {')[1].split("}")[0]
    assert wished.split() == chosen.split()


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ffd400", "#1c7c54", "#777777", "#c79a1b", "#3b4f9e"])
def test_any_colour_of_a_city_becomes_readable(colour: str) -> None:
    css = service_colours_css([Service("roads", colour)])
    light, dark = re.findall(r"--svc: (#\w+); --svc-on: (#\w+); --svc-ink: (#\w+)", css)[:2]
    for (shape, on_shape, ink), ground in ((light, LIGHT_GROUND), (dark, DARK_GROUND)):
        assert contrast(shape, ground) >= 3
        assert contrast(on_shape, shape) >= 4.5
        assert contrast(ink, ground) >= 4.5


def test_malformed_codes_and_colours_never_reach_the_stylesheet() -> None:
    css = service_colours_css([Service("a{}b", "#123456"), Service("roads", "red;}"), Service("water", "#1f78a8")])
    assert "svc-water" in css
    assert "red" not in css
    assert "a{}b" not in css


def _tokens(appearance: str) -> dict[str, str]:
    text = (CSS / "tokens.css").read_text()
    start = ":root {" if appearance == "light" else ':root[data-theme="dark"] {'
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", text.split(start)[1].split("}")[0]))
