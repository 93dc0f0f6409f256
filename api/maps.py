"""What a map in the browser shows, as JSON."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema

from analytics.tally.asking import Question
from analytics.tally.screens import screen_cells
from analytics.tally.spots import Square
from analytics.tally.tiles import total_in
from analytics.tally.totals import matched
from api import documents, grid, rows
from api.base import PublicView, count_look, json_response
from api.cells import cells, located_points
from api.problems import Refused
from catalogue.snapshot import snapshot
from catalogue.translated import text_in
from complaints.filter_grammar import parse_filters
from complaints.filters import Filters
from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet
from complaints.workflow import State

# A screen of 300 pins is as many as can be told apart; cells are 64 pixels wide.
FEW_ON_SCREEN, SCREEN_SPLIT = 300, 2
# A city with so many is not counted row by row, unless there are few of them in the box.
MANY, READ = 20_000, 2_000


class ComplaintMap(PublicView):
    """What a map in the browser shows."""

    @extend_schema(
        operation_id="get_map",
        summary="Complaints in a box, as points or as cells",
        description=(
            "`kind` is `points` when there are few in the box, else `cells`; `n` counts all in the box. Cells of a large city"
            " are whole squares, also those on the edge of the box."
        ),
        parameters=[*documents.FILTERS, documents.zoom("Zoom of the map: decides the size of cells.")],
        responses={200: documents.MapDocument} | documents.problems(400, 429),
        tags=["maps"],
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        now = timezone.now()
        count_look(request, now=now)
        filters = parse_filters(request.GET, now=now)
        zoom = zoom_of(request.GET.get("zoom", ""))
        found = rows.located(filters.apply(Complaint.objects.public()))
        if answered := _counted(filters, found, zoom):
            return answered
        points = located_points(found, at_most=FEW_ON_SCREEN)
        if points is not None:
            return json_response({"kind": "points", "n": len(points), "points": _pins(points, filters)})
        counted = cells(found, zoom=min(zoom + SCREEN_SPLIT, grid.MAX_ZOOM + SCREEN_SPLIT), now=filters.now)
        return json_response({"kind": "cells", "n": sum(cell.n for cell in counted), "cells": counted})


def _counted(filters: Filters, found: ComplaintQuerySet, zoom: int) -> HttpResponse | None:
    """The squares of a large city as the counts tell them, some seconds behind; None where its complaints can be looked at."""
    question = Question.of(filters, but_for_the_box=True)
    if question is None or total_in(question.city_id, Square(0, 0, 0), at_most=MANY) < MANY:
        return None
    in_box = matched(filters, found) if filters.bbox is not None else None
    if in_box is not None and in_box < READ:
        return None
    shown = screen_cells(question.bounded(filters.now), filters.bbox, zoom)
    total = sum(cell.n for cell in shown) if in_box is None else in_box
    if total <= FEW_ON_SCREEN:
        return None
    return json_response({"kind": "cells", "n": total, "cells": shown})


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
