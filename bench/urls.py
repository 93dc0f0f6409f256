"""The site's addresses and the bare view."""

from django.urls import path

from bench.bare import bare_intake
from geoportal.urls import urlpatterns as site

urlpatterns = [path("bench/bare/", bare_intake), *site]
