"""Rendering a page of one city: its name, its clock, its open-data licence."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from catalogue.models import Jurisdiction
from catalogue.translated import text_in


def city_page(
    request: HttpRequest, city: Jurisdiction, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render `template` with times on the city's clock and the city's name in the page's head."""
    about = {
        "city": city,
        "city_name": text_in(city.name, get_language() or "fr"),
        "data_license": city.license,
        "data_source": text_in(city.source, get_language() or "fr"),
    }
    with timezone.override(ZoneInfo(city.time_zone)):
        return render(request, template, about | dict(context), status=status)
