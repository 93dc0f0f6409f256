"""The desk's map: vector tiles of exactly what its list holds."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from django.contrib.gis.geos import Polygon
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import staff_page
from complaints.desk.places import placed
from complaints.filters import FilterError
from complaints.views.desk.listing import desk_queue
from complaints.views.staff import DESK_ROLES, city_of, staff_user


class Draw(Protocol):
    """Makes the tile (zoom, x, y) of the ids and places that `within` finds in a box; None if there is no such tile."""

    def __call__(
        self, within: Callable[[Polygon], QuerySet[Any]], tile: tuple[int, int, int], *, now: datetime
    ) -> bytes | None: ...


@staff_page(DESK_ROLES)
@require_safe
def tile(request: HttpRequest, z: int, x: int, y: int, draw: Draw) -> HttpResponse:
    """Layers as in the public's tiles, of this person's queue under the address's filter, at the places that she may know.

    `draw`: tiles are drawn in another room, which the site's addresses bring in.
    """
    now = timezone.now()
    try:
        queue = desk_queue(staff_user(request), city_of(request, DESK_ROLES), request.GET, now)
    except FilterError as error:
        return JsonResponse({"detail": str(error.message), "parameter": error.parameter}, status=400)
    drawn = draw(partial(placed, queue), (z, x, y), now=now)
    if drawn is None:
        raise Http404
    response = HttpResponse(drawn, content_type="application/vnd.mapbox-vector-tile")
    response["Cache-Control"] = "private, no-store"
    return response
