"""The squares that hot spots are looked for in: all of the city where people live, also those nobody complained about."""

from dataclasses import dataclass
from datetime import date
from math import cos, pi, radians

from django.db import connection
from django.db.models import QuerySet, Sum

from analytics.heat import FEWEST_RESIDENTS, middle
from analytics.models import SquareCount
from analytics.tally.keeping import SQUARE_ZOOMS
from analytics.tally.spots import Square
from catalogue.models import Jurisdiction

# Half a kilometre at 35°; coarser where a city has more squares than are looked at in a minute.
FINEST, COARSEST = 16, 12
MOST_SQUARES = 2500
_MERCATOR = 2 * pi * 6_378_137


@dataclass(frozen=True)
class Grid:
    """Squares of one zoom by (x, y), and the residents of each; `residents` is None where some district's are unknown."""

    zoom: int
    places: list[tuple[int, int]]
    residents: list[float] | None

    @property
    def side_m(self) -> int:
        """The side of a square on the ground, in metres, to ten."""
        if not self.places:
            return 0
        return side_m(self.zoom, self.places[len(self.places) // 2][1])


def side_m(zoom: int, y: int) -> int:
    """The side of a square of row `y` on the ground, in metres, to ten."""
    _longitude, latitude = middle(0, y, zoom)
    metres: float = _MERCATOR / 2**zoom * cos(radians(latitude))
    return 10 * round(metres / 10)


_SMALLEST = """
    SELECT d.geometry, d.population FROM districts_district d
    JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
    WHERE d.jurisdiction_id = %(city)s
      AND NOT EXISTS (SELECT 1 FROM districts_district c WHERE c.edition_id = d.edition_id AND c.parent_code = d.code)
"""
_SIZE = f"SELECT sum(ST_Area(ST_Transform(geometry, 3857))), bool_and(population IS NOT NULL) FROM ({_SMALLEST}) s"  # noqa: S608

# The part of a square inside the city, and its residents, spread evenly over their district. Planar areas in degrees do for
# a ratio of two areas of the same latitude.
_SQUARES = f"""
WITH smallest AS MATERIALIZED ({_SMALLEST}),
framed AS (
    SELECT geometry, population / nullif(ST_Area(geometry), 0) AS density, ST_Transform(geometry, 3857) AS shape FROM smallest
),
part AS (
    SELECT x, y, geometry, density, ST_Transform(ST_TileEnvelope(%(zoom)s, x, y), 4326) AS square
    FROM framed,
        generate_series(floor((ST_XMin(shape) / %(world)s + 0.5) * %(side)s)::int,
            floor((ST_XMax(shape) / %(world)s + 0.5) * %(side)s)::int) AS x,
        generate_series(floor((0.5 - ST_YMax(shape) / %(world)s) * %(side)s)::int,
            floor((0.5 - ST_YMin(shape) / %(world)s) * %(side)s)::int) AS y
),
cut AS (
    SELECT x, y, density, ST_Area(ST_Intersection(geometry, square)) AS inside, ST_Area(square) AS whole
    FROM part WHERE ST_Intersects(geometry, square)
)
SELECT x, y, coalesce(sum(inside * density), 0) FROM cut GROUP BY x, y, whole
HAVING CASE WHEN %(known)s THEN sum(inside * density) >= %(fewest)s ELSE sum(inside) >= whole / 2 END ORDER BY x, y
"""  # noqa: S608


def grid_of(city: Jurisdiction) -> Grid:
    """The squares with residents, or where those are unknown, the squares at least half in the city. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_SIZE, {"city": city.pk})
        area, known = cursor.fetchone()
        zoom = FINEST
        while zoom > COARSEST and (area or 0) / (_MERCATOR / 2**zoom) ** 2 > MOST_SQUARES:
            zoom -= 1
        values = {"city": city.pk, "zoom": zoom, "world": _MERCATOR, "side": 2**zoom, "known": bool(known)}
        cursor.execute(_SQUARES, values | {"fewest": FEWEST_RESIDENTS})
        rows = cursor.fetchall()
    residents = [float(living) for _x, _y, living in rows] if known else None
    return Grid(zoom, [(x, y) for x, y, _living in rows], residents)


def counts_by_month(
    city: Jurisdiction, grid: Grid, months: list[date]
) -> dict[int | None, dict[int, dict[tuple[int, int], int]]]:
    """Public complaints with a place of their own: by service (None: all), by month (202611), by square."""
    rows = _counts(city, grid.zoom, months).values_list("service_id", "month", "square", "n")
    found: dict[int | None, dict[int, dict[tuple[int, int], int]]] = {}
    for service, month, number, n in rows:
        square = Square.of_number(grid.zoom, number)
        for key in (None, service):
            counted = found.setdefault(key, {}).setdefault(month, {})
            counted[square.x, square.y] = counted.get((square.x, square.y), 0) + n
    return found


def counted_by_service(city: Jurisdiction, months: list[date]) -> dict[int | None, int]:
    """How many of them there are in all, wherever they stand: by service (None: all). One statement over few rows."""
    rows = _counts(city, SQUARE_ZOOMS[0], months).order_by().values("service_id").annotate(n_all=Sum("n"))
    found: dict[int | None, int] = {row["service_id"]: row["n_all"] for row in rows}
    return found | {None: sum(found.values())}


def _counts(city: Jurisdiction, zoom: int, months: list[date]) -> "QuerySet[SquareCount]":
    wanted = [month.year * 100 + month.month for month in months]
    return SquareCount.objects.filter(
        jurisdiction_id=city.pk, zoom=zoom, detailed=False, anchored=False, month__in=wanted
    )
