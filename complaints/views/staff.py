"""What the staff's pages share: who may enter, in which city, and finding one complaint by its number."""

from collections.abc import Iterable

from django.http import Http404, HttpRequest

from accounts.models import Membership, Role, User
from catalogue.access import chosen_city
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.permissions import MODERATING
from complaints.tracking import normalise_tracking_number

DESK_ROLES = MODERATING | {Role.OPERATOR_USER, Role.OFFICE}


def staff_user(request: HttpRequest) -> User:
    """The member of staff behind a request that `staff_page` let in."""
    assert isinstance(request.user, User)
    return request.user


def cities_of(user: User, roles: Iterable[str]) -> list[Jurisdiction]:
    """The cities in which this person has one of `roles`, her first one first."""
    wanted = frozenset(roles)
    memberships: list[Membership] = [m for m in user.memberships.all() if m.role in wanted]
    return list({m.jurisdiction_id: m.jurisdiction for m in memberships}.values())


def city_of(request: HttpRequest, roles: Iterable[str]) -> Jurisdiction:
    """The city of a staff page for `roles`, as catalogue.access.chosen_city says. Http404 if none."""
    return chosen_city(request, cities_of(staff_user(request), roles))


def complaint_of(user: User, tracking_number: str) -> Complaint:
    """The complaint with everything its page needs, if this person may open it. Http404 for all others."""
    found = (
        Complaint.objects.visible_to(user)
        .select_related(
            "jurisdiction", "category__service", "unit", "district", "assigned_to", "reporter", "merged_into"
        )
        .filter(tracking_number=normalise_tracking_number(tracking_number) or "")
        .first()
    )
    if found is None:
        raise Http404
    return found
