"""The way from login to work."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import Role, User

# First match wins: where each role works (product.md "For whom").
HOMES = (
    (Role.CREW_MEMBER, "field"),
    (Role.OFFICE, "office"),
    (Role.CLERK, "desk"),
    (Role.UNIT_MANAGER, "desk"),
    (Role.TRIAGE_OFFICER, "desk"),
    (Role.MODERATOR, "moderation"),
    (Role.OPERATOR_USER, "desk"),
    (Role.ADMINISTRATOR, "desk"),
)


def home_of(user: User) -> str:
    """Name of the URL where this person's work lies; the public map for who has no staff page yet."""
    roles = set(user.memberships.values_list("role", flat=True))
    return next((url for role, url in HOMES if role in roles), "home")


@login_required
def staff_home(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    return redirect(home_of(request.user))
