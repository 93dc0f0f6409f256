"""What the world may know of a place: the exact point, the centre of a 200 m cell, a point in the district, or nothing.

An exact place is public at once. A sensitive one (grid or district precision) is shown to nobody until enough others of
its category were counted beside it: see small_numbers.py for the rule, services/small_places.py for the counting.
"""

import struct
from math import cos, floor, hypot, radians
from typing import TYPE_CHECKING, Any

from django.contrib.gis.geos import Point
from django.db import connection

from catalogue.models import Category

if TYPE_CHECKING:
    from complaints.models import Complaint

GRID_METRES = 200
_METRES_PER_DEGREE = 111_320
_STEP_LAT = GRID_METRES / _METRES_PER_DEGREE
# Rows and columns lie within ±131,071: a cell's number is both in one.
_OFFSET, _COLUMNS = 1 << 17, 1 << 18

SENSITIVE = (Category.Publication.GRID.value, Category.Publication.DISTRICT.value)


def wgs84_hex(longitude: float, latitude: float) -> str:
    """A WGS 84 point as hex EWKB, which a point's column and attribute take as it is.

    For intake: making a geometry object and writing it takes 34 microseconds, this less than one.
    """
    return struct.pack("<BIIdd", 1, 0x20000001, 4326, longitude, latitude).hex()


def metres_between(one: Point, other: Point) -> float:
    """Metres between two WGS 84 points of one city, on a local plane: right to a thousandth over a few kilometres."""
    east = (other.x - one.x) * cos(radians((one.y + other.y) / 2))
    return hypot(east, other.y - one.y) * _METRES_PER_DEGREE


def grid_cell(longitude: float, latitude: float) -> int:
    """Number of the 200 m cell that holds a WGS 84 point. Rows of cells are cut by latitude, so neighbours share edges."""
    row = floor(latitude / _STEP_LAT)
    column = floor(longitude / _step_lon(row))
    return (row + _OFFSET) * _COLUMNS + column + _OFFSET


def cell_centre(cell: int) -> Point:
    row, column = divmod(cell, _COLUMNS)
    row, column = row - _OFFSET, column - _OFFSET
    return Point(round((column + 0.5) * _step_lon(row), 6), round((row + 0.5) * _STEP_LAT, 6), srid=4326)


def _step_lon(row: int) -> float:
    return GRID_METRES / (_METRES_PER_DEGREE * max(cos(radians((row + 0.5) * _STEP_LAT)), 0.01))


def place_for_the_world(complaint: "Complaint", longitude: float, latitude: float) -> None:
    """Set what may be shown of a complaint at a WGS 84 point, by its precision; nothing is saved.

    What is sensitive is withheld until it was counted: the caller stores a PlaceRecount with it.
    """
    precision, shown = complaint.place_precision, type(complaint).PlaceShown
    complaint.public_point = complaint.place_cell = None
    if precision == Category.Publication.EXACT:
        complaint.place_shown = shown.EXACT
        public_point: Any = wgs84_hex(longitude, latitude)
        complaint.public_point = public_point
    elif precision == Category.Publication.NEVER:
        complaint.place_shown = shown.NEVER
    else:
        complaint.place_shown = shown.WITHHELD
        if precision == Category.Publication.GRID and not complaint.default_point_suspect:
            complaint.place_cell = grid_cell(longitude, latitude)


def district_anchor(district_id: int) -> Point:
    """One point inside a district that stands for all of it (never where something was reported)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geometry) p FROM districts_district WHERE id = %s) s",
            [district_id],
        )
        row = cursor.fetchone()
    return Point(row[0], row[1], srid=4326)
