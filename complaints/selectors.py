"""Answers about complaints that are not querysets."""

from dataclasses import dataclass

from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point

from catalogue.models import Category
from complaints.models import Complaint

SIMILAR_RADIUS_M = 100
MAX_SIMILAR = 5


@dataclass(frozen=True)
class Similar:
    """An open public complaint about the same thing, `metres` away."""

    complaint: Complaint
    metres: int


def similar_open(point: Point, category: Category, *, radius_m: float = SIMILAR_RADIUS_M) -> list[Similar]:
    """Open public complaints of `category` near a WGS 84 point, nearest first, at most five.

    Only those whose exact place is public: distances to a cell's centre would be made up. One statement.
    """
    rows = (
        Complaint.objects.public()
        .open()
        .filter(category=category, place_precision=Category.Publication.EXACT)
        .near(point, radius_m)
        .annotate(distance=Distance("public_point", point))
        .select_related("category__service", "district")
        .order_by("distance", "-submitted_at")[:MAX_SIMILAR]
    )
    return [Similar(row, round(getattr(row, "distance").m)) for row in rows]  # noqa: B009 (an annotation)
