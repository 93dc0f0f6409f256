"""Places as single numbers: a spot is a Web Mercator square of zoom 22 (10 m, or 7 m at 45°), numbered along a Z-shaped curve.

The squares inside a larger one have consecutive numbers, so that a map tile is one range of an index. In the database
`analytics_spot(lon, lat)` gives a place's spot.
"""

from dataclasses import dataclass

SPOT_ZOOM = 22


@dataclass(frozen=True)
class Square:
    """The square that map tile (zoom, x, y) covers; `y` counts from the north."""

    zoom: int
    x: int
    y: int

    @property
    def number(self) -> int:
        """Its number among the squares of its zoom."""
        return _spread(self.x) | _spread(self.y) << 1

    def range_at(self, zoom: int) -> tuple[int, int]:
        """First number of the finer squares of `zoom` that lie in it, and the one after the last."""
        bits = 2 * (zoom - self.zoom)
        return self.number << bits, (self.number + 1) << bits

    def at_least(self, zoom: int) -> "list[Square]":
        """The squares of `zoom` in it; itself if it is as fine already."""
        if zoom <= self.zoom:
            return [self]
        bits = zoom - self.zoom
        return [
            Square(zoom, (self.x << bits) + column, (self.y << bits) + row)
            for column in range(2**bits)
            for row in range(2**bits)
        ]

    @classmethod
    def of_number(cls, zoom: int, number: int) -> "Square":
        return cls(zoom, _gather(number), _gather(number >> 1))


_MASKS = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def _spread(value: int) -> int:
    """The bits of a number with a gap after each."""
    for shift, mask in _MASKS:
        value = (value | value << shift) & mask
    return value


def _gather(value: int) -> int:
    """Every second bit, closed up: undoes _spread."""
    value &= _MASKS[-1][1]
    for (shift, _), (_, mask) in zip(reversed(_MASKS), [*reversed(_MASKS[:-1]), (32, 0x00000000FFFFFFFF)], strict=True):
        value = (value | value >> shift) & mask
    return value
