"""Where made-up complaints happen: round the city's landmarks, else anywhere in a quarter, by residents."""

from math import cos, radians
from random import Random
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry

from catalogue.models import Jurisdiction
from complaints.demo.story import Story
from districts.models import District, Landmark

SPREAD_M = 130


class City:
    """The shapes of one city, kept for the life of one command."""

    def __init__(self, city: Jurisdiction) -> None:
        rows = list(District.objects.active().filter(jurisdiction=city).order_by("-level", "code"))
        deepest = max((row.level for row in rows), default=1)
        self.quarters = [row for row in rows if row.level == deepest]
        self.shapes = [_shape(row.geometry) for row in self.quarters]
        self.whole = shapely.union_all(self.shapes)
        shapely.prepare(self.whole)
        self.weights = [max(row.population or 1, 1) for row in self.quarters]
        points = [row.point for row in Landmark.objects.filter(jurisdiction=city).order_by("code")]
        Random(city.code).shuffle(points)
        self.hot_spots = [(point.x, point.y) for point in points[:30]]

    def place_of(self, story: Story) -> tuple[float, float]:
        """Longitude and latitude of a story, inside the city."""
        rng = Random(f"{story.number}:{story.place_draw}")
        if story.hot_spot is not None and self.hot_spots:
            longitude, latitude = self.hot_spots[story.hot_spot % len(self.hot_spots)]
            east, north = story.spread[0] * SPREAD_M, story.spread[1] * SPREAD_M
            spot = (longitude + east / (111_320 * cos(radians(latitude))), latitude + north / 111_320)
            if shapely.contains_xy(self.whole, *spot):
                return round(spot[0], 6), round(spot[1], 6)
        return self._anywhere(rng)

    def _anywhere(self, rng: Random) -> tuple[float, float]:
        shape = rng.choices(self.shapes, self.weights)[0]
        west, south, east, north = shape.bounds
        for _ in range(200):
            spot = (round(rng.uniform(west, east), 6), round(rng.uniform(south, north), 6))
            if shapely.contains_xy(shape, *spot):
                return spot
        inside = shape.representative_point()
        return inside.x, inside.y


def _shape(geometry: GEOSGeometry) -> Any:
    return shapely.from_wkb(bytes(geometry.wkb))
