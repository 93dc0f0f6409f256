"""Boundaries to look at: they come with a city pack or `import_boundaries`, never by hand."""

from typing import Any

from django.contrib import admin
from django.contrib.gis.geos import MultiPolygon
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalogue.admin import CityAdmin
from districts.models import BoundaryEdition, District, ServiceArea

_SIDE = 360


class ReadOnlyAdmin(CityAdmin):
    """Everything of a boundary, nothing to change; its shape is drawn here, without a map of anybody else's."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=_("Shape"))
    def shape(self, row: Any) -> SafeString:
        return drawing(row.geometry)


def drawing(geometry: MultiPolygon) -> SafeString:
    """An SVG of polygons in WGS 84, north up, degrees of longitude shrunk as at their latitude."""
    west, south, east, north = geometry.extent
    squeeze = max(0.1, 1 - ((south + north) / 2 / 90) ** 2)  # close enough to cos(latitude) for a sketch
    width, height = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    scale = (_SIDE - 8) / max(width, height)
    paths = []
    assert isinstance(geometry, MultiPolygon)
    for polygon in geometry.coords:
        for ring in polygon:
            points = (f"{4 + (x - west) * squeeze * scale:.1f},{4 + (north - y) * scale:.1f}" for x, y in ring)
            paths.append("M" + "L".join(points) + "Z")
    return format_html(
        '<svg viewBox="0 0 {} {}" width="{}" role="img" aria-label="{}">'
        '<path d="{}" fill="#cfe3d9" fill-rule="evenodd" stroke="#0c5c46" stroke-width="1.5"/></svg>',
        round(width * scale + 8),
        round(height * scale + 8),
        round(width * scale + 8),
        _("Shape"),
        "".join(paths),
    )


@admin.register(BoundaryEdition)
class BoundaryEditionAdmin(ReadOnlyAdmin):
    list_display = ("layer", "number", "is_active", "imported_at", "imported_by", "source", "license")
    list_filter = ("is_active", "layer")


@admin.register(District)
class DistrictAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "code", "level", "parent_code", "population", "edition")
    list_filter = ("level", "edition__is_active")
    search_fields = ("code", "name")
    fields = ("jurisdiction", "edition", "code", "name", "level", "parent_code", "population", "area_m2", "shape")
    readonly_fields = ("shape",)


@admin.register(ServiceArea)
class ServiceAreaAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "code", "service", "category", "unit", "priority", "edition")
    list_filter = ("edition__is_active", "service", "unit")
    search_fields = ("code", "name")
    fields = ("jurisdiction", "edition", "code", "name", "service", "category", "unit", "priority", "area_m2", "shape")
    readonly_fields = ("shape",)
