"""What the child found, in sentences of the current language."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

_UNITS = ((1e6, 2, gettext_lazy("%(number)s km²")), (1e4, 2, gettext_lazy("%(number)s ha")))

# Why a file goes no further.
REFUSALS: dict[str, str | Promise] = {
    "empty_file": gettext_lazy("The file is empty."),
    "file_too_large": gettext_lazy("The file is larger than %(most)s."),
    "missing_file": gettext_lazy("There is no such file."),
    "unknown_format": gettext_lazy(
        "This is none of the formats that can be read: GeoJSON, GeoPackage, zipped Shapefile, FlatGeobuf, KML."
    ),
    "missing_part": gettext_lazy(
        "%(file)s lacks %(part)s. Pack all parts of the Shapefile (.shp, .shx, .dbf, .prj) into one zip."
    ),
    "archive_broken": gettext_lazy("The archive is damaged: %(file)s cannot be unpacked (%(reason)s)."),
    "archive_bomb": gettext_lazy(
        "The archive would unpack to far more than it is (%(bytes)s bytes). It is not opened."
    ),
    "archive_path": gettext_lazy("The archive holds an entry that points out of it: %(entry)s. It is not opened."),
    "archive_link": gettext_lazy("The archive holds a link: %(entry)s. It is not opened."),
    "archive_encrypted": gettext_lazy("The archive has a password: %(entry)s cannot be read."),
    "archive_nested": gettext_lazy(
        "The archive holds only another archive: %(entry)s. Unpack that one and bring its files."
    ),
    "archive_without_layer": gettext_lazy("The archive holds no file with boundaries. Found: %(entries)s."),
    "json_broken": gettext_lazy("This is not well-formed JSON: %(reason)s."),
    "json_structure": gettext_lazy(
        "This JSON is no GeoJSON: a FeatureCollection with features is needed, found: %(found)s."
    ),
    "too_deep": gettext_lazy("The file nests its contents so deeply that it cannot be read."),
    "unreadable_file": gettext_lazy("%(file)s cannot be read: %(reason)s."),
    "no_geometry_at_all": gettext_lazy("%(file)s holds no geometry."),
    "no_features": gettext_lazy("The layer holds no features."),
    "no_polygons": gettext_lazy("The layer holds no areas but %(kinds)s."),
    "too_many_features": gettext_lazy("The layer holds more than %(most)s features."),
    "several_layers": gettext_lazy("The file holds several layers; say which one: %(layers)s."),
    "unknown_layer": gettext_lazy("The file has no layer “%(wanted)s”; it has: %(layers)s."),
    "unknown_field": gettext_lazy("The layer has no field “%(field)s”; it has: %(fields)s."),
    "unknown_crs": gettext_lazy("There is no coordinate system “%(crs)s”."),
    "unknown_encoding": gettext_lazy("There is no text encoding “%(encoding)s”."),
    "crs_missing_unknown": gettext_lazy(
        "The file does not say its coordinate system, and none in use here puts its coordinates (%(extent)s) into the city."
        " Ask whoever drew it, and name it."
    ),
    "not_in_city": gettext_lazy(
        "The file does not lie in this city: %(whereabouts)s. No coordinate system in use here puts it there"
        " (coordinates %(extent)s)."
    ),
    "too_many_defects": gettext_lazy("More than %(most)s defects: this file is not meant for this."),
    "took_too_long": gettext_lazy("Checking took too long and was ended%(at_feature)s."),
    "too_much_memory": gettext_lazy("Checking needed too much memory and was ended%(at_feature)s."),
    "crashed": gettext_lazy("The shapes break the geometry library%(at_feature)s. The file cannot be taken."),
    "catalogue_changed": gettext_lazy("Units or categories were changed meanwhile; check the file again."),
    "file_lost": gettext_lazy("The uploaded file is gone; upload it again."),
    "could_not_check": gettext_lazy("The file could not be checked; that is our fault, not the file's."),
}

# What is wrong with a feature or with the layer.
DEFECTS: dict[str, str | Promise] = {
    "bad_structure": gettext_lazy("The feature cannot be read: %(reason)s."),
    "features_skipped": gettext_lazy("%(count)s features of the file cannot be read; %(read)s can."),
    "bad_crs_member": gettext_lazy(
        "The file's coordinate system is written in no known way (%(found)s) and is passed over."
    ),
    "encoding_missing": gettext_lazy(
        "The file does not state its text encoding. Its texts read well as %(encoding)s: “%(sample)s”."
    ),
    "wrong_encoding": gettext_lazy(
        "The file states %(declared)s as its text encoding, but its texts read well only as %(encoding)s: “%(sample)s”."
    ),
    "misread_names": gettext_lazy(
        "Names were once read with a wrong encoding: “%(before)s” was “%(after)s” (%(encoding)s)."
    ),
    "lost_letters": gettext_lazy("%(count)s names have lost letters for good (� or ????)."),
    "archive_ignored": gettext_lazy("The archive inside the archive was not opened: %(entry)s."),
    "crs_missing": gettext_lazy(
        "The file does not say its coordinate system. With %(guess)s, %(share)s of it lies in the city%(fit)s."
    ),
    "crs_contradicts": gettext_lazy(
        "The coordinates contradict the stated system %(declared)s: %(whereabouts)s. With %(guess)s, %(share)s of the file"
        " lies in the city%(fit)s."
    ),
    "axes_swapped": gettext_lazy(
        "Latitude and longitude are swapped: as it stands, %(whereabouts)s. Swapped, %(share)s of the file lies in the"
        " city%(fit)s."
    ),
    "crs_overridden": gettext_lazy("The file says %(declared)s; %(chosen)s was named and is used."),
    "crs_inexact": gettext_lazy("From %(crs)s to WGS 84 places are known to about %(metres)s m."),
    "has_z": gettext_lazy("%(count)s shapes carry heights or measures (Z, M). Only their outline is used."),
    "open_ring": gettext_lazy("A ring does not end where it began."),
    "broken_ring": gettext_lazy("A ring has too few points to enclose anything."),
    "collection": gettext_lazy("The shape mixes areas with other things: %(polygons)s areas, and %(dropped)s."),
    "no_polygon": gettext_lazy("The shape is no area (%(kind)s)."),
    "not_finite": gettext_lazy("A coordinate is not a number."),
    "no_geometry": gettext_lazy("The feature has no shape."),
    "outside_degrees": gettext_lazy("The coordinates do not exist on earth: %(extent)s."),
    "antimeridian": gettext_lazy("The shape runs once round the earth: it was drawn across 180° of longitude."),
    "invalid": gettext_lazy(
        "The shape is invalid: %(reason)s. Its rings enclose %(before)s; repaired it has %(after)s."
    ),
    "tiny_part": gettext_lazy("A part of the shape has only %(area)s."),
    "many_vertices": gettext_lazy("The shape has %(count)s points; each complaint in it takes longer to route."),
    "too_many_vertices": gettext_lazy("The shape has %(count)s points. Without detail below 10 cm it has %(after)s."),
    "vanished": gettext_lazy("Nothing is left of the feature after the repairs."),
    "nothing_left": gettext_lazy("No feature is left that could be taken."),
    "no_code_field": gettext_lazy("No field holds codes. Codes can be made of the names, such as “%(proposal)s”."),
    "missing_code": gettext_lazy("The feature has no code."),
    "bad_code": gettext_lazy("Nothing of the code “%(value)s” can be written with a-z, 0-9 and hyphens."),
    "codes_rewritten": gettext_lazy(
        "%(count)s codes are written with a-z, 0-9 and hyphens: “%(before)s” becomes “%(after)s”."
    ),
    "duplicate_code": gettext_lazy("%(count)s features have the code “%(value)s”."),
    "no_name_field": gettext_lazy("No field holds the names in: %(languages)s."),
    "missing_name": gettext_lazy("The name is missing in: %(languages)s. Proposed: “%(proposal)s”."),
    "no_level_field": gettext_lazy(
        "The file does not say levels, the edition of today has several. %(known)s of the codes are known from it,"
        " %(new)s are not."
    ),
    "bad_level": gettext_lazy("The level “%(value)s” is none of 1, 2, 3…"),
    "bad_parent": gettext_lazy("The parent “%(value)s” is not in the file, or not above it."),
    "no_top_level": gettext_lazy("No feature has level 1, the top; the highest level is %(level)s."),
    "no_population_field": gettext_lazy("The file has no populations; %(count)s of the codes have one today."),
    "bad_population": gettext_lazy("The population “%(value)s” is no whole number."),
    "repeated_population": gettext_lazy(
        "The same large population, %(value)s, stands at several features: a total of something larger?"
    ),
    "other_service": gettext_lazy("The area belongs to another service (%(value)s) and is not part of this layer."),
    "missing_unit": gettext_lazy("The area names no unit. The city's units: %(units)s."),
    "unknown_unit": gettext_lazy("There is no unit “%(value)s”. The city's units: %(units)s."),
    "unknown_category": gettext_lazy("The service has no category “%(value)s”. It has: %(units)s."),
    "bad_priority": gettext_lazy("The priority “%(value)s” is no whole number."),
    "unknown_schedule": gettext_lazy("There is no schedule “%(value)s”. The city's schedules: %(units)s."),
    "bad_fallback": gettext_lazy(
        "The unit for other hours, “%(value)s”, is not known, or there are no hours. The city's units: %(units)s."
    ),
    "no_schedule_field": gettext_lazy("The file has no hours; %(count)s of the areas answer by hours today."),
    "outside_city": gettext_lazy("The feature lies wholly outside the city (%(area)s)."),
    "overlap": gettext_lazy("Two districts overlap by %(area)s (%(width)s m wide)."),
    "sliver_overlap": gettext_lazy("Sliver: two districts overlap by %(area)s along their border (%(width)s m wide)."),
    "gap": gettext_lazy("Gap: %(area)s between districts belong to none (%(width)s m wide)."),
    "sliver_gap": gettext_lazy("Sliver: a gap of %(area)s along a border belongs to no district (%(width)s m wide)."),
    "hole": gettext_lazy("The district has a hole of %(area)s, which belongs to none."),
    "outside_parent": gettext_lazy("The district reaches out of the one above it by %(area)s."),
    "rounding": gettext_lazy(
        "At %(count)s places borders differ by roundings of at most %(width)s cm, together %(area)s. That is let be."
    ),
    "equal_priority": gettext_lazy(
        "Areas of two units overlap by %(area)s at the same priority (%(priority)s): the smaller area answers there."
    ),
    "city_loses": gettext_lazy("%(area)s that belong to the city today are in no district of this file."),
    "city_gains": gettext_lazy("%(area)s of this file lie outside the city of today."),
}

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

# The kind of a defect in a word or two.
_TITLES: dict[str, str | Promise] = {
    "overlap": pgettext_lazy("defect", "Overlap"),
    "sliver_overlap": pgettext_lazy("defect", "Sliver, overlapping"),
    "gap": pgettext_lazy("defect", "Gap"),
    "sliver_gap": pgettext_lazy("defect", "Sliver, uncovered"),
    "hole": pgettext_lazy("defect", "Hole"),
    "outside_parent": pgettext_lazy("defect", "Beyond the district above"),
    "outside_city": pgettext_lazy("defect", "Outside the city"),
    "invalid": pgettext_lazy("defect", "Invalid shape"),
    "open_ring": pgettext_lazy("defect", "Open ring"),
    "broken_ring": pgettext_lazy("defect", "Broken ring"),
    "collection": pgettext_lazy("defect", "Mixed shape"),
    "has_z": pgettext_lazy("defect", "Heights or measures"),
    "antimeridian": pgettext_lazy("defect", "Across 180°"),
    "many_vertices": pgettext_lazy("defect", "Many points"),
    "too_many_vertices": pgettext_lazy("defect", "Too many points"),
    "tiny_part": pgettext_lazy("defect", "Tiny part"),
    "crs_missing": pgettext_lazy("defect", "Coordinate system missing"),
    "crs_contradicts": pgettext_lazy("defect", "Coordinate system contradicted"),
    "axes_swapped": pgettext_lazy("defect", "Axes swapped"),
    "crs_overridden": pgettext_lazy("defect", "Coordinate system"),
    "crs_inexact": pgettext_lazy("defect", "Coordinate system"),
    "bad_crs_member": pgettext_lazy("defect", "Coordinate system"),
    "encoding_missing": pgettext_lazy("defect", "Text encoding missing"),
    "wrong_encoding": pgettext_lazy("defect", "Wrong text encoding"),
    "misread_names": pgettext_lazy("defect", "Misread names"),
    "lost_letters": pgettext_lazy("defect", "Lost letters"),
    "missing_code": pgettext_lazy("defect", "Code missing"),
    "no_code_field": pgettext_lazy("defect", "No field of codes"),
    "bad_code": pgettext_lazy("defect", "Code"),
    "codes_rewritten": pgettext_lazy("defect", "Code"),
    "duplicate_code": pgettext_lazy("defect", "Same code twice"),
    "missing_name": pgettext_lazy("defect", "Name missing"),
    "no_name_field": pgettext_lazy("defect", "No field of names"),
    "no_level_field": pgettext_lazy("defect", "Level"),
    "bad_level": pgettext_lazy("defect", "Level"),
    "bad_parent": pgettext_lazy("defect", "Level"),
    "no_top_level": pgettext_lazy("defect", "Level"),
    "no_population_field": pgettext_lazy("defect", "Population"),
    "bad_population": pgettext_lazy("defect", "Population"),
    "repeated_population": pgettext_lazy("defect", "Population"),
    "missing_unit": pgettext_lazy("defect", "Unit"),
    "unknown_unit": pgettext_lazy("defect", "Unit"),
    "bad_fallback": pgettext_lazy("defect", "Unit"),
    "no_schedule_field": pgettext_lazy("defect", "Hours"),
    "unknown_schedule": pgettext_lazy("defect", "Hours"),
    "unknown_category": pgettext_lazy("defect", "Category"),
    "bad_priority": pgettext_lazy("defect", "Priority"),
    "equal_priority": pgettext_lazy("defect", "Priority"),
    "other_service": pgettext_lazy("defect", "Another service"),
    "rounding": pgettext_lazy("defect", "Roundings"),
    "city_loses": pgettext_lazy("defect", "The city loses"),
    "city_gains": pgettext_lazy("defect", "The city gains"),
    "archive_ignored": pgettext_lazy("defect", "Archive"),
    "features_skipped": pgettext_lazy("defect", "Unreadable features"),
    "nothing_left": pgettext_lazy("defect", "Nothing left"),
}
_NO_AREA = pgettext_lazy("defect", "No area")

# What is proposed.
REPAIRS: dict[str, str | Promise] = {
    "leave": pgettext_lazy("repair", "Leave it as it is"),
    "leave_out": pgettext_lazy("repair", "Leave the feature out"),
    "use_encoding": pgettext_lazy("repair", "Read the texts as %(encoding)s"),
    "mend_names": pgettext_lazy("repair", "Read the names again as %(encoding)s"),
    "use_crs": pgettext_lazy("repair", "Read the coordinates as %(guess)s"),
    "drop_z": pgettext_lazy("repair", "Drop heights and measures"),
    "close_ring": pgettext_lazy("repair", "Close the ring"),
    "take_polygons": pgettext_lazy("repair", "Take the areas, drop the rest"),
    "split": pgettext_lazy("repair", "Cut it at 180° into two parts"),
    "make_valid": pgettext_lazy("repair", "Redraw it from its rings"),
    "simplify": pgettext_lazy("repair", "Drop detail below 10 cm"),
    "make_code": pgettext_lazy("repair", "Make a code: %(proposal)s"),
    "new_codes": pgettext_lazy("repair", "Give the others codes of their own, such as %(proposal)s"),
    "join": pgettext_lazy("repair", "Join them into one feature"),
    "borrow_name": pgettext_lazy("repair", "Take today's name, else the one in another language, else the code"),
    "levels_of_today": pgettext_lazy("repair", "Take levels and parents of today by code; new ones get level 1"),
    "first_level": pgettext_lazy("repair", "Take level 1"),
    "no_parent": pgettext_lazy("repair", "Do without a parent"),
    "population_of_today": pgettext_lazy("repair", "Keep today's populations by code"),
    "no_population": pgettext_lazy("repair", "Do without a population"),
    "unit_of_today": pgettext_lazy("repair", "Take today's unit: %(proposal)s"),
    "no_priority": pgettext_lazy("repair", "Take priority 0"),
    "hours_of_today": pgettext_lazy("repair", "Keep today's hours and units for other hours by code"),
    "no_fallback": pgettext_lazy("repair", "Do without a unit for other hours"),
    "cut": pgettext_lazy("repair", "Take it from the larger district (feature %(from)s), leave it to feature %(to)s"),
    "fill": pgettext_lazy("repair", "Give it to the neighbour with the longest border (feature %(to)s)"),
    "cut_to_parent": pgettext_lazy("repair", "Cut it at the border of feature %(to)s"),
}


def refusal_sentence(code: str, params: Mapping[str, Any]) -> str:
    """Why a file was refused."""
    return _fill(REFUSALS.get(code, code), params)


def defect_sentence(code: str, params: Mapping[str, Any]) -> str:
    """What is wrong."""
    return _fill(DEFECTS.get(code, code), params)


def defect_title(code: str) -> str:
    """The kind of a defect in a word or two; all that has no usable shape is "no area"."""
    return str(_TITLES.get(code, _NO_AREA))


def repair_sentence(repair: str, params: Mapping[str, Any]) -> str:
    """What is proposed; empty where nothing is."""
    return _fill(REPAIRS.get(repair, repair), params) if repair else ""


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


def _fill(template: str | Promise, params: Mapping[str, Any]) -> str:
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
