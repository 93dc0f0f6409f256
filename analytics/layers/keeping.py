"""Keeping a city's layers: what is loaded takes the place of what was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from analytics.layers.amounts import by_district
from analytics.layers.reading import Piece
from analytics.models import Layer
from analytics.tally.versions import raise_version
from catalogue.models import Jurisdiction

# Of a piece's shape: kilometres, or how many.
_AMOUNTS = {Layer.Kind.STREETS: "ST_Length(shape::geography) / 1000", Layer.Kind.ASSETS: "ST_NumGeometries(shape)"}


class OutsideCity(Exception):
    """Nothing of a layer lies in any district."""


@dataclass(frozen=True)
class About:
    """What is known of a layer beside its shapes; `digest` tells whether it is the same one again."""

    name: dict[str, str]
    source: str
    digest: str
    features: int
    loaded_at: datetime


@transaction.atomic
def keep_layer(city: Jurisdiction, kind: Layer.Kind, pieces: Sequence[Piece], about: About) -> Layer:
    """Put a layer in the place of the one of its kind. Raises OutsideCity; then the one before stays."""
    Layer.objects.filter(jurisdiction=city, kind=kind).delete()
    layer = Layer.objects.create(jurisdiction=city, kind=kind, **vars(about))
    values: dict[str, int | list[int] | list[bytes]] = {
        "layer": layer.pk,
        "xs": [piece.x for piece in pieces],
        "ys": [piece.y for piece in pieces],
        "shapes": [piece.wkb for piece in pieces],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO analytics_layerpiece (layer_id, x, y, amount, shape)"  # noqa: S608 (constants)
            f" SELECT %(layer)s, x, y, {_AMOUNTS[kind]}, shape FROM (SELECT x, y, ST_GeomFromWKB(wkb, 4326) AS shape"
            "  FROM unnest(%(xs)s::int[], %(ys)s::int[], %(shapes)s::bytea[]) AS piece (x, y, wkb)) pieces",
            values,
        )
    if not by_district(city, kind):
        raise OutsideCity
    # Copies of heat.json that callers keep are no longer right.
    raise_version(city.pk)
    return layer


@transaction.atomic
def remove_layer(city: Jurisdiction, kind: Layer.Kind) -> bool:
    """Take a layer away; what was measured by it is shown no more. False where there was none."""
    _rows, deleted = Layer.objects.filter(jurisdiction=city, kind=kind).delete()
    if not deleted:
        return False
    raise_version(city.pk)
    return True
