"""Where the complaints of a queue lie, as far as its person may know."""

from typing import Any

from django.contrib.gis.geos import Polygon
from django.db.models import Case, F, Q, QuerySet, When

from complaints.desk.queue import Queue
from complaints.permissions import KNOWING_PLACES


def placed(queue: Queue, box: Polygon) -> QuerySet[Any]:
    """Ids and places of the queue's complaints in a box, and perhaps of some beside it; None where no place is known."""
    scope, found = queue.scope, queue.found()
    exact, public = Q(point__bboverlaps=box), Q(public_point__bboverlaps=box)
    if scope.always(KNOWING_PLACES):
        return found.filter(exact).values_list("pk", "point")
    if not scope.knows_places:
        return found.filter(public).values_list("pk", "public_point")
    # One hat for some complaints, another for the rest.
    place = Case(When(scope.of(KNOWING_PLACES), then=F("point")), default=F("public_point"))
    return found.filter(exact | public).values_list("pk", place)
