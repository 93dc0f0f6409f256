"""Charts and maps as shapes that a template writes as SVG: no script, no style attributes, the same on paper."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import pi

from django.db import connection

from catalogue.models import Jurisdiction

CHART_WIDTH, CHART_HEIGHT = 320, 96
_GAP = 0.28
MAP_WIDTH = 640
WORLD_METRES = 2 * pi * 6_378_137


@dataclass(frozen=True)
class Bar:
    """One bar, in the chart's own units, from the top left."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    text: str


@dataclass(frozen=True)
class Chart:
    """Bars from a base line of 0; `top` is the value at the upper edge."""

    width: int
    height: int
    bars: list[Bar]
    top: float


def bars(values: Sequence[float | None], labels: Sequence[str], texts: Sequence[str], *, mirrored: bool) -> Chart:
    """A bar per value, oldest first in the reading direction; None draws nothing. `texts` say each value in words."""
    top = max((value for value in values if value is not None), default=0) or 1
    step = CHART_WIDTH / max(1, len(values))
    drawn = []
    for index, value in enumerate(values):
        place = len(values) - 1 - index if mirrored else index
        height = round(CHART_HEIGHT * (value or 0) / top, 1)
        drawn.append(
            Bar(
                x=round(place * step + step * _GAP / 2, 1),
                y=round(CHART_HEIGHT - height, 1),
                width=round(step * (1 - _GAP), 1),
                height=height,
                middle=round((place + 0.5) * step, 1),
                label=labels[index],
                text=texts[index],
            )
        )
    return Chart(CHART_WIDTH, CHART_HEIGHT, drawn, top)


SHARES_HEIGHT = 48


@dataclass(frozen=True)
class Mark:
    """A share and what it may be, in the chart's own units: `y` between `high` (above) and `low`; None says nothing."""

    middle: float
    y: float | None
    low: float
    high: float
    text: str


def marks(shares: Sequence[tuple[float, float, float] | None], texts: Sequence[str], *, mirrored: bool) -> list[Mark]:
    """A mark per share (percent: itself, low, high) at the same places as `bars` of as many; SHARES_HEIGHT is 100 percent."""
    step = CHART_WIDTH / max(1, len(shares))
    drawn = []
    for index, share in enumerate(shares):
        place = len(shares) - 1 - index if mirrored else index
        y, low, high = (round(SHARES_HEIGHT * (1 - part / 100), 1) for part in share or (0.0, 0.0, 0.0))
        drawn.append(Mark(round((place + 0.5) * step, 1), y if share else None, low, high, texts[index]))
    return drawn


FAN_WIDTH, FAN_HEIGHT = 160, 44


@dataclass(frozen=True)
class Fan:
    """Where a number goes from today on: `line` as it is now, `fan` where chance may take it; points of SVG polylines.

    The height is twice today's number, the width `days`; `targets` are upright lines in between.
    """

    line: str
    fan: str
    targets: list[str]


def fan(start: float, slope: float, half: float, *, days: float, targets: Sequence[float]) -> Fan:
    """A number that is `start` today and changes by `slope`, give or take `half`, each day. It does not fall below 0."""
    line, upper, lower = (_course(start, each, days) for each in (slope, slope + half, slope - half))
    return Fan(
        line=_points(line),
        fan=_points([*upper, *reversed(lower)]),
        targets=[f"{FAN_WIDTH * target / days:.1f}" for target in targets],
    )


def _course(start: float, slope: float, days: float) -> list[tuple[float, float]]:
    """Days and shares of twice the start: straight until it meets the floor or the ceiling, then along it."""
    end = 0.5 + slope * days / (2 * start)
    if 0 <= end <= 1:
        return [(0.0, 0.5), (days, end)]
    edge = 0.0 if end < 0 else 1.0
    return [(0.0, 0.5), (start / abs(slope), edge), (days, edge)]


def _points(course: Sequence[tuple[float, float]]) -> str:
    days = max(day for day, _share in course)
    return " ".join(f"{FAN_WIDTH * day / days:.1f},{FAN_HEIGHT * (1 - share):.1f}" for day, share in course)


@dataclass(frozen=True)
class Area:
    """A district's outline as an SVG path, a class from 1 (0: too little to say), and what it says in words."""

    code: str
    path: str
    rank: int
    text: str
    url: str
    x: float
    y: float


@dataclass(frozen=True)
class DistrictMap:
    """Areas on a drawing whose upper left corner is at (west, north), in metres of Web Mercator; `factor` units a metre."""

    width: int
    height: int
    areas: list[Area]
    west: float = 0.0
    north: float = 0.0
    factor: float = 0.0

    def square(self, zoom: int, x: int, y: int) -> tuple[float, float, float]:
        """Left, top and side of a map tile's square on the drawing."""
        side = WORLD_METRES / 2**zoom
        left, top = x * side - WORLD_METRES / 2, WORLD_METRES / 2 - y * side
        return (
            round((left - self.west) * self.factor, 1),
            round((self.north - top) * self.factor, 1),
            round(side * self.factor, 1),
        )


# Smallest districts of the active edition, in Web Mercator, scaled to the drawing. 15 m are half a pixel of it.
_OUTLINES = """
WITH smallest AS (
    SELECT d.code, ST_Transform(d.geometry, 3857) AS shape
    FROM districts_district d JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
    WHERE d.jurisdiction_id = %(city)s
      AND NOT EXISTS (SELECT 1 FROM districts_district c WHERE c.edition_id = d.edition_id AND c.parent_code = d.code)
),
frame AS (SELECT ST_Extent(shape) AS box FROM smallest),
scale AS (
    SELECT ST_XMin(box) AS west, ST_YMax(box) AS north, %(width)s / nullif(ST_XMax(box) - ST_XMin(box), 0) AS factor,
        (ST_YMax(box) - ST_YMin(box)) / nullif(ST_XMax(box) - ST_XMin(box), 0) AS ratio
    FROM frame
),
drawn AS (
    SELECT code, ratio, west, north, factor,
        ST_TransScale(ST_SimplifyPreserveTopology(shape, 15), -west, -north, factor, factor) AS shape
    FROM smallest, scale
)
SELECT code, ST_AsSVG(shape, 0, 1), ST_X(ST_PointOnSurface(shape)), -ST_Y(ST_PointOnSurface(shape)),
    ratio, west, north, factor
FROM drawn ORDER BY code
"""


@dataclass(frozen=True)
class Outlines:
    """The smallest districts as SVG paths: (code, path, x, y of a point inside), how high and where the drawing is."""

    shapes: list[tuple[str, str, float, float]]
    height: int
    west: float
    north: float
    factor: float


def outlines(city: Jurisdiction) -> Outlines:
    """The city's smallest districts, for drawing them as often as wanted. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_OUTLINES, {"city": city.pk, "width": MAP_WIDTH})
        rows = cursor.fetchall()
    shapes = [(code, path, round(x, 1), round(y, 1)) for code, path, x, y, *_frame in rows]
    ratio, west, north, factor = rows[0][4:] if rows else (0.0, 0.0, 0.0, 0.0)
    return Outlines(shapes, round(MAP_WIDTH * ratio), west, north, factor)


def district_map(
    drawn: Outlines,
    values: Mapping[str, float | None],
    limits: Sequence[float],
    texts: Mapping[str, str],
    urls: Mapping[str, str],
) -> DistrictMap:
    """The districts shaded by class; `values` by code, None or missing is hatched."""
    areas = [
        Area(code, path, rank_of(values.get(code), limits), texts.get(code, ""), urls.get(code, ""), x, y)
        for code, path, x, y in drawn.shapes
    ]
    return DistrictMap(MAP_WIDTH, drawn.height, areas, drawn.west, drawn.north, drawn.factor)


def rank_of(value: float | None, limits: Sequence[float]) -> int:
    """The class of a value from 1; 0 for none. `limits` are the lower limits of the classes from the second on."""
    return 0 if value is None else bisect_right(limits, value) + 1
