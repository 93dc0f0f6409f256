"""The way from login to work."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse

from accounts.access import load_memberships
from accounts.models import Role, User

# First match wins: where each role works (product.md "For whom").
HOMES = (
    (Role.CREW_MEMBER, "field"),
    (Role.OFFICE, "office"),
    (Role.CLERK, "desk"),
    (Role.UNIT_MANAGER, "desk"),
    (Role.TRIAGE_OFFICER, "desk"),
    (Role.MODERATOR, "moderation"),
    (Role.OPERATOR_USER, "operator"),
    (Role.CONTRACT_MANAGER, "treasury"),
    (Role.TREASURY_OFFICER, "treasury"),
    (Role.ADMINISTRATOR, "admin:index"),
)


def home_of(user: User) -> str:
    """Address where this person's work lies; the public map for who has no staff page yet."""
    roles = {membership.role for membership in load_memberships(user)}
    if user.is_superuser:
        roles.add(Role.ADMINISTRATOR)
    name = next((url for role, url in HOMES if role in roles), "home")
    try:
        return reverse(name)
    except NoReverseMatch:
        return reverse("home")


@login_required
def staff_home(request: HttpRequest) -> HttpResponse:
    """Where sign-in leads."""
    assert isinstance(request.user, User)
    return redirect(home_of(request.user))
