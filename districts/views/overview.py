"""All layers of a city: which edition is in force, what is planned, which files are on their way."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalogue.access import administered_cities
from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from districts.layers import layer_name, layer_names
from districts.models import BoundaryDraft, BoundaryEdition, EditionActivation
from districts.views.access import administrators_page, city_of
from queueing.models import QueueState

DRAFTS_SHOWN = 20


@dataclass
class LayerShown:
    """One layer: its editions, newest first, the one in force among them."""

    layer: str
    name: str
    active: BoundaryEdition | None = None
    planned_at: datetime | None = None
    planned: BoundaryEdition | None = None
    editions: list[BoundaryEdition] = field(default_factory=list)


@administrators_page
@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    city = city_of(request)
    names = layer_names(city)
    drafts = BoundaryDraft.objects.filter(jurisdiction=city).exclude(stage=BoundaryDraft.Stage.STORED)
    context = {
        "now": timezone.now(),
        "cities": administered_cities(request),
        "layers": _layers(city, names),
        "drafts": [(draft, layer_name(draft.layer, names)) for draft in drafts[:DRAFTS_SHOWN]],
    }
    return city_page(request, city, "districts/overview.html", context)


def _layers(city: Jurisdiction, names: dict[str, str]) -> list[LayerShown]:
    """Three statements for all layers."""
    shown = {layer: LayerShown(layer, name) for layer, name in names.items()}
    editions = BoundaryEdition.objects.filter(jurisdiction=city).annotate(
        district_count=Count("districts", distinct=True), area_count=Count("service_areas", distinct=True)
    )
    for edition in editions:
        row = shown.setdefault(edition.layer, LayerShown(edition.layer, edition.layer))
        row.editions.append(edition)
        if edition.is_active:
            row.active = edition
    plans = EditionActivation.objects.filter(edition__jurisdiction=city, queue_state=QueueState.DUE)
    for plan in plans.select_related("edition"):
        row = shown[plan.edition.layer]
        row.planned_at, row.planned = plan.next_attempt_at, plan.edition
    return list(shown.values())
