"""Why a file goes no further."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from districts.importing.words.facts import filled

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


def refusal_sentence(code: str, params: Mapping[str, Any]) -> str:
    """Why a file was refused."""
    return filled(REFUSALS.get(code, code), params)
