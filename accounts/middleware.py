"""Second factor for the roles that must have one."""

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

Handler = Callable[[HttpRequest], HttpResponseBase]


def require_second_factor(get_response: Handler) -> Handler:
    """Send a member of staff whose role needs a second factor to set one up before any staff page is shown."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        user = request.user
        required = settings.MFA_REQUIRED_ROLES
        if required and user.is_authenticated and "/accounts/" not in request.path:
            roles = set(user.memberships.values_list("role", flat=True))
            if (roles & set(required) or user.is_superuser) and not is_mfa_enabled(user):
                messages.warning(request, _("Your role needs a second factor. Set it up to go on."))
                return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return get_response(request)

    return middleware
