"""What is proposed."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from districts.importing.words.facts import filled

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


def repair_sentence(repair: str, params: Mapping[str, Any]) -> str:
    """What is proposed; empty where nothing is."""
    return filled(REPAIRS.get(repair, repair), params) if repair else ""
