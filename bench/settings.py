"""The real settings, with one address more: the bare view that intake is measured against."""

from geoportal.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
