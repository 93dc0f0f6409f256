"""Pages that anybody may open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.quotas import Quota, spend
from catalogue.models import Category, Jurisdiction, Service
from catalogue.pages import city_page
from catalogue.snapshot import current_snapshot, snapshot
from catalogue.translated import text_in
from complaints.expected import expected_resolution
from complaints.explain import EXPLAINED, explain_publicly
from complaints.filter_grammar import jurisdiction_of, parse_filters
from complaints.filters import FilterError, Filters
from complaints.forms import TrackForm
from complaints.models import Attachment, Complaint
from complaints.querysets import ComplaintQuerySet
from complaints.timeline import public_timeline
from complaints.tracking import normalise_tracking_number
from complaints.vicinity import nearby_then
from complaints.views.map_settings import NUMBER, TILES, map_settings
from complaints.workflow import State
from districts.choices import DistrictChoices, DistrictLabels, DistrictsOnMap

PAGE_SIZE = 30
# What the filter's form can choose. Whatever else an address asks for stays in it, out of sight.
_IN_THE_FORM = {"jurisdiction", "service", "state", "district", "from", "to", "late"}
_OF_THE_LIST = {"bbox", "cursor", "page_size"}


class Figures(Protocol):
    """How many complaints, how many of them open, how many late."""

    @property
    def total(self) -> int: ...
    @property
    def open(self) -> int: ...
    @property
    def late(self) -> int: ...


def home(request: HttpRequest, figures: Callable[[Filters, ComplaintQuerySet], Figures]) -> HttpResponse:
    """The public map and the list that says the same, both of what the filter lets through.

    `figures` counts them: counting is kept by another room, which the site's addresses bring in.
    """
    city = jurisdiction_of(request)
    now = timezone.now()
    districts = DistrictsOnMap(city.pk)
    fault = ""
    try:
        filters = parse_filters(request.GET, now=now, jurisdiction=city)
    except FilterError as error:
        fault = _("%(parameter)s: %(message)s The filter was left out.") % {
            "parameter": error.parameter,
            "message": error.message,
        }
        filters = parse_filters(QueryDict(), now=now, jurisdiction=city)
    found = filters.apply(Complaint.objects.public())
    if "page_size" not in filters.given:
        filters = replace(filters, page_size=PAGE_SIZE)
    page = filters.page(found.select_related("category__service", "district"))
    context = {
        "now": now,
        "fault": fault,
        "figures": figures(filters, found),
        "complaints": page.rows,
        "next_url": f"?{filters.query_string(cursor=page.next)}" if page.next else "",
        "whole_url": f"?{filters.query_string(bbox=None)}" if filters.bbox else "",
        "first_url": f"?{filters.query_string()}" if filters.cursor else "",
        "map_settings": _map_settings(city, filters, districts.labels),
        "downloads": _downloads(filters),
        "filter": _FilterChoices.of(request, filters, districts.choices),
    }
    return city_page(request, city, "complaints/home.html", context, status=400 if fault else 200)


@dataclass(frozen=True)
class _FilterChoices:
    """What the filter form offers and what is chosen in it."""

    services: Sequence[Service]
    service: str
    states: Sequence[tuple[str, str]]
    state: str
    districts: DistrictChoices
    district: str
    since: str
    until: str
    late: bool
    others: Sequence[tuple[str, str]]
    is_active: bool

    @classmethod
    def of(cls, request: HttpRequest, filters: Filters, districts: DistrictChoices) -> "_FilterChoices":
        catalogue = snapshot(filters.jurisdiction.pk, filters.jurisdiction.catalogue_version)
        given = filters.given
        return cls(
            services=sorted((s for s in catalogue.services.values() if s.is_active), key=lambda s: (s.order, s.code)),
            service=_last(given, "service"),
            states=[("open", _("Open")), ("closed", _("Closed")), *[(str(v), str(n)) for v, n in State.choices]],
            state=_last(given, "state"),
            districts=districts,
            district=_last(given, "district"),
            since=_last(given, "from")[:10],
            until=_last(given, "to")[:10],
            late=filters.late,
            others=[
                (name, value)
                for name, values in given.items()
                if name not in _IN_THE_FORM | _OF_THE_LIST
                for value in values
            ],
            is_active=any(name not in ("jurisdiction", "cursor", "page_size") for name in given),
        )


def _last(given: dict[str, list[str]], name: str) -> str:
    return given[name][-1] if name in given else ""


def _map_settings(city: Jurisdiction, filters: Filters, names: DistrictLabels) -> dict[str, object]:
    drawn = map_settings(filters.catalogue, tiles=TILES, complaint=reverse("complaint", args=[NUMBER]))
    return drawn | {
        "jurisdiction": city.code,
        "query": filters.query_string(),
        "bbox": filters.bbox,
        # Raster tiles bring their own names.
        "names": [] if settings.BASEMAP_URL else names,
    }


def _downloads(filters: Filters) -> list[tuple[str, str]]:
    """Name and address of the downloads of exactly what is shown."""
    query = filters.query_string(jurisdiction=filters.jurisdiction.code, page_size=None)
    return [
        ("CSV", f"/api/v1/complaints.csv?{query}"),
        ("GeoJSON", f"/api/v1/complaints.geojson?{query}&download=true"),
    ]


def track(request: HttpRequest) -> HttpResponse:
    """Find a complaint by its number, typed in any way; a number that is known leads to its page."""
    city = jurisdiction_of(request)
    form = TrackForm(request.GET if "number" in request.GET else None)
    if form.is_bound:
        spend(request, Quota.LOOKUP, now=timezone.now())
    if form.is_bound and form.is_valid():
        return redirect("complaint", form.cleaned_data["number"])
    return city_page(request, city, "complaints/track.html", {"form": form}, status=404 if form.errors else 200)


def complaint(request: HttpRequest, tracking_number: str) -> HttpResponse:
    """One complaint as the public sees it: the facts of product.md "Who sees what" and nothing else."""
    spend(request, Quota.LOOKUP, now=timezone.now())
    number = normalise_tracking_number(tracking_number)
    rows = Complaint.objects.select_related("jurisdiction", "category__service", "unit", "district", "merged_into")
    found = rows.filter(tracking_number=number).first() if number else None
    if found is None:
        return _unknown(request, tracking_number)
    if number != tracking_number:
        return HttpResponseRedirect(reverse("complaint", args=[number]))
    primary = get_object_or_404(rows, pk=found.merged_into_id) if found.merged_into_id else found
    context: dict[str, object] = {"now": timezone.now(), "complaint": found, "primary": primary, "public": False}
    if found.has_public_page and primary.has_public_page:
        context |= _public_facts(primary) | {"expected": expected_resolution(primary, now=timezone.now())}
    return city_page(request, found.jurisdiction, "complaints/complaint.html", context)


def _unknown(request: HttpRequest, typed: str) -> HttpResponse:
    form = TrackForm({"number": typed})
    form.is_valid()
    return city_page(request, jurisdiction_of(request), "complaints/track.html", {"form": form}, status=404)


def _public_facts(found: Complaint) -> dict[str, object]:
    decision = found.decisions.select_related(*EXPLAINED).first()
    of_the_group = Q(complaint=found) | Q(complaint__merged_into=found)
    photos = Attachment.objects.filter(
        of_the_group, review=Complaint.Review.RELEASED, status=Attachment.Status.READY
    ).exclude(kind="pdf")
    point = found.public_point
    explained = decision if found.shown_unit else None
    exact = found.place_shown == Category.Publication.EXACT
    return {
        "public": True,
        "timeline": public_timeline(found),
        "why": explain_publicly(explained, found.place_shown) if explained else "",
        "why_nearby": nearby_then(found, explained) if explained and exact else "",
        "description": found.released_description if found.text_review == Complaint.Review.RELEASED else "",
        "photos": list(photos),
        "place_withheld": found.shown_precision == "city",
        "place": {
            "longitude": point.x,
            "latitude": point.y,
            "precision": found.shown_precision,
            "service": found.category.service.code,
            "icon": found.category.service.icon,
            "label": text_in(found.category.name, get_language() or "fr"),
        }
        if point
        else None,
    }


def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept about people, why, for how long; the city's own consent notice."""
    city = jurisdiction_of(request)
    return city_page(request, city, "complaints/privacy.html", {"urgent_numbers": city.emergency})


def accessibility(request: HttpRequest) -> HttpResponse:
    """What was done so that everybody can use the site, and whom to tell where it fails."""
    city = jurisdiction_of(request)
    return city_page(request, city, "complaints/accessibility.html", {"unit": current_snapshot(city).triage_unit})
