"""The desk's queue of places where the same trouble comes back again and again."""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.access import staff_page
from accounts.models import User
from catalogue.models import Category, Jurisdiction
from catalogue.pages import city_page
from complaints.models import Hotspot
from complaints.permissions import DESK
from complaints.querysets import JURISDICTION_ROLES, degrees_around
from complaints.views.staff import cities_of, city_of, staff_user

PAGE_SIZE = 30
_READERS = DESK | frozenset(JURISDICTION_ROLES)


@dataclass(frozen=True)
class Spot:
    """One line of the queue."""

    category: Category
    unit: dict[str, str]
    count: int
    open_count: int
    returns: int
    first_at: datetime
    last_at: datetime
    newest: list[tuple[str, str]]
    list_url: str


@staff_page(_READERS)
@require_safe
def hotspots(request: HttpRequest) -> HttpResponse:
    """The spots of one's unit or city, those that came back most often first."""
    city, user = city_of(request, _READERS), staff_user(request)
    rows = Hotspot.objects.filter(_scope(user, city)).select_related("category__service", "unit")
    page = Paginator(rows.order_by("-returns", "-last_at", "pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "spots": [_spot(row) for row in page.object_list],
        "cities": cities_of(user, _READERS),
    }
    return city_page(request, city, "complaints/desk/hotspots.html", context)


def _scope(user: User, city: Jurisdiction) -> Q:
    """The whole city's for who sees all of it, else one's own units'."""
    allowed = Q(pk__in=[])
    for membership in user.memberships.all():
        if membership.jurisdiction_id != city.pk or membership.role not in _READERS:
            continue
        if membership.role in JURISDICTION_ROLES:
            return Q(jurisdiction=city)
        allowed |= Q(jurisdiction=city, unit_id=membership.unit_id)
    return allowed


def _spot(row: Hotspot) -> Spot:
    reach = degrees_around(row.point, row.radius_m + 10)
    box = (row.point.x - reach, row.point.y - reach, row.point.x + reach, row.point.y + reach)
    query = {
        "category": row.category.code,
        "state": "open,closed",
        "bbox": ",".join(f"{side:.6f}" for side in box),
    }
    numbers = [(number, reverse("desk_complaint", args=[number])) for number in row.numbers[:3]]
    return Spot(
        category=row.category,
        unit=row.unit.name,
        count=row.count,
        open_count=row.open_count,
        returns=row.returns,
        first_at=row.first_at,
        last_at=row.last_at,
        newest=numbers,
        list_url=f"{reverse('desk')}?{urlencode(query)}",
    )
