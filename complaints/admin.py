"""Decisions of routing for administrators: nothing to change, each in one sentence and drawn."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.gis.geos import MultiPolygon
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from catalogue.translated import text_in
from complaints.explain import EXPLAINED, explain_stored
from complaints.models import RoutingDecision
from complaints.vicinity import nearby_then
from districts.admin import ReadOnlyAdmin, drawing
from districts.models import District, ServiceArea


@admin.register(RoutingDecision)
class RoutingDecisionAdmin(ReadOnlyAdmin):
    """Found by the complaint's number; which rule, which edition, who came second, and what would change nearby."""

    city_path = "complaint__jurisdiction"
    list_display = ("number", "decided", "sentence")
    list_select_related = ("complaint__jurisdiction", *EXPLAINED)
    search_fields = ("=complaint__tracking_number",)
    ordering = ("-pk",)
    # Among a million complaints nobody waits for their number.
    show_full_result_count = False
    list_per_page = 50
    fields = ("number", "decided", "sentence", "nearby", "ground")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Shapes are read where one is drawn."""
        shapes = ("service_area", "runner_up", "passed_over", "district")
        return super().get_queryset(request).defer(*(f"{name}__geometry" for name in shapes))

    @admin.display(description=gettext_lazy("Number"), ordering="complaint__tracking_number")
    def number(self, row: RoutingDecision) -> str:
        return row.complaint.tracking_number

    @admin.display(description=gettext_lazy("Decided at"), ordering="decided_at")
    def decided(self, row: RoutingDecision) -> str:
        """On the city's clock."""
        at = row.decided_at.astimezone(ZoneInfo(row.complaint.jurisdiction.time_zone))
        return date_format(at, "DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("Why here?"))
    def sentence(self, row: RoutingDecision) -> str:
        return explain_stored(row)

    @admin.display(description=gettext_lazy("Nearby"))
    def nearby(self, row: RoutingDecision) -> str:
        return nearby_then(row.complaint, row)

    @admin.display(description=gettext_lazy("On the ground"))
    def ground(self, row: RoutingDecision) -> SafeString:
        """The place in the areas that the sentence names, and in its district."""
        named: list[tuple[str, District | ServiceArea | None]] = [
            (_("The area that decides"), row.service_area),
            (_("The one that comes second"), row.runner_up),
            (_("The district"), row.district),
        ]
        place = row.complaint.point
        language = get_language() or "fr"
        figures = [
            (title, text_in(shape.name, language), drawing(_multi(shape.geometry), place=(place.x, place.y)))
            for title, shape in named
            if shape is not None
        ]
        return format_html_join("", "<figure><figcaption>{}: {}</figcaption>{}</figure>", figures) or format_html("–")


def _multi(geometry: Any) -> MultiPolygon:
    assert isinstance(geometry, MultiPolygon)
    return geometry
