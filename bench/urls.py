"""The site's addresses and the bare views."""

from django.urls import path

from bench.bare import bare_intake, bare_question
from geoportal.urls import urlpatterns as site

urlpatterns = [path("bench/bare/", bare_intake), path("bench/question/", bare_question), *site]
