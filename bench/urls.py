"""The site's addresses and the bare views."""

from django.urls import path

from bench.bare import bare_intake, bare_question, serialized_list
from geoportal.urls import urlpatterns as site

urlpatterns = [
    path("bench/bare/", bare_intake),
    path("bench/question/", bare_question),
    path("bench/list/", serialized_list),
    *site,
]
