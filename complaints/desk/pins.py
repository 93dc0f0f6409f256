"""The desk's complaints on the map: pins while they can be told apart, else counted cells."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Avg, Count, F, FloatField, Func, Max, Min, Q, Value
from django.db.models.functions import Floor

from complaints.desk.queue import Queue
from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet, late_condition
from complaints.workflow import OPEN_STATES

# So many pins are readable on one screen; beyond them the map counts.
MAX_PINS = 400
_CELL_PIXELS = 80


def pins(queue: Queue, zoom: int) -> tuple[int, list[Complaint], list[dict[str, Any]]]:
    """What the map shows of the filter's box: the number, and either each complaint or counted cells."""
    place = "point" if queue.scope.knows_places else "public_point"
    found = queue.found().filter(**{f"{place}__isnull": False})
    rows = list(found.select_related("category__service", "district")[: MAX_PINS + 1])
    if len(rows) <= MAX_PINS:
        return len(rows), rows, []
    cells = _cells(queue, found, place, zoom)
    return sum(int(cell["n"]) for cell in cells), [], cells


def _cells(queue: Queue, found: ComplaintQuerySet, place: str, zoom: int) -> list[dict[str, Any]]:
    size = 360 / 2 ** (zoom + 8) * _CELL_PIXELS
    x, y = (_coordinate(place, function) for function in ("ST_X", "ST_Y"))
    rows: Iterable[Any] = (
        found.annotate(cx=Floor(x / Value(size)), cy=Floor(y / Value(size)))
        .order_by()
        .values("cx", "cy")
        .annotate(
            n=Count("pk"),
            open=Count("pk", filter=Q(state__in=OPEN_STATES)),
            late=Count("pk", filter=late_condition(queue.filters.now)),
            lon=Avg(x),
            lat=Avg(y),
            west=Min(x),
            south=Min(y),
            east=Max(x),
            north=Max(y),
            first_service=Min("service__code"),
            last_service=Max("service__code"),
        )
    )
    return list(rows)


def _coordinate(place: str, function: str) -> Func:
    return Func(F(place), function=function, output_field=FloatField())
