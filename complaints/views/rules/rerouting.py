"""Routing the open complaints again after a change of the catalogue: what it would do now, and doing it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from complaints.models import Rerouting
from complaints.services.rerouting import Outcome, plan
from complaints.services.routing_jobs import request_rerouting
from complaints.views.rules.cities import cities_of, city_of, rules_page
from complaints.views.rules.simulation import ADMINISTRATORS, MoveShown, labels
from complaints.views.staff import staff_user
from districts.layers import layer_name, layer_names
from queueing.models import QueueState

_LISTED = 200
_SHOWN_JOBS = 10


@rules_page(ADMINISTRATORS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rerouting(request: HttpRequest) -> HttpResponse:
    """GET shows what routing again would move at this moment; POST asks the worker to do it."""
    city = city_of(request, ADMINISTRATORS)
    if request.method == "POST":
        request_rerouting(city, requested_by=request.user.get_username()[:150], now=timezone.now())
        messages.success(request, _("The open complaints are being routed again."))
        return redirect(reverse("rerouting") + f"?jurisdiction={city.code}")
    jobs = list(Rerouting.objects.filter(jurisdiction=city).select_related("activation__edition")[:_SHOWN_JOBS])
    waiting = any(job.queue_state == QueueState.DUE for job in jobs)
    # While it is being done the plan shrinks under one's eyes: it is shown when that is over.
    outcome = None if waiting else plan(city)
    context = {
        "outcome": outcome,
        "moves": _moves(outcome, labels(dict(city.units.values_list("code", "name")))) if outcome else [],
        "complaints": outcome.complaints[:_LISTED] if outcome else [],
        "more": max(0, len(outcome.complaints) - _LISTED) if outcome else 0,
        "jobs": _jobs_shown(city, jobs),
        "waiting": waiting,
        "cities": cities_of(staff_user(request), ADMINISTRATORS),
    }
    response = city_page(request, city, "complaints/rules/rerouting.html", context)
    if waiting:
        response["Refresh"] = "2"
    return response


def _jobs_shown(city: Jurisdiction, jobs: Sequence[Rerouting]) -> list[tuple[Rerouting, str]]:
    """Each with the layer in words that came into force before it; empty where somebody asked by hand."""
    names = layer_names(city) if any(job.activation for job in jobs) else {}
    return [(job, layer_name(job.activation.edition.layer, names) if job.activation else "") for job in jobs]


def _moves(outcome: Outcome, names: Mapping[str, str]) -> list[MoveShown]:
    pairs: Counter[tuple[str, str]] = outcome.pairs
    return [
        MoveShown(names.get(a, a), names.get(b, b), n, n)
        for (a, b), n in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    ]
