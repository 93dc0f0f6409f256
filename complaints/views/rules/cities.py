"""Whose rules a person may look after: where she has a role that does, and everywhere for who administers every city."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.access import View, load_memberships, staff_page
from accounts.models import Role, User
from catalogue.access import chosen_city
from catalogue.models import Jurisdiction
from complaints.views import staff


def rules_page(roles: frozenset[Role]) -> Callable[[View], View]:
    """As accounts.access.staff_page; a page for administrators is open to who administers every city without a role too."""

    def decorate(view: View) -> View:
        for_members = staff_page(roles)(view)

        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = staff.staff_user(request)
            if not user.is_superuser or Role.ADMINISTRATOR not in roles:
                return for_members(request, *args, **kwargs)
            load_memberships(user)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def cities_of(user: User, roles: Iterable[str]) -> list[Jurisdiction]:
    """As staff.cities_of, with every city for a superuser, as the pages of boundaries have it."""
    wanted = frozenset(roles)
    if user.is_superuser and Role.ADMINISTRATOR in wanted:
        return user.in_her_order(Jurisdiction.objects.order_by("pk"))
    return staff.cities_of(user, wanted)


def city_of(request: HttpRequest, roles: Iterable[str]) -> Jurisdiction:
    """The city of a page of the rules, as catalogue.access.chosen_city says. Http404 if none."""
    return chosen_city(request, cities_of(staff.staff_user(request), roles))
