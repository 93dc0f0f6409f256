"""The layers of a city in words."""

from collections.abc import Mapping

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.models import Jurisdiction, Service
from catalogue.translated import text_in
from districts.models import DISTRICTS_LAYER, service_areas_layer


def layer_names(city: Jurisdiction) -> dict[str, str]:
    """{layer: name} of a city in the current language, districts first. One statement."""
    language = get_language() or "fr"
    names = {DISTRICTS_LAYER: _("Districts")}
    for service in Service.objects.filter(jurisdiction=city):
        name = _("Service areas: %(service)s") % {"service": text_in(service.name, language) or service.code}
        names[service_areas_layer(service.code)] = name
    return names


def layer_name(layer: str, names: Mapping[str, str]) -> str:
    """The layer's name; of a service that is gone, its own code."""
    return names.get(layer, layer)
