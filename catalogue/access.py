"""Who administers which city, for rooms that know no accounts."""

from collections.abc import Callable

from django.http import HttpRequest


def city_ids(request: HttpRequest) -> list[int] | None:
    """The jurisdictions that the signed-in person administers, as accounts.User says; None is all of them."""
    ask: Callable[[], list[int] | None] | None = getattr(request.user, "administered_city_ids", None)
    return ask() if callable(ask) else []
