""" "Why here?" for any place, nature and hour: which areas cover it, which answers, and what would change nearby."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalogue.models import Jurisdiction
from catalogue.pages import city_page
from catalogue.snapshot import Snapshot, current_snapshot
from catalogue.translated import text_in
from catalogue.working_time import instant_of
from complaints.errors import OutsideJurisdictions
from complaints.explain import explain
from complaints.permissions import READING_RULES
from complaints.promises import with_promises
from complaints.routing import Decision, Standing, decide, standing
from complaints.vicinity import RADIUS_M, changes_nearby, in_words
from complaints.views.rules.cities import cities_of, city_of, rules_page
from complaints.views.staff import staff_user
from districts.gate import PointRefused, accept_point
from districts.outlines import outlines
from districts.selectors import AreaMatch, place_and_areas_at

# A minus sign stands before its number in Arabic pages too.
_DEGREES = {"dir": "ltr", "inputmode": "text", "autocomplete": "off"}


class WhyForm(forms.Form):
    """A place in degrees, a nature, and the hour of filing on the city's clock."""

    longitude = forms.CharField(label=gettext_lazy("Longitude"), max_length=30, widget=forms.TextInput(_DEGREES))
    latitude = forms.CharField(label=gettext_lazy("Latitude"), max_length=30, widget=forms.TextInput(_DEGREES))
    category = forms.ChoiceField(label=gettext_lazy("Category"))
    at = forms.DateTimeField(
        label=gettext_lazy("Filed at"),
        required=False,
        help_text=gettext_lazy("On the city's clock; left empty, now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )

    def __init__(self, data: Any, catalogue: Snapshot) -> None:
        super().__init__(data)
        language = get_language() or "fr"
        groups: dict[str, list[tuple[str, str]]] = {}
        for category in catalogue.categories.values():
            if category.is_active and category.service.is_active:
                group = groups.setdefault(text_in(category.service.name, language), [])
                group.append((category.code, text_in(category.name, language)))
        self.fields["category"].choices = list(groups.items())  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "longitude" in cleaned and "latitude" in cleaned:
            try:
                cleaned["place"] = accept_point(
                    cleaned["longitude"].replace(",", "."), cleaned["latitude"].replace(",", ".")
                )
            except PointRefused as refused:
                self.add_error(refused.field, refused.message)
        return cleaned


@dataclass(frozen=True)
class Candidate:
    """One area that covers the place, and its part in the decision."""

    name: str
    code: str
    unit: str
    scope: str
    priority: int
    edition: int
    schedule: str
    part: str
    answers: bool


@rules_page(READING_RULES)
@never_cache
@require_safe
def why(request: HttpRequest) -> HttpResponse:
    """Stores nothing."""
    city = city_of(request, READING_RULES)
    catalogue = current_snapshot(city)
    asked = any(request.GET.get(name) for name in ("longitude", "latitude"))
    form = WhyForm(request.GET if asked else None, catalogue)
    answer: dict[str, Any] = {}
    if asked and form.is_valid():
        wall: datetime | None = form.cleaned_data["at"]
        at = instant_of(wall.replace(tzinfo=None), catalogue.time_zone) if wall else timezone.now()
        try:
            longitude, latitude = form.cleaned_data["place"]
            answer = _answer(city, longitude, latitude, form.cleaned_data["category"], at)
        except OutsideJurisdictions as error:
            form.add_error("latitude", str(error.message))
    context = {"form": form, "answer": answer, "cities": cities_of(staff_user(request), READING_RULES)}
    status = 400 if form.errors else 200
    return city_page(request, city, "complaints/rules/why.html", context, status=status)


def _answer(city: Jurisdiction, longitude: float, latitude: float, code: str, at: datetime) -> dict[str, Any]:
    """The decision as the page shows it. Raises OutsideJurisdictions."""
    decision, _promises = with_promises(decide(longitude, latitude, code, at=at, jurisdiction_id=city.pk), at=at)
    category, place = decision.category, decision.place
    found = place_and_areas_at(longitude, latitude, code, jurisdiction_id=city.pk)
    areas = found[1] if found else []
    language = get_language() or "fr"
    changes = changes_nearby(longitude, latitude, decision, at=at)
    return {
        "unit": text_in(decision.unit.name, language),
        "district": text_in(place.district_name, language),
        "triage": decision.triage,
        "reason": explain(decision),
        "nearby": in_words(changes),
        "candidates": [_candidate(area, decision, at, language) for area in areas],
        "ground": _ground(decision, language),
        "place": {
            "lon": longitude,
            "lat": latitude,
            "service": category.service.code,
            "symbol": category.service.icon,
            "label": text_in(decision.unit.name, language),
            "precision": "exact",
        },
    }


def _ground(decision: Decision, language: str) -> dict[str, Any]:
    """The polygons that the sentence names, each with its `look`; the 50 m are drawn round the place."""
    looks = {decision.area.code: "decides"} if decision.area else {}
    if decision.runner_up is not None:
        looks[decision.runner_up.code] = "second"
    areas = [area.area_id for area in (decision.area, decision.runner_up) if area is not None]
    features = outlines(districts=[decision.place.district_id], areas=areas)
    for feature in features:
        facts = feature["properties"]
        facts["look"] = "district" if facts["kind"] == "district" else looks[facts["code"]]
        facts["name"] = text_in(facts["name"], language)
    collection = {"type": "FeatureCollection", "features": features}
    return {"shapes": collection, "radius": RADIUS_M, "looks": [f["properties"]["look"] for f in features]}


def _candidate(area: AreaMatch, decision: Decision, at: datetime, language: str) -> Candidate:
    catalogue = decision.catalogue
    schedule = catalogue.schedules.get(area.schedule_id) if area.schedule_id else None
    parts = {
        Standing.ANSWERS: _("answers if nothing comes before it"),
        Standing.FALLBACK: _("out of its hours: its fallback unit answers"),
        Standing.RESTS: _("out of its hours"),
        Standing.BROKEN: _("its hours cannot be read"),
    }
    part = parts[standing(catalogue, area.schedule_id, area.fallback_unit_id, at)]
    wins = decision.area is not None and decision.area.area_id == area.area_id
    if wins:
        part = _("decides")
    elif decision.runner_up is not None and decision.runner_up.area_id == area.area_id:
        part = _("comes second")
    return Candidate(
        name=text_in(area.name, language),
        code=area.code,
        unit=text_in(catalogue.units[area.unit_id].name, language),
        scope=text_in((decision.category if area.for_category else decision.category.service).name, language),
        priority=area.priority,
        edition=area.edition_number,
        schedule=text_in(schedule.name, language) if schedule else "",
        part=part,
        answers=wins,
    )
