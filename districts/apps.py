from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class DistrictsConfig(AppConfig):
    name = "districts"
    verbose_name = pgettext_lazy("room", "Districts and service areas")

    def ready(self) -> None:
        """Registers the system check."""
        import_module("districts.checks")
