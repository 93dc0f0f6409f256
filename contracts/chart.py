"""Columns for a month-by-month chart, as shapes that a template writes as SVG: no script, the same on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.wording import month_name

WIDTH, HEIGHT = 360, 110
_GAP = 0.3


@dataclass(frozen=True)
class Bar:
    """One month, in the chart's own units from the top left. Below zero it hangs under the base line."""

    x: float
    y: float
    width: float
    height: float
    value: float
    label: str


@dataclass(frozen=True)
class Columns:
    width: int
    height: int
    base: float
    bars: list[Bar]
    first: str
    last: str


def columns(values: Sequence[float], months: Sequence[date], *, mirrored: bool) -> Columns:
    """A column per month, oldest first in the reading direction."""
    highest, lowest = max([*values, 0]), min([*values, 0])
    span = (highest - lowest) or 1
    base = HEIGHT * highest / span if highest or lowest else HEIGHT
    step = WIDTH / max(1, len(values))
    bars = []
    for index, (value, month) in enumerate(zip(values, months, strict=True)):
        place = len(values) - 1 - index if mirrored else index
        height = HEIGHT * abs(value) / span
        bars.append(
            Bar(
                x=round(place * step + step * _GAP / 2, 1),
                y=round(base - height if value >= 0 else base, 1),
                width=round(step * (1 - _GAP), 1),
                height=round(height, 1),
                value=value,
                label=month_name(month),
            )
        )
    return Columns(
        WIDTH,
        HEIGHT,
        round(base, 1),
        bars,
        month_name(months[0]) if months else "",
        month_name(months[-1]) if months else "",
    )
