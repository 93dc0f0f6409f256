"""The door of staff pages: signed in, and with a role that works there. Rows are scoped by `visible_to` behind it."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import Membership, Role, User

View = Callable[..., HttpResponseBase]


def load_memberships(user: User) -> list[Membership]:
    """The memberships of `user` with city and unit, read once: `user.memberships.all()` asks no more after this."""
    if "memberships" not in getattr(user, "_prefetched_objects_cache", {}):
        rows = Membership.objects.select_related("jurisdiction", "unit").order_by("pk")
        prefetch_related_objects([user], Prefetch("memberships", queryset=rows))
    return list(user.memberships.all())


def staff_page(roles: Iterable[Role]) -> Callable[[View], View]:
    """A view for people with one of `roles`; others who are signed in get 403, nobody else is asked to sign in twice."""
    allowed = frozenset(roles)

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            assert isinstance(user, User)
            if not any(membership.role in allowed for membership in load_memberships(user)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
