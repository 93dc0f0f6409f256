"""Second factor for the roles that must have one; a page for who asks too often."""

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from accounts.access import load_memberships
from accounts.models import User
from accounts.quotas import QuotaExceeded

Handler = Callable[[HttpRequest], HttpResponseBase]

# What somebody who still lacks the second factor may open while signed in.
OPEN_PAGES = frozenset({"mfa_activate_totp", "account_reauthenticate", "account_logout"})
# Answered to programs and to the public alike: there she is a stranger until she has her second factor.
PUBLIC_PREFIXES = ("/api/", "/tiles/", "/health/")


def require_second_factor(get_response: Handler) -> Handler:
    """Send a member of staff whose role needs a second factor to set one up before any other page is shown."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not _lacks_second_factor(request):
            return get_response(request)
        if request.path_info.startswith(PUBLIC_PREFIXES):
            request.user = AnonymousUser()
            return get_response(request)
        if _page(request) in OPEN_PAGES:
            return get_response(request)
        messages.warning(request, _("Your role needs two-step sign-in. Set it up to go on."))
        return redirect("mfa_activate_totp")

    return middleware


def _lacks_second_factor(request: HttpRequest) -> bool:
    user = request.user
    required = frozenset(settings.MFA_REQUIRED_ROLES)
    if not required or not isinstance(user, User):
        return False
    concerned = user.is_superuser or any(m.role in required for m in load_memberships(user))
    return concerned and not is_mfa_enabled(user)


def _page(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""


class RefuseOverQuota:
    """A view that raised QuotaExceeded answers 429 with Retry-After and a page that says so (the API has its own words)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, QuotaExceeded):
            return None
        context = {"message": exception.message, "when": exception.when}
        response = render(request, "429.html", context, status=429)
        response["Retry-After"] = str(exception.retry_after)
        return response
