"""The districts of a city as a select offers them."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.translated import text_in
from districts.models import District

# (code, name), or (name of the group, [(code, name), …])
DistrictChoices = list[tuple[str, str | list[tuple[str, str]]]]


def district_choices(jurisdiction_id: int) -> DistrictChoices:
    """Active districts by name in the current language, those of the second level grouped under their parent. One statement."""
    language = get_language() or "fr"
    rows = District.objects.active().filter(jurisdiction_id=jurisdiction_id).values_list("code", "name", "parent_code")
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
