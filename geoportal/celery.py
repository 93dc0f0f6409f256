"""Celery application. The schedule is code (settings.CELERY_BEAT_SCHEDULE); tasks only sweep rows that are due."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "geoportal.settings")
app = Celery("geoportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
