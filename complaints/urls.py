"""Pages about complaints: the public's, the reporter's, the desk's, the crew's."""

from django.urls import path

from complaints.views import files, public, report, reporter

urlpatterns = [
    path("", public.home, name="home"),
    path("report/", report.report, name="report"),
    path("report/check/", report.check, name="report_check"),
    path("report/places/", report.places, name="report_places"),
    path("track/", public.track, name="track"),
    path("complaints/<str:tracking_number>/", public.complaint, name="complaint"),
    path("privacy/", public.privacy, name="privacy"),
    path("accessibility/", public.accessibility, name="accessibility"),
    path("c/<str:token>/", reporter.secret_link, name="secret_link"),
    path("files/<uuid:public_id>/<str:variant>/", files.attachment, name="attachment"),
]
