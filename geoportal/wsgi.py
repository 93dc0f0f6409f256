"""WSGI entry point, served by granian (docs/adr/0003-web-server.md)."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geoportal.settings")
application = get_wsgi_application()

# Addresses, and with them all views and their libraries, load now and not while the first visitor waits.
from django.urls import get_resolver  # noqa: E402 - needs the set-up above

get_resolver()._populate()

# What is loaded by now stays until the process ends: the collector of cycles need not walk through it again. And a request leaves
# hardly any cycles, so the young are looked through less often than after every 700 objects.
gc.collect()
gc.freeze()
gc.set_threshold(10_000)
