"""A city's districts as a page offers them: in a select, and as names on a map."""

from dataclasses import dataclass
from functools import cached_property

from django.contrib.gis.db.models.functions import PointOnSurface
from django.contrib.gis.geos import Point
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.translated import Translated, text_in
from districts.models import District

# (code, name), or (name of the group, [(code, name), …])
DistrictChoices = list[tuple[str, str | list[tuple[str, str]]]]
# Longitude, latitude, name.
DistrictLabels = list[tuple[float, float, str]]
# More names than this no map of a whole city can hold.
MOST_LABELS = 80


def district_choices(jurisdiction_id: int) -> DistrictChoices:
    """Active districts by name in the current language, those of the second level grouped under their parent. One statement."""
    rows = District.objects.active().filter(jurisdiction_id=jurisdiction_id).values_list("code", "name", "parent_code")
    return _grouped([(code, name, parent) for code, name, parent in rows])


@dataclass(frozen=True)
class DistrictsOnMap:
    """The active districts of a city for a page that has both a select and a map, in one statement."""

    jurisdiction_id: int

    @cached_property
    def _rows(self) -> list[tuple[str, Translated, str, int | None, Point]]:
        active = District.objects.active().filter(jurisdiction_id=self.jurisdiction_id).order_by("code")
        rows = active.annotate(label=PointOnSurface("geometry"))
        return list(rows.values_list("code", "name", "parent_code", "population", "label"))

    @property
    def choices(self) -> DistrictChoices:
        return _grouped([(code, name, parent) for code, name, parent, _population, _label in self._rows])

    @property
    def labels(self) -> DistrictLabels:
        """Names of the innermost districts, the most populous first; each point lies inside its district."""
        parents = {parent for _code, _name, parent, _population, _label in self._rows}
        inner = [row for row in self._rows if row[0] not in parents]
        language = get_language() or "fr"
        inner.sort(key=lambda row: -(row[3] or 0))
        return [
            (round(label.x, 6), round(label.y, 6), text_in(name, language))
            for _code, name, _parent, _population, label in inner[:MOST_LABELS]
        ]


def _grouped(rows: list[tuple[str, Translated, str]]) -> DistrictChoices:
    language = get_language() or "fr"
    named = sorted(((code, text_in(name, language), parent) for code, name, parent in rows), key=lambda row: row[1])
    children: dict[str, list[tuple[str, str]]] = {}
    for code, name, parent in named:
        children.setdefault(parent, []).append((code, name))
    choices: DistrictChoices = []
    for code, name in children.get("", []):
        if code in children:
            choices.append((name, [(code, _("All of %(district)s") % {"district": name}), *children[code]]))
        else:
            choices.append((code, name))
    return choices
