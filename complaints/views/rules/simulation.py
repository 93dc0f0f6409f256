"""What an edition that is not in force would move: asked for, worked out by the worker, shown as tables and on a map."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import Role
from catalogue.models import Jurisdiction, Unit
from catalogue.pages import city_page
from catalogue.translated import Translated, text_in
from complaints.models import Simulation, SimulationMove
from complaints.services.routing_jobs import request_simulation
from complaints.simulation import MONTHS
from complaints.views.rules.cities import cities_of, rules_page
from complaints.views.staff import staff_user
from districts.layers import layer_name, layer_names
from districts.models import DISTRICTS_LAYER, BoundaryEdition, District
from queueing.models import QueueState

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
_DEFAULT_MONTHS = 12


class MonthsForm(forms.Form):
    """How far back to replay."""

    months = forms.TypedChoiceField(label=gettext_lazy("Complaints of"), coerce=int)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"months": _DEFAULT_MONTHS})
        self.fields["months"].choices = [  # type: ignore[attr-defined]
            (n, ngettext("the last month", "the last %(n)d months", n) % {"n": n}) for n in MONTHS
        ]


@dataclass(frozen=True)
class MoveShown:
    """One line of a table."""

    source: str
    target: str
    n: int
    n_open: int


@rules_page(ADMINISTRATORS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def simulation(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows the last simulation of an edition, POST asks for one."""
    edition = _edition_of(request, pk)
    city = edition.jurisdiction
    form = MonthsForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        name = request.user.get_username()[:150]
        request_simulation(city, [edition], months=form.cleaned_data["months"], requested_by=name, now=timezone.now())
        return redirect(reverse("boundary_simulation", args=[pk]))
    last = Simulation.objects.filter(editions=edition).first()
    waiting = last is not None and last.queue_state == QueueState.DUE
    context: dict[str, Any] = {
        "edition": edition,
        "layer": layer_name(edition.layer, layer_names(city)),
        "form": form,
        "last": last,
        "waiting": waiting,
        "failed": last is not None and last.queue_state == QueueState.FAILED,
    }
    if last is not None and last.queue_state == QueueState.DONE:
        context |= result_of(last, city)
    status = 400 if form.errors else 200
    response = city_page(request, city, "complaints/rules/simulation.html", context, status=status)
    if waiting:
        response["Refresh"] = "2"
    return response


def _edition_of(request: HttpRequest, pk: int) -> BoundaryEdition:
    """An edition of a city that this person administers. Http404 for others."""
    cities = cities_of(staff_user(request), ADMINISTRATORS)
    found = BoundaryEdition.objects.select_related("jurisdiction").filter(pk=pk, jurisdiction__in=cities).first()
    if found is None:
        raise Http404
    return found


def result_of(last: Simulation, city: Jurisdiction) -> dict[str, Any]:
    units = labels(dict(Unit.objects.filter(jurisdiction=city).values_list("code", "name")))
    moves = list(last.moves.all())
    districts = labels(_district_names(last, city)) if any(move.kind == "district" for move in moves) else {}
    return {
        "unit_moves": _shown(moves, SimulationMove.Kind.UNIT, units),
        "district_moves": _shown(moves, SimulationMove.Kind.DISTRICT, districts),
        "cells": [
            {
                "lon": cell.longitude,
                "lat": cell.latitude,
                "n": cell.n,
                "open": cell.n_open,
                "from": _name(units, cell.from_code),
                "to": _name(units, cell.to_code),
            }
            for cell in last.cells.all()
        ],
    }


def _district_names(last: Simulation, city: Jurisdiction) -> dict[str, Translated]:
    tried = [edition.pk for edition in last.editions.all() if edition.layer == DISTRICTS_LAYER]
    known = District.objects.filter(jurisdiction=city, edition__is_active=True).values_list("code", "name")
    return dict(known) | dict(District.objects.filter(edition__in=tried).values_list("code", "name"))


def _shown(moves: list[SimulationMove], kind: str, names: dict[str, str]) -> list[MoveShown]:
    return [
        MoveShown(_name(names, move.from_code), _name(names, move.to_code), move.n, move.n_open)
        for move in moves
        if move.kind == kind
    ]


def labels(names: Mapping[str, Translated]) -> dict[str, str]:
    """Names by code in the current language; those that several codes share, with the code."""
    language = get_language() or "fr"
    texts = {code: text_in(name, language) or code for code, name in names.items()}
    known = Counter(texts.values())
    return {code: text if known[text] == 1 else f"{text} ({code})" for code, text in texts.items()}


def _name(names: Mapping[str, str], code: str) -> str:
    return names.get(code, code) or _("no district")
