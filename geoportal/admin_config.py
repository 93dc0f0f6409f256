"""Puts our administration site in the place of Django's (not in apps.py, where Django would take it for this app's own)."""

from django.contrib.admin.apps import AdminConfig


class CityAdminConfig(AdminConfig):
    default_site = "geoportal.admin_site.CityAdminSite"
