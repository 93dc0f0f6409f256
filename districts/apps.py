from importlib import import_module

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import pgettext_lazy


class DistrictsConfig(AppConfig):
    name = "districts"
    verbose_name = pgettext_lazy("room", "Districts and service areas")

    def ready(self) -> None:
        """Registers the system check, and what each new session of the database is told."""
        import_module("districts.checks")
        connection_created.connect(import_module("districts.prepared").keep_plans)
