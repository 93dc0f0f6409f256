"""How much of a city's layers lies in its squares and districts: kilometres of street, or assets."""

from collections.abc import Sequence

from django.db import connection

from analytics.models import LAYER_ZOOM, Layer
from catalogue.models import Jurisdiction

_DISTRICTS = """
SELECT d.code, d.geometry FROM districts_district d JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
WHERE d.jurisdiction_id = %(city)s AND (%(codes)s::text[] IS NULL OR d.code = ANY(%(codes)s))
  AND NOT EXISTS (SELECT 1 FROM districts_district c WHERE c.edition_id = d.edition_id AND c.parent_code = d.code)
"""
_PIECES = """
SELECT p.* FROM analytics_layerpiece p JOIN analytics_layer l ON l.id = p.layer_id
WHERE l.jurisdiction_id = %(city)s AND l.kind = %(kind)s
"""
# Of a piece that lies in a district `d` in part.
_INSIDE = {
    Layer.Kind.STREETS: "ST_Length(ST_Intersection(p.shape, d.geometry)::geography) / 1000",
    Layer.Kind.ASSETS: "(SELECT count(*) FROM ST_Dump(p.shape) one WHERE ST_Covers(d.geometry, one.geom))",
}


def layers_of(city: Jurisdiction) -> dict[str, Layer]:
    """By kind. One statement."""
    return {layer.kind: layer for layer in Layer.objects.filter(jurisdiction=city)}


def by_square(
    city: Jurisdiction, kind: Layer.Kind, zoom: int, district_codes: Sequence[str] = ()
) -> dict[tuple[int, int], float]:
    """By (x, y) of squares of `zoom`; only what lies in some districts, if they are named. One statement."""
    amount, source = "p.amount", f"({_PIECES}) p"
    if district_codes:
        amount, source = _shared(kind), f"({_PIECES}) p JOIN ({_DISTRICTS}) d ON ST_Intersects(d.geometry, p.shape)"
    shift = LAYER_ZOOM - zoom
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.x >> {shift}, p.y >> {shift}, sum({amount}) FROM {source} GROUP BY 1, 2",  # noqa: S608 (constants)
            {"city": city.pk, "kind": kind.value, "codes": list(district_codes) or None},
        )
        return {(x, y): float(found) for x, y, found in cursor.fetchall()}


def by_district(city: Jurisdiction, kind: Layer.Kind) -> dict[str, float]:
    """By code of the smallest districts. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.code, sum({_shared(kind)}) FROM ({_DISTRICTS}) d"  # noqa: S608 (constants)
            f" JOIN ({_PIECES}) p ON ST_Intersects(d.geometry, p.shape) GROUP BY 1",
            {"city": city.pk, "kind": kind.value, "codes": None},
        )
        return {code: float(found) for code, found in cursor.fetchall()}


def _shared(kind: Layer.Kind) -> str:
    return f"CASE WHEN ST_Covers(d.geometry, p.shape) THEN p.amount ELSE {_INSIDE[kind]} END"
