"""Squares of the map in the desk's address: what the world may see standing in them, which is what figures of places count."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import atan, degrees, pi, sinh

from django.contrib.gis.geos import Polygon
from django.db.models import BigIntegerField, F, Func, Q
from django.db.models.lookups import In

from complaints.filters import FilterError
from complaints.querysets import PLACED

Box = tuple[float, float, float, float]
# An address holds no more of them.
MOST = 300
_FINEST = 22
_TEXT = re.compile(r"\d{1,2}(\.\d{1,7}\.\d{1,7})+", re.ASCII)


@dataclass(frozen=True)
class Squares:
    """Web Mercator tiles (x, y) of one zoom."""

    zoom: int
    places: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, text: str) -> "Squares":
        """Zoom, then x and y of each, with dots between: 16.31794.25830. Raises FilterError for anything else."""
        if not _TEXT.fullmatch(text):
            raise FilterError("squares")
        zoom, *numbers = (int(part) for part in text.split("."))
        if zoom > _FINEST or len(numbers) > 2 * MOST or max(numbers) >= 2**zoom:
            raise FilterError("squares")
        return cls(zoom, tuple(zip(numbers[::2], numbers[1::2], strict=True)))

    def __str__(self) -> str:
        return squares_text(self.zoom, self.places)

    @property
    def box(self) -> Box:
        """West, south, east, north around all of them, in degrees."""
        xs, ys = [x for x, _y in self.places], [y for _x, y in self.places]
        return (
            360 * min(xs) / 2**self.zoom - 180,
            _latitude(max(ys) + 1, self.zoom),
            360 * (max(xs) + 1) / 2**self.zoom - 180,
            _latitude(min(ys), self.zoom),
        )

    def holds(self) -> Q:
        """Public complaints in a place of their own there: as heat.json and hot spots count them, each in one square."""
        side = 2**self.zoom
        number = Func(
            F("public_point"),
            template=(
                f"(floor((ST_X(%(expressions)s) + 180) / 360 * {side})::bigint * {side} + floor((1 - ln("
                "tan(radians(ST_Y(%(expressions)s))) + 1 / cos(radians(ST_Y(%(expressions)s)))) / pi()) / 2 * "
                f"{side})::bigint)"
            ),
            output_field=BigIntegerField(),
        )
        around = Q(public_point__bboverlaps=Polygon.from_bbox(self.box))
        shown = PLACED & Q(visibility="public", merged_into=None) & ~Q(place_precision="never")
        return around & shown & Q(In(number, [x * side + y for x, y in self.places]))


def squares_text(zoom: int, places: Iterable[tuple[int, int]]) -> str:
    """As an address names them."""
    return ".".join(str(number) for number in (zoom, *(number for place in places for number in place)))


def _latitude(row: int, zoom: int) -> float:
    return degrees(atan(sinh(pi * (1 - 2 * row / 2**zoom))))
