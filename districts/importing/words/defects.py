"""What is wrong with a feature or with the layer: a sentence, and its kind in a word or two."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from districts.importing.words.facts import filled

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


def defect_sentence(code: str, params: Mapping[str, Any]) -> str:
    """What is wrong."""
    return filled(DEFECTS.get(code, code), params)


def defect_title(code: str) -> str:
    """The kind of a defect in a word or two; all that has no usable shape is "no area"."""
    return str(_TITLES.get(code, _NO_AREA))
