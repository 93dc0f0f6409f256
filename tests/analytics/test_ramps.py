"""The heat ramps: each class is told from the next by its lightness alone, to whatever eye and on a grey printer."""

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from django.conf import settings

from analytics.legends import COLOURS, TOO_FEW

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB; and nobody's eye changed.
EYES = {
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "greyscale": ((0.2126, 0.7152, 0.0722),) * 3,
}
# About twice what two areas that do not touch need to be told apart.
CLEAR_STEP = 5.0


def css_ramps() -> list[list[str]]:
    """The six colours of each theme, from the lowest class, as the stylesheet gives them."""
    css = (settings.BASE_DIR / "static/css/map.css").read_text()
    found = re.findall(r"--heat-([1-6]): (#[0-9a-f]{6});", css)
    assert len(found) % 6 == 0 and [int(rank) for rank, _ in found] == [1, 2, 3, 4, 5, 6] * (len(found) // 6)
    return [[colour for _, colour in found[start : start + 6]] for start in range(0, len(found), 6)]


def lightness(colour: str, eye: Sequence[Sequence[float]]) -> float:
    """CIE L* of `#rrggbb` as that eye sees it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    seen = [min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, linear, strict=True)))) for row in eye]
    luminance = 0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


@pytest.mark.parametrize("eye", EYES)
def test_each_class_is_clearly_darker_or_lighter_than_the_one_before(eye: str) -> None:
    ramps = [*css_ramps(), list(COLOURS)]
    assert len(ramps) >= 3
    for ramp in ramps:
        steps = [after - before for before, after in pairwise(lightness(colour, EYES[eye]) for colour in ramp)]
        assert all(step <= -CLEAR_STEP for step in steps) or all(step >= CLEAR_STEP for step in steps), (ramp, steps)


@pytest.mark.parametrize("eye", EYES)
def test_the_simulations_leave_white_and_grey_as_they_are(eye: str) -> None:
    assert lightness("#ffffff", EYES[eye]) == pytest.approx(100, abs=0.1)
    assert lightness("#808080", EYES[eye]) == pytest.approx(53.6, abs=0.1)


def test_a_report_has_the_colours_of_the_page_and_none_of_them_says_too_few() -> None:
    assert list(COLOURS) == css_ramps()[0]
    assert TOO_FEW not in COLOURS


def test_a_ramp_of_one_lightness_would_be_found() -> None:
    red, green = "#c0392b", "#3d7a3d"
    assert abs(lightness(red, EYES["greyscale"]) - lightness(green, EYES["greyscale"])) < CLEAR_STEP
