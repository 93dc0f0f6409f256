"""Who administers which city, and in which city a member of staff works at present, for rooms that know no accounts."""

from collections.abc import Callable, Iterable, Sequence

from django.http import Http404, HttpRequest

from catalogue.models import Jurisdiction

_CHOSEN = "city"


def city_ids(request: HttpRequest) -> list[int] | None:
    """The jurisdictions that the signed-in person administers, as accounts.User says; None is all of them."""
    ask: Callable[[], list[int] | None] | None = getattr(request.user, "administered_city_ids", None)
    return ask() if callable(ask) else []


def administered_cities(request: HttpRequest) -> list[Jurisdiction]:
    """The cities that the signed-in person administers, in her order, as accounts.User says."""
    ids = city_ids(request)
    cities = Jurisdiction.objects.order_by("pk")
    order: Callable[[Iterable[Jurisdiction]], list[Jurisdiction]] = getattr(request.user, "in_her_order", list)
    return order(cities if ids is None else cities.filter(pk__in=ids))


def chosen_city(request: HttpRequest, cities: Sequence[Jurisdiction]) -> Jurisdiction:
    """The city of a staff page that this person may open for `cities`, in her order. Http404 if there is none such.

    `?jurisdiction=CODE`, which is kept for all other pages of hers; else the one kept; else her first one.
    """
    by_code = {city.code: city for city in cities}
    if code := request.GET.get("jurisdiction", "").strip():
        if code not in by_code:
            raise Http404
        if request.session.get(_CHOSEN, cities[0].code) != code:
            request.session[_CHOSEN] = code
        return by_code[code]
    if not cities:
        raise Http404
    return by_code.get(request.session.get(_CHOSEN, ""), cities[0])
