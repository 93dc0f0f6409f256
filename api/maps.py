"""Map feeds: JSON for our own pages, vector tiles for everybody's."""

import hashlib
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from api import documents, grid, rows
from api.base import PublicView, cached, json_response
from api.cells import cells, located_points, vector_tile
from api.problems import Refused
from catalogue.snapshot import snapshot
from catalogue.translated import text_in
from complaints.filters import Filters, parse_filters
from complaints.models import Complaint
from complaints.workflow import State

MVT = "application/vnd.mapbox-vector-tile"
# A tile of 500 points is about 30 kB; a screen of 300 pins is as many as can be told apart.
FEW_IN_TILE, FEW_ON_SCREEN = 500, 300
# 32 × 32 cells a tile (8 pixels each); cells on our own map are 64 pixels wide.
TILE_SPLIT, SCREEN_SPLIT = 5, 2
SECONDS = 60


class ComplaintTile(PublicView):
    """A vector tile."""

    @extend_schema(
        operation_id="get_tile",
        summary="Vector tile of complaints",
        description=(
            "Layer `complaints` (`tracking_number, state, service, category, late`) when there are few, else layer `cells`"
            " (`n, open, late, lon, lat`, and `service` where all are of one); never both, never truncated."
        ),
        parameters=documents.FILTERS,
        responses={(200, MVT): OpenApiTypes.BINARY, 304: None} | documents.problems(400, 404),
        tags=["maps"],
    )
    def get(self, request: HttpRequest, z: int, x: int, y: int) -> HttpResponseBase:
        if z > grid.MAX_ZOOM or x >= 2**z or y >= 2**z:
            raise Http404
        filters = parse_filters(request.GET, now=timezone.now())
        found = rows.located(filters.apply(Complaint.objects.public()))
        tile = vector_tile(found, (z, x, y), now=filters.now, few=FEW_IN_TILE, split=TILE_SPLIT)
        response = HttpResponse(tile, content_type=MVT)
        return cached(request, response, etag=hashlib.sha256(tile).hexdigest()[:32], seconds=SECONDS)


class ComplaintMap(PublicView):
    """What a map in the browser shows."""

    @extend_schema(
        operation_id="get_map",
        summary="Complaints in a box, as points or as cells",
        description="`kind` is `points` when there are few in the box, else `cells`; `n` counts all of them.",
        parameters=[*documents.FILTERS, documents.zoom("Zoom of the map: decides the size of cells.")],
        responses={200: documents.MapDocument} | documents.problems(400),
        tags=["maps"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        filters = parse_filters(request.GET, now=timezone.now())
        zoom = zoom_of(request.GET.get("zoom", ""))
        found = rows.located(filters.apply(Complaint.objects.public()))
        points = located_points(found, at_most=FEW_ON_SCREEN)
        if points is not None:
            return json_response({"kind": "points", "n": len(points), "points": _pins(points, filters)})
        counted = cells(found, zoom=min(zoom + SCREEN_SPLIT, grid.MAX_ZOOM + SCREEN_SPLIT), now=filters.now)
        return json_response({"kind": "cells", "n": sum(cell.n for cell in counted), "cells": counted})


def zoom_of(text: str, default: int = 12) -> int:
    """The `zoom` parameter. Raises Refused for what is no map's zoom."""
    if not text.strip():
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 4) or int(text) > grid.MAX_ZOOM:
        raise Refused.parameter("zoom", documents.ZOOM_REFUSED)
    return int(text)


def _pins(found: list[Complaint], filters: Filters) -> list[dict[str, Any]]:
    language = get_language() or "fr"
    catalogue = snapshot(filters.jurisdiction.pk, filters.jurisdiction.catalogue_version)
    names = {category.pk: text_in(category.name, language) for category in catalogue.categories.values()}
    labels = {state.value: str(state.label) for state in State}
    before, _number, after = reverse("complaint", args=["NUMBER"]).partition("NUMBER")
    return [
        {
            "lon": complaint.public_point.x,
            "lat": complaint.public_point.y,
            "tracking_number": complaint.tracking_number,
            "state": complaint.state,
            "state_label": labels[complaint.state],
            "service": complaint.service.code,
            "category": names.get(complaint.category_id, ""),
            "late": complaint.is_late(filters.now),
            "reports": complaint.reports,
            "url": f"{before}{complaint.tracking_number}{after}",
        }
        for complaint in found
        if complaint.public_point is not None
    ]
