"""Whose rules a person may look after: where she has a role that does, and everywhere for who administers every city."""

from collections.abc import Iterable

from django.http import HttpRequest

from accounts.models import Role, User
from catalogue.access import chosen_city
from catalogue.models import Jurisdiction
from complaints.views import staff


def cities_of(user: User, roles: Iterable[str]) -> list[Jurisdiction]:
    """As staff.cities_of, with every city for a superuser, as the pages of boundaries have it."""
    wanted = frozenset(roles)
    if user.is_superuser and Role.ADMINISTRATOR in wanted:
        return user.in_her_order(Jurisdiction.objects.order_by("pk"))
    return staff.cities_of(user, wanted)


def city_of(request: HttpRequest, roles: Iterable[str]) -> Jurisdiction:
    """The city of a page of the rules, as catalogue.access.chosen_city says. Http404 if none."""
    return chosen_city(request, cities_of(staff.staff_user(request), roles))
