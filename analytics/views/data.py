"""The open-data page: downloads, what each column means, licence, the API's documentation."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics import exports
from analytics.tally.totals import matched
from analytics.views.exports import site_of
from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from catalogue.snapshot import current_snapshot
from catalogue.translated import text_in
from complaints.filter_grammar import jurisdiction_of, parse_filters
from complaints.filters import FilterError, Filters
from complaints.models import Complaint
from complaints.workflow import State
from districts.choices import district_choices
from districts.layers import layer_name, layer_names
from districts.models import BoundaryEdition

# Columns of complaints.csv and properties of complaints.geojson (contract.md §4): name, kind, meaning.
COLUMNS: tuple[tuple[str, str | Promise, str | Promise], ...] = (
    ("tracking_number", gettext_lazy("text"), gettext_lazy("Names the complaint. It carries no right.")),
    ("state", gettext_lazy("code"), gettext_lazy("Where the complaint stands; the states are listed below.")),
    ("state_group", gettext_lazy("code"), gettext_lazy("open or closed.")),
    ("service", gettext_lazy("code"), gettext_lazy("What is evaluated: cleanliness, lighting, roads…")),
    ("category", gettext_lazy("code"), gettext_lazy("Nature of the complaint inside its service.")),
    (
        "district",
        gettext_lazy("code"),
        gettext_lazy("The smallest district that covers the place; empty where it is not published."),
    ),
    (
        "unit",
        gettext_lazy("code"),
        gettext_lazy("Who answers: a department or a delegated operator; empty where it would tell the place."),
    ),
    ("submitted_at", gettext_lazy("date and time"), gettext_lazy("When it was filed. All times name their zone.")),
    ("updated_at", gettext_lazy("date and time"), gettext_lazy("When anything about it last changed.")),
    (
        "answer_due_at",
        gettext_lazy("date and time"),
        gettext_lazy("Deadline of the first answer; empty for observations and suggestions."),
    ),
    (
        "resolution_due_at",
        gettext_lazy("date and time"),
        gettext_lazy("Deadline of the resolution. It stands still while the reporter must act."),
    ),
    (
        "answered_at",
        gettext_lazy("date and time"),
        gettext_lazy("When it was first answered."),
    ),
    (
        "closed_at",
        gettext_lazy("date and time"),
        gettext_lazy("When it was closed; empty while it is open."),
    ),
    (
        "paused_at",
        gettext_lazy("date and time"),
        gettext_lazy("Since when the reporter must act and the clock stands still; mostly empty."),
    ),
    (
        "answer_due_unpaused_at, resolution_due_unpaused_at",
        gettext_lazy("date and time"),
        gettext_lazy("The two deadlines as they would be if the clock had never stood still. In the CSV only."),
    ),
    (
        "reopened_count",
        gettext_lazy("number"),
        gettext_lazy("How often it was opened again after it had been closed."),
    ),
    ("late", gettext_lazy("true or false"), gettext_lazy("Open, and past one of its deadlines.")),
    (
        "merged_count",
        gettext_lazy("number"),
        gettext_lazy("How many other complaints about the same thing it stands for."),
    ),
    (
        "joined_count",
        gettext_lazy("number"),
        gettext_lazy("How many people said that they have the same problem, without filing it again."),
    ),
    (
        "place_precision",
        gettext_lazy("code"),
        gettext_lazy(
            "How precise the published place is: exact, grid (centre of a square of 200 m), district, or city (not published)."
        ),
    ),
    (
        "longitude, latitude",
        gettext_lazy("degrees"),
        gettext_lazy("WGS 84. In GeoJSON they are the geometry, longitude first."),
    ),
    (
        "description",
        gettext_lazy("text"),
        gettext_lazy("What the reporter wrote, once a moderator released it; else empty."),
    ),
    ("photos", gettext_lazy("list"), gettext_lazy("Photos that a moderator released: address, width and height.")),
)


@dataclass(frozen=True)
class Download:
    """One file: what it holds, its format and its address."""

    title: str
    format: str
    url: str


@require_safe
def open_data(request: HttpRequest) -> HttpResponse:
    """The page. The filter in its address also filters the downloads; one that cannot be read is named."""
    city, now, fault = jurisdiction_of(request), timezone.now(), ""
    try:
        filters = parse_filters(request.GET, now=now, jurisdiction=city)
    except FilterError as error:
        fault = f"{error.parameter}: {error.message}"
        filters = parse_filters(type(request.GET)(), now=now, jurisdiction=city)
    catalogue = current_snapshot(city)
    count = matched(filters, filters.apply(Complaint.objects.public()))
    query = exports.query_of(filters)
    context = {
        "now": now,
        "fault": fault,
        "filters": filters,
        "is_filtered": bool(filters.given.keys() - {"jurisdiction", "page_size", "cursor"}),
        "count": count,
        "complaints": _complaint_files(query),
        # A long table is made by a task; `made` is one that somebody asked for lately.
        "is_long": count > exports.LONG,
        "made": exports.made_lately(city, query=query, site=site_of(request), now=now)
        if count > exports.LONG
        else None,
        "query": query,
        "boundaries": _boundary_files(city),
        "ledgers": _ledger_files(city, filters),
        "editions": _editions(city),
        "services": sorted(catalogue.services.values(), key=lambda service: (service.order, service.code)),
        "districts": district_choices(city.pk),
        "state_choices": [("open", _("Open")), ("closed", _("Closed")), *State.choices],
        "states": list(State),
        "columns": COLUMNS,
        "docs_url": _address("api_docs"),
        "schema_url": _address("api_schema"),
        "values": {name: values[-1] for name, values in filters.given.items()},
    }
    return city_page(request, city, "analytics/data.html", context, status=400 if fault else 200)


def _complaint_files(query: str) -> list[Download]:
    return [
        Download(_("Complaints"), "CSV", f"/api/v1/complaints.csv?{query}"),
        Download(_("Complaints"), "GeoJSON", f"/api/v1/complaints.geojson?{query}&download=true"),
    ]


def _ledger_files(city: Jurisdiction, filters: Filters) -> list[Download]:
    kept = {name: values[-1] for name, values in filters.given.items() if name in ("service", "from", "to")}
    query = urlencode({"jurisdiction": city.code} | kept)
    return [
        Download(_("Findings"), "CSV", f"/api/v1/findings.csv?{query}"),
        Download(_("Penalties"), "CSV", f"/api/v1/ledger.csv?{query}"),
    ]


def _boundary_files(city: Jurisdiction) -> list[Download]:
    query = urlencode({"jurisdiction": city.code})
    return [
        Download(_("Districts"), "GeoJSON", f"/api/v1/districts.geojson?{query}"),
        Download(_("Service areas"), "GeoJSON", f"/api/v1/service-areas.geojson?{query}"),
        Download(_("Services and categories"), "JSON", f"/api/v1/catalogue.json?{query}"),
    ]


def _editions(city: Jurisdiction) -> list[tuple[BoundaryEdition, str, str]]:
    """Each active edition, its layer's name, and its source: where that is the city's own, in the reader's language."""
    names, own = layer_names(city), set(city.source.values())
    return [
        (
            row,
            layer_name(row.layer, names),
            text_in(city.source, get_language() or "fr") if row.source in own else row.source,
        )
        for row in BoundaryEdition.objects.filter(jurisdiction=city, is_active=True)
    ]


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
