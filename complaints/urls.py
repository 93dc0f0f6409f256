"""Pages about complaints: the public's, the reporter's, the desk's, the crew's."""

from django.urls import path

from complaints.views import files, public, reporter

urlpatterns = [
    path("", public.home, name="home"),
    path("track/", public.track, name="track"),
    path("complaints/<str:tracking_number>/", public.complaint, name="complaint"),
    path("c/<str:token>/", reporter.secret_link, name="secret_link"),
    path("files/<uuid:public_id>/<str:variant>/", files.attachment, name="attachment"),
]
