"""Boundaries, and who answers in a service area. Shapes come with a city pack or `import_boundaries`, never by hand."""

from typing import Any

from django.contrib import admin
from django.contrib.gis.geos import MultiPolygon
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalogue.admin import CatalogueForm, CityAdmin
from districts.layers import layer_name, layer_names
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


def drawing(geometry: MultiPolygon, *, place: tuple[float, float] | None = None) -> SafeString:
    """An SVG of polygons in WGS 84, north up, degrees of longitude shrunk as at their latitude, perhaps with a place."""
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
    dot = SafeString("")
    if place is not None:
        x, y = 4 + (place[0] - west) * squeeze * scale, 4 + (north - place[1]) * scale
        dot = format_html(
            '<circle cx="{}" cy="{}" r="6" fill="#a82a1f" stroke="#fff" stroke-width="2"/>', f"{x:.1f}", f"{y:.1f}"
        )
    return format_html(
        '<svg viewBox="0 0 {} {}" width="{}" role="img" aria-label="{}">'
        '<path d="{}" fill="#cfe3d9" fill-rule="evenodd" stroke="#0c5c46" stroke-width="1.5"/>{}</svg>',
        round(width * scale + 8),
        round(height * scale + 8),
        round(width * scale + 8),
        _("Shape"),
        "".join(paths),
        dot,
    )


@admin.register(BoundaryEdition)
class BoundaryEditionAdmin(ReadOnlyAdmin):
    list_display = ("layer_shown", "number", "is_active", "imported_at", "imported_by", "license", "page")
    list_filter = ("is_active",)
    list_select_related = ("jurisdiction",)

    @admin.display(description=pgettext_lazy("field", "layer"), ordering="layer")
    def layer_shown(self, row: BoundaryEdition) -> str:
        return layer_name(row.layer, layer_names(row.jurisdiction))

    @admin.display(description=_("Old and new"))
    def page(self, row: BoundaryEdition) -> SafeString:
        """Where it is compared with others, put in force and taken back."""
        return format_html('<a href="{}">{}</a>', reverse("boundary_edition", args=[row.pk]), row.number)


@admin.display(description=pgettext_lazy("field", "edition"), ordering="edition__number")
def edition_number(row: District | ServiceArea) -> str:
    """A list is of one layer each: its number says it all."""
    return str(row.edition.number)


@admin.register(District)
class DistrictAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "code", "level", "parent_code", "population", edition_number)
    list_filter = ("level", "edition__is_active")
    list_select_related = ("edition",)
    search_fields = ("code", "name")
    fields = ("jurisdiction", "edition", "code", "name", "level", "parent_code", "population", "area_m2", "shape")
    readonly_fields = ("shape",)


class ServiceAreaForm(CatalogueForm):
    """Who answers in an area, when and before whom; its shape comes with an edition."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        area: ServiceArea = self.instance
        for name in ("unit", "fallback_unit", "schedule", "category"):
            row = cleaned.get(name)
            if row is not None and row.jurisdiction_id != area.jurisdiction_id:
                self.add_error(name, ValidationError(_("This belongs to another city.")))
        category = cleaned.get("category")
        if category is not None and category.service_id != area.service_id:
            self.add_error("category", ValidationError(_("This category belongs to another service.")))
        if cleaned.get("fallback_unit") and not cleaned.get("schedule"):
            text = _("A fallback unit answers outside the hours of a schedule: choose one.")
            self.add_error("schedule", ValidationError(text))
        return cleaned


@admin.register(ServiceArea)
class ServiceAreaAdmin(CityAdmin):
    """The active edition's areas can be given to another unit, hour or priority; earlier ones are history."""

    form = ServiceAreaForm
    list_display = (
        "__str__",
        "code",
        "service",
        "category",
        "unit",
        "priority",
        "schedule",
        "fallback_unit",
        edition_number,
    )
    list_filter = ("edition__is_active", "service", "unit")
    list_select_related = ("service", "category", "unit", "schedule", "fallback_unit", "edition")
    search_fields = ("code", "name")
    fields = (
        "jurisdiction", "edition", "code", "service", "name", "category", "unit", "priority", "schedule",
        "fallback_unit", "area_m2", "shape",
    )  # fmt: skip
    readonly_fields = ("jurisdiction", "edition", "code", "service", "area_m2", "shape")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A shape comes with a city pack or `import_boundaries`, never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        active = not isinstance(obj, ServiceArea) or obj.edition.is_active
        return active and super().has_change_permission(request, obj)

    @admin.display(description=_("Shape"))
    def shape(self, row: Any) -> SafeString:
        return drawing(row.geometry)
