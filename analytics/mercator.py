"""Squares of Web Mercator, as map tiles count them: columns from the west, rows from the north, WGS 84 longitude first."""

from math import asinh, atan, degrees, pi, radians, sinh, tan


def column_row(longitude: float, latitude: float, zoom: int = 0) -> tuple[float, float]:
    """Where a place lies, in sides of squares of `zoom`; what lies beyond the map's edges north and south is on them."""
    latitude = max(-85.05, min(85.05, latitude))
    return (longitude + 180) / 360 * 2**zoom, (0.5 - asinh(tan(radians(latitude))) / (2 * pi)) * 2**zoom


def longitude_of(column: float, zoom: int) -> float:
    side: int = 2**zoom
    return column / side * 360 - 180


def latitude_of(row: float, zoom: int) -> float:
    return degrees(atan(sinh(pi * (1 - 2 * row / 2**zoom))))
