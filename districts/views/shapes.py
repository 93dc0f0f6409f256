"""What the maps of these pages draw: GeoJSON written by PostGIS, with as few vertices as a screen can show."""

from typing import Any

from django.contrib.gis.db.models import Extent
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from districts.editions import edition_before
from districts.models import DISTRICTS_LAYER, BoundaryEdition, District, EditionComparison, ServiceArea
from districts.views.access import administrators_page, draft_of, edition_of

# Of a map's width: less than a pixel.
_SCREEN = 3000
_MOST_DEFECTS = 2000

_DRAFT = """
SELECT json_build_object(
  'features', (SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(json_build_object(
      'type', 'Feature', 'geometry', ST_AsGeoJSON(drawing, 6)::json,
      'properties', json_build_object('number', number, 'code', code, 'name', name, 'level', level))), '[]'))
    FROM districts_draftfeature WHERE draft_id = %(draft)s),
  'defects', (SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(json_build_object(
      'type', 'Feature', 'geometry', ST_AsGeoJSON(coalesce(shape, place), 6)::json,
      'properties', json_build_object('key', key, 'code', code, 'blocks', blocks, 'resolution', resolution,
        'lon', ST_X(place), 'lat', ST_Y(place)))), '[]'))
    FROM (SELECT * FROM districts_draftdefect WHERE draft_id = %(draft)s AND place IS NOT NULL
      ORDER BY blocks DESC, id LIMIT %(most)s) d))::text
"""
_LAYER = """
SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(json_build_object(
  'type', 'Feature', 'geometry', ST_AsGeoJSON(ST_Simplify(geometry, %s, true), 6)::json,
  'properties', json_build_object('code', code, 'name', name))), '[]'))::text
FROM {table} WHERE edition_id = %s
"""
_MOVED = """
SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(json_build_object(
  'type', 'Feature', 'geometry', ST_AsGeoJSON(ST_Simplify(moved, %s, true), 6)::json,
  'properties', json_build_object('code', code, 'kind', kind))), '[]'))::text
FROM districts_editionchange WHERE comparison_id = %s AND moved IS NOT NULL
"""


@administrators_page
@never_cache
@require_safe
def draft_shapes(request: HttpRequest, public_id: str) -> HttpResponse:
    """Features of a draft and the places of its defects."""
    row = draft_of(request, public_id)
    return _json(_ask(_DRAFT, {"draft": row.pk, "most": _MOST_DEFECTS}))


@administrators_page
@never_cache
@require_safe
def edition_shapes(request: HttpRequest, pk: int) -> HttpResponse:
    """The edition, the one that it is compared with, and what differs."""
    row = edition_of(request, pk)
    layer = BoundaryEdition.objects.filter(jurisdiction_id=row.jurisdiction_id, layer=row.layer)
    against = edition_before(row) if row.is_active else layer.filter(is_active=True).first()
    tolerance = _tolerance(row)
    old = _layer(against, tolerance) if against is not None else "null"
    moved = "null"
    if against is not None and (compared := EditionComparison.objects.filter(edition=row, against=against).first()):
        moved = _ask(_MOVED, [tolerance, compared.pk])
    return _json(f'{{"new": {_layer(row, tolerance)}, "old": {old}, "moved": {moved}}}')


def _layer(edition: BoundaryEdition, tolerance: float) -> str:
    table = "districts_district" if edition.layer == DISTRICTS_LAYER else "districts_servicearea"
    return _ask(_LAYER.format(table=table), [tolerance, edition.pk])


def _tolerance(edition: BoundaryEdition) -> float:
    model = District if edition.layer == DISTRICTS_LAYER else ServiceArea
    extent = model._default_manager.filter(edition=edition).aggregate(extent=Extent("geometry"))["extent"]
    return max(extent[2] - extent[0], extent[3] - extent[1]) / _SCREEN if extent else 0.0


def _ask(query: str, values: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        text: str = cursor.fetchone()[0]
    return text


def _json(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="application/json")
