"""What sentences about boundaries are filled with: features, places, areas, coordinate systems."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

_UNITS = ((1e6, 2, gettext_lazy("%(number)s km²")), (1e4, 2, gettext_lazy("%(number)s ha")))

_STRUCTURES = {
    "not_a_feature": gettext_lazy("it is no feature"),
    "properties": gettext_lazy("its properties are no object"),
    "no_geometry_member": gettext_lazy("it has no member “geometry”"),
    "geometry": gettext_lazy("its geometry is no geometry"),
    "geometry_type": gettext_lazy("there is no such kind of geometry"),
    "nesting": gettext_lazy("its coordinates are nested too deep or not deep enough for its kind"),
    "not_a_number": gettext_lazy("a coordinate is no number"),
    "position": gettext_lazy("a position has fewer than two numbers"),
    "not_finite": gettext_lazy("a coordinate is infinite or not a number"),
}
_REASONS = {
    "self_intersection": gettext_lazy("its ring crosses itself"),
    "ring_self_intersection": gettext_lazy("its ring touches itself"),
    "hole_lies_outside_shell": gettext_lazy("a hole lies outside of it"),
    "nested_holes": gettext_lazy("a hole lies in a hole"),
    "nested_shells": gettext_lazy("a part lies inside another part"),
    "interior_is_disconnected": gettext_lazy("its inside is cut in two"),
    "duplicate_rings": gettext_lazy("a ring is drawn twice"),
    "too_few_points_in_geometry_component": gettext_lazy("a ring has too few points"),
}


def where(features: Sequence[int], codes: Mapping[int, str], place: Sequence[float] | None) -> str:
    """Feature and place: "feature 12 (medina), feature 13 (ensanche) at -5.36840, 35.57120"; longitude first."""
    shown = [_("feature %(number)s (%(code)s)") % {"number": n, "code": codes[n]} if codes.get(n) else
             _("feature %(number)s") % {"number": n} for n in features[:6]]  # fmt: skip
    if len(features) > 6:
        rest = len(features) - 6
        shown.append(ngettext("%(n)d more", "%(n)d more", rest) % {"n": rest})
    text = ", ".join(shown)
    if place is None:
        return text
    at = f"{place[0]:.5f}, {place[1]:.5f}"
    return _("%(what)s at %(place)s") % {"what": text, "place": at} if text else at


def area_text(square_metres: float | None) -> str:
    """An area in the unit that people would take: m² below a hectare, then ha, then km²."""
    if square_metres is None:
        return ""
    for size, digits, template in _UNITS:
        if abs(square_metres) >= size:
            return template % {"number": number_format(square_metres / size, digits, force_grouping=True)}
    digits = 1 if abs(square_metres) < 100 and square_metres % 1 else 0
    return _("%(number)s m²") % {"number": number_format(square_metres, digits, force_grouping=True)}


def filled(template: str | Promise, params: Mapping[str, Any]) -> str:
    """A sentence with what the child said in its places."""
    values = _Shown(params)
    return str(template) % values


class _Shown(dict[str, Any]):
    """Parameters as they are shown; what a sentence asks for and the child did not say is a dash."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__()
        self.params = params

    def __missing__(self, name: str) -> str:
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self.params)
        return _shown(self.params.get(name))


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return number_format(value, None if isinstance(value, int) else 2, force_grouping=isinstance(value, int))
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "—"
    if isinstance(value, dict):
        return ", ".join(f"{count} × {name}" for name, count in value.items()) or "—"
    return str(value)


def _best(params: Mapping[str, Any]) -> Mapping[str, Any]:
    guesses = params.get("guesses") or [{}]
    return guesses[0] if isinstance(guesses[0], dict) else {}


def guess_text(guess: Mapping[str, Any]) -> str:
    """A coordinate system on offer, with its axes."""
    name = str(guess.get("name", "—"))
    return _("%(system)s, axes swapped") % {"system": name} if guess.get("swapped") else name


def _fit(params: Mapping[str, Any]) -> str:
    offset = _best(params).get("offset_m")
    if offset is None:
        return ""
    return _(", its edges within %(metres)s m of today's") % {"metres": number_format(offset, 0, force_grouping=True)}


def _whereabouts(params: Mapping[str, Any]) -> str:
    if "away_km" in params:
        facts = {
            "lat": params["lat"],
            "lon": params["lon"],
            "km": number_format(params["away_km"], 0, force_grouping=True),
        }
        return _("it would lie at %(lat)s° N, %(lon)s° E, %(km)s km from the city") % facts
    return _("its coordinates (%(extent)s) do not exist there") % {"extent": _shown(params.get("extent"))}


def _extent(params: Mapping[str, Any]) -> str:
    extent = params.get("extent")
    return " ".join(f"{number:.7g}" for number in extent) if isinstance(extent, list) else "—"


def _at_feature(params: Mapping[str, Any]) -> str:
    return _(", at feature %(number)s") % {"number": params["feature"]} if "feature" in params else ""


def _percent(params: Mapping[str, Any]) -> str:
    share = _best(params).get("share")
    return f"{round(100 * share)} %" if isinstance(share, int | float) else "—"


_SPECIAL: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "reason": lambda p: str(_STRUCTURES.get(p.get("reason", "")) or _REASONS.get(p.get("reason", "")) or p.get("reason", "—")),
    "area": lambda p: area_text(p.get("area_m2")),
    "before": lambda p: area_text(p["before_m2"]) if "before_m2" in p else _shown(p.get("before")),
    "after": lambda p: area_text(p["after_m2"]) if "after_m2" in p else _shown(p.get("after")),
    "width": lambda p: number_format(p.get("width_m", p.get("width_cm", 0)), 1),
    "guess": lambda p: guess_text(_best(p)),
    "share": _percent,
    "fit": _fit,
    "whereabouts": _whereabouts,
    "extent": _extent,
    "at_feature": _at_feature,
    "units": lambda p: _shown(p.get("known")),
    "declared": lambda p: _shown(p.get("declared")),
}  # fmt: skip
