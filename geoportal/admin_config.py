"""Puts our administration site in the place of Django's (not in apps.py, where Django would take it for this app's own)."""

from django.contrib.admin.apps import AdminConfig

from geoportal.admin_words import name_fields


class CityAdminConfig(AdminConfig):
    default_site = "geoportal.admin_site.CityAdminSite"

    def ready(self) -> None:
        super().ready()
        name_fields()
