"""Every address of the site; the rooms bring their own (contract.md §2)."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from analytics.tally import totals
from api.cells import staff_tile
from complaints.views import public
from complaints.views.desk import tiles
from geoportal import views

urlpatterns = [
    # First, as they are asked by far most often.
    path("", include("api.urls")),
    path("", views.root),
    path("health/live", views.live, name="health_live"),
    path("health/ready", views.ready, name="health_ready"),
    path("services.css", views.service_colours, name="service_colours"),
    path("admin/", admin.site.urls),
    path("", include("notifications.urls")),
]
urlpatterns += i18n_patterns(
    path("accounts/", include("allauth.urls")),
    path("", public.home, {"figures": totals.figures}, name="home"),
    path("desk/tiles/<int:z>/<int:x>/<int:y>.mvt", tiles.tile, {"draw": staff_tile}, name="desk_tile"),
    path("", include("accounts.urls")),
    path("", include("following.urls")),
    path("", include("districts.urls")),
    path("", include("complaints.urls")),
    path("", include("contracts.urls")),
    path("", include("analytics.urls")),
)

handler400 = "geoportal.views.bad_request"
handler404 = "geoportal.views.not_found"
handler500 = "geoportal.views.server_error"
