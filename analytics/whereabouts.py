"""What to call a place on the map: the smallest district there, or the nearest one within some hundred metres."""

import json
from collections.abc import Sequence

from django.db import connection

from catalogue.models import Jurisdiction
from catalogue.translated import text_in

_NAMES = """
SELECT DISTINCT ON (place.number) place.number, d.name
FROM unnest(%(xs)s::float8[], %(ys)s::float8[]) WITH ORDINALITY AS place (x, y, number)
JOIN districts_district d ON ST_DWithin(d.geometry, ST_SetSRID(ST_MakePoint(place.x, place.y), 4326), 0.005)
JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
WHERE d.jurisdiction_id = %(city)s
ORDER BY place.number, d.level DESC, ST_Distance(d.geometry, ST_SetSRID(ST_MakePoint(place.x, place.y), 4326)), d.code
"""


def district_names(city: Jurisdiction, places: Sequence[tuple[float, float]], language: str) -> dict[int, str]:
    """Names by the place's number from 1; a place (longitude, latitude) far from every district has none. One statement."""
    if not places:
        return {}
    values: dict[str, list[float] | int] = {
        "xs": [x for x, _y in places],
        "ys": [y for _x, y in places],
        "city": city.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, values)
        return {number: text_in(json.loads(name), language) for number, name in cursor.fetchall()}
