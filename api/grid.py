"""Web-mercator tiles as cells: a cell (zoom, x, y) is the square that a map tile of that number covers."""

from django.contrib.gis.geos import Polygon

from analytics.mercator import latitude_of, longitude_of

MAX_ZOOM = 22
# What a point counted into one tile may differ from the tile's edge in degrees; exact membership is by cell number.
_MARGIN = 1e-9


def bounds(zoom: int, x: int, y: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a cell in degrees WGS 84."""
    return longitude_of(x, zoom), latitude_of(y + 1, zoom), longitude_of(x + 1, zoom), latitude_of(y, zoom)


def is_tile(zoom: int, x: int, y: int) -> bool:
    return zoom <= MAX_ZOOM and x < 2**zoom and y < 2**zoom


def around(zoom: int, x: int, y: int) -> Polygon:
    """The cell as a polygon, a hair larger: the index's net."""
    west, south, east, north = bounds(zoom, x, y)
    box = Polygon.from_bbox((west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN))
    box.srid = 4326
    return box


def column_sql(point: str, zoom: int) -> str:
    """SQL for the x of the cell at `zoom` that holds a WGS 84 point."""
    return f"floor((ST_X({point}) + 180) / 360 * {2**zoom})::int"


def row_sql(point: str, zoom: int) -> str:
    """SQL for the y of the cell at `zoom` that holds a WGS 84 point (rows count from the north)."""
    latitude = f"radians(greatest(-85.05, least(85.05, ST_Y({point}))))"
    return f"floor((0.5 - ln(tan(pi() / 4 + {latitude} / 2)) / (2 * pi())) * {2**zoom})::int"
