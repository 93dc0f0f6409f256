"""The administration pages: for administrators by membership, entered through the one sign-in of the site."""

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _


class CityAdminSite(AdminSite):
    site_header = site_title = _("Administration")
    index_title = _("Administration")

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "has_admin", False))

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Django's own login form knows neither lock-out nor second factor: everybody goes through the site's."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
        safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
        wanted = wanted if safe else reverse("admin:index")
        if request.user.is_authenticated:
            return HttpResponseRedirect(wanted)
        return redirect_to_login(wanted, reverse("account_login"))

    def logout(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:  # type: ignore[override]
        return HttpResponseRedirect(reverse("account_logout"))
