"""Vector tiles: points while a tile holds few, else squares with their numbers; never both, never truncated.

Where a tile holds few complaints at all, they are read themselves, as they are this instant. Where it holds many, the
counts answer (analytics/tally), which are some seconds behind; so they do whatever the filter, but for words and boxes.
"""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from analytics.tally import tiles
from analytics.tally.asking import Question
from analytics.tally.spots import Square
from analytics.tally.versions import version_of
from api import documents, grid, rows
from api.base import PublicView, cached, count_look, tag_at_hand
from api.cells import FEW, points_tile, vector_tile
from complaints.filter_grammar import parse_filters
from complaints.filters import Filters
from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet

MVT = "application/vnd.mapbox-vector-tile"
# Tiles with fewer complaints are read row by row; with fewer than the second, the few that a filter leaves are looked for.
READ, LOOKED_THROUGH = 500, 20_000
SECONDS = 60


class ComplaintTile(PublicView):
    """A vector tile."""

    @extend_schema(
        operation_id="get_tile",
        summary="Vector tile of complaints",
        description=(
            "Layer `complaints` (`tracking_number, state, service, category, late`, and `reports`, how many people told of it)"
            " when there are few, else layer `cells` (`n, open, late, lon, lat`, `service` where all are of one, and `zoom`,"
            " that of the map tile whose square the cell is), 4 × 4 cells a tile; never both, never truncated."
        ),
        parameters=documents.FILTERS,
        responses={(200, MVT): OpenApiTypes.BINARY, 304: None} | documents.problems(400, 404, 429),
        tags=["maps"],
    )
    def get(self, request: HttpRequest, z: int, x: int, y: int) -> HttpResponseBase:
        if not grid.is_tile(z, x, y):
            raise Http404
        now = timezone.now()
        count_look(request, now=now)
        filters = parse_filters(request.GET, now=now)
        version = version_of(filters.jurisdiction.pk, now=filters.now)
        known = tag_at_hand(request, f"{version.number}-")
        if known and version.settled and not filters.q:  # releasing a text changes what words find, but no count
            return cached(request, HttpResponse(content_type=MVT), etag=known, seconds=SECONDS)
        tile = _tile(filters, Square(z, x, y))
        etag = f"{version.number}-{hashlib.sha256(tile).hexdigest()[:32]}"
        return cached(request, HttpResponse(tile, content_type=MVT), etag=etag, seconds=SECONDS)


def _tile(filters: Filters, tile: Square) -> bytes:
    address = (tile.zoom, tile.x, tile.y)
    question = Question.of(filters)
    total = tiles.total_in(filters.jurisdiction.pk, tile, at_most=LOOKED_THROUGH) if question else 0
    if question is None or total < READ:
        return vector_tile(_located(filters), address, now=filters.now, few=FEW, split=tiles.SPLIT)
    question = question.bounded(filters.now)
    squares = tiles.square_tile(question, tile)
    if squares.n > FEW or total >= LOOKED_THROUGH:
        return squares.mvt
    return points_tile(_located(filters).filter(pk__in=tiles.ids_in(question, tile)), address, now=filters.now)


def _located(filters: Filters) -> ComplaintQuerySet:
    return rows.located(filters.apply(Complaint.objects.public()))
