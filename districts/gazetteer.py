"""Finding a place by its name: quarters, streets and landmarks of one city."""

from dataclasses import dataclass

from catalogue.matching import score
from districts.models import District, Landmark


@dataclass(frozen=True)
class Place:
    """A named place and the point that stands for it, degrees WGS 84. `kind`: district, quarter, street or landmark."""

    code: str
    kind: str
    name: dict[str, str]
    longitude: float
    latitude: float


def search_places(jurisdiction_id: int, text: str, *, limit: int = 8) -> list[Place]:
    """The places whose name in any language answers `text`, best first; empty where nothing is like it. Two statements."""
    found = [(score(text, place.name.values()), place) for place in _places(jurisdiction_id)]
    ranked = sorted((pair for pair in found if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].code))
    places: list[Place] = []
    for _, place in ranked:
        # A quarter is often in both lists under one name.
        if all(place.name != other.name for other in places):
            places.append(place)
    return places[:limit]


def _places(jurisdiction_id: int) -> list[Place]:
    landmarks = Landmark.objects.filter(jurisdiction_id=jurisdiction_id)
    # A point on the surface, not the centroid: it must lie inside.
    districts = (
        District.objects.active()
        .filter(jurisdiction_id=jurisdiction_id)
        .extra(select={"x": "ST_X(ST_PointOnSurface(geometry))", "y": "ST_Y(ST_PointOnSurface(geometry))"})
        .values_list("code", "name", "x", "y")
    )
    return [Place(code, "district", name, x, y) for code, name, x, y in districts] + [
        Place(row.code, row.kind, row.name, row.point.x, row.point.y) for row in landmarks
    ]
