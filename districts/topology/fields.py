"""Which field of a layer says what: guessed from names and values."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

_ARABIC = re.compile(r"[\u0600-\u06ff\u0750-\u077f]")
_LETTER = re.compile(r"[^\W\d_]")

# Field names as they are met, in the order of trust; compared in lower case without accents, signs and spaces.
_CODES = (
    "code", "codedistrict", "districtcode", "codequartier", "codearea", "areacode", "codecommune", "codecommu", "codeinsee",
    "insee", "refinsee", "geocode", "identifier", "identifiant", "ref", "reference", "slug", "key", "cd", "ncid",
)  # fmt: skip
# Numbers of rows rather than of things: only where nothing better is there.
_ROW_NUMBERS = ("id", "number", "numero", "num", "no", "osmid", "gid", "fid", "objectid")
_LANGUAGES = {
    "ar": ("ar", "ara", "arabe", "arabic", "arab"),
    "fr": ("fr", "fra", "fre", "francais", "french", "lat", "latin"),
    "en": ("en", "eng", "english", "anglais"),
    "es": ("es", "spa", "espanol", "spanish", "espagnol"),
}
_NAME_STEMS = ("name", "nom", "libelle", "label", "lib", "intitule", "title", "designation", "toponyme", "nomcommune")
_STEM_OF = {
    "nom": "fr", "libelle": "fr", "lib": "fr", "intitule": "fr", "designation": "fr", "nomcommune": "fr",
    "name": "en", "label": "en", "title": "en",
}  # fmt: skip
_OTHERS = {
    "level": ("level", "niveau", "adminlevel", "niv"),
    "parent": ("parent", "parentcode", "codeparent", "parentid"),
    "population": (
        "population",
        "pop",
        "habitants",
        "inhabitants",
        "residents",
        "population2024",
        "pop2024",
        "populati1",
    ),
    "service": ("service", "servicecode"),
    "unit": ("unit", "unite", "unitcode", "agency", "responsible", "operateur", "operator"),
    "category": ("category", "categorie", "categorycode"),
    "priority": ("priority", "priorite", "rank"),
    "schedule": ("schedule", "horaire", "hours"),
    "fallback_unit": ("fallbackunit", "fallback"),
}
DISTRICT_FIELDS = ("level", "parent", "population")
AREA_FIELDS = ("service", "unit", "category", "priority", "schedule", "fallback_unit")


@dataclass
class Known:
    """What the city knows: its languages, codes that may be referred to, and its features of today by code."""

    languages: tuple[str, ...]
    kind: str = "districts"  # or "service-areas"
    service: str = ""
    units: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    schedules: frozenset[str] = frozenset()
    today: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def roles(self) -> tuple[str, ...]:
        """What fields may be chosen for, beside the code and the names."""
        return DISTRICT_FIELDS if self.kind == "districts" else AREA_FIELDS


def guess_fields(fields: Sequence[str], columns: Sequence[Sequence[Any]], known: Known) -> dict[str, str]:
    """{role: field} for what can be told: "code", "name_fr", "level"… A field serves once."""
    plain = {name: _plain(name) for name in fields}
    values = dict(zip(fields, columns, strict=True))
    found: dict[str, str] = {}
    for role in known.roles:
        match = next((f for wanted in _OTHERS[role] for f in fields if plain[f] == wanted), None)
        if match:
            found[role] = match
    _guess_names(fields, plain, values, known, found)
    free = [f for f in fields if f not in found.values()]
    candidates = [f for wanted in _CODES for f in free if plain[f] == wanted]
    candidates += [f for f in free if f not in candidates and re.search(r"^code|code$|_id$|^id_", f.lower())]
    candidates += [f for wanted in _ROW_NUMBERS for f in free if plain[f] == wanted]
    candidates.sort(key=lambda f: not _is_key(values[f]))
    if candidates and sum(value not in (None, "") for value in values[candidates[0]]) * 2 > len(values[candidates[0]]):
        found["code"] = candidates[0]
    return found


def _guess_names(
    fields: Sequence[str],
    plain: dict[str, str],
    values: dict[str, Sequence[Any]],
    known: Known,
    found: dict[str, str],
) -> None:
    """First the fields that say their language; then "nom" for French and "name" for English; then any by its letters."""

    def take(language: str, wanted: Iterable[str], *, by_letters: bool) -> None:
        script = "arabic" if language == "ar" else "latin"
        for plain_name in wanted:
            for name in fields:
                fits = plain[name] == plain_name and name not in found.values()
                if (
                    fits
                    and f"name_{language}" not in found
                    and (not by_letters or _script(values[name]) in (script, ""))
                ):
                    found[f"name_{language}"] = name

    for language in known.languages:
        tags = _LANGUAGES.get(language, (language,))
        pairs = [(stem, tag) for stem in _NAME_STEMS for tag in tags]
        take(language, [stem + tag for stem, tag in pairs] + [tag + stem for stem, tag in pairs], by_letters=False)
    for language in known.languages:
        take(language, [stem for stem in _NAME_STEMS if _STEM_OF.get(stem) == language], by_letters=True)
    for language in known.languages:
        take(language, _NAME_STEMS, by_letters=True)


def _plain(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", bare.lower())


def _is_key(column: Sequence[Any]) -> bool:
    given = [value for value in column if value not in (None, "")]
    return len(given) == len(column) and len(set(map(str, given))) == len(given)


def _script(column: Iterable[Any]) -> str:
    text = "".join(str(value) for value in column if isinstance(value, str))[:20_000]
    letters = len(_LETTER.findall(text))
    if not letters:
        return ""
    return "arabic" if len(_ARABIC.findall(text)) > letters / 2 else "latin"
