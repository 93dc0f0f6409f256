"""What a map says of its colours, in words."""

from itertools import pairwise
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from analytics.measures import Measure

# The light ramp of static/css/map.css: one hue, lightness falls from class to class, readable in grey.
COLOURS = ("#fff3c4", "#fedd84", "#fdb64a", "#ee8322", "#c75a0b", "#8a3204")
TOO_FEW = "#d9d9d4"


def colour_of(rank: int) -> str:
    """Of a class, where no stylesheet reaches: files and paper. 0: too few to say."""
    return COLOURS[min(rank, len(COLOURS)) - 1] if rank else TOO_FEW


def coloured(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A legend with its colours."""
    return [line | {"colour": colour_of(line["rank"])} for line in lines]


def legend(limits: list[float], measure: Measure) -> list[dict[str, Any]]:
    """The classes in words, from the lowest: `rank` and `text`."""
    factor, sign = (100, "\u202f%") if measure.is_share else (1, "")
    texts = [_short(limit * factor) + sign for limit in limits]
    lines = [_("less than %(to)s") % {"to": texts[0]}]
    lines += [_("%(from)s to less than %(to)s") % {"from": low, "to": high} for low, high in pairwise(texts)]
    lines.append(_("%(from)s and more") % {"from": texts[-1]})
    return [{"rank": index, "text": text} for index, text in enumerate(lines, start=1)]


def _short(value: float) -> str:
    """With as many decimals as it has."""
    return number_format(value, len(f"{value:g}".partition(".")[2]), use_l10n=True)
