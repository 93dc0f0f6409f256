"""Which field says what: codes, names by language, levels, units; guessed from names and values, chosen by people."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from districts.topology import encodings
from districts.topology.defects import FAULT, LEAVE, REMARK, Defect

CODE = re.compile(r"[a-z0-9-]{1,60}")
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


@dataclass
class Described:
    """What the columns say of one feature; values that were wanting hold what is proposed."""

    number: int
    code: str = ""
    name: dict[str, str] = field(default_factory=dict)
    level: int = 1
    parent: str = ""
    population: int | None = None
    unit: str = ""
    category: str = ""
    priority: int = 0
    schedule: str = ""
    fallback_unit: str = ""
    service: str = ""


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
                if fits and f"name_{language}" not in found and (not by_letters or _script(values[name]) == script):
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


def as_code(text: str) -> str:
    """A code in our alphabet from what a file gives: "03.531.05.11." → "03-531-05-11", "Aïn Khabbaz" → "ain-khabbaz"."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:60].strip("-")


def describe(
    count: int, fields: Sequence[str], columns: Sequence[Sequence[Any]], chosen: dict[str, str], known: Known
) -> tuple[list[Described], list[Defect]]:
    """What each feature is called and belongs to, and everything that is missing or contradictory about it."""
    values = dict(zip(fields, columns, strict=True))
    rows = [Described(number) for number in range(1, count + 1)]
    _names(rows, values, chosen)
    defects = _codes(rows, values.get(chosen.get("code", "")))
    if known.kind == "districts":
        defects += _levels(rows, values, chosen, known)
        defects += _populations(rows, values, chosen, known)
    else:
        defects += _responsibilities(rows, values, chosen, known)
    defects += _missing_names(rows, chosen, known)
    defects += _alphabet(rows)
    return rows, defects


def _codes(rows: list[Described], column: Sequence[Any] | None) -> list[Defect]:
    """Codes in our alphabet; where there is none, one is made of the name, else of the number."""
    defects, rewritten = [], []
    values = ["" if value is None else str(value).strip() for value in (column or [None] * len(rows))]
    for row, given in zip(rows, values, strict=True):
        row.code = given if CODE.fullmatch(given) else as_code(given)
        if row.code and row.code != given:
            rewritten.append((given, row.code))
    taken = {row.code for row in rows}
    for row, given in zip(rows, values, strict=True):
        if row.code:
            continue
        stem = next((code for text in row.name.values() if (code := as_code(text))), "") or f"area-{row.number}"
        row.code = free_code(stem, taken)
        if column is not None:
            code = "bad_code" if given else "missing_code"
            params: dict[str, Any] = {"value": given, "proposal": row.code}
            defects.append(Defect(code, features=(row.number,), params=params, repair="make_code", moved_m2=0.0))
    if column is None:
        defects.append(Defect("no_code_field", params={"proposal": rows[0].code}, repair="make_code", moved_m2=0.0))
    if rewritten:
        params = {"count": len(rewritten), "before": rewritten[0][0], "after": rewritten[0][1]}
        defects.append(Defect("codes_rewritten", REMARK, params=params))
    return defects


def free_code(stem: str, taken: set[str]) -> str:
    """`stem`, or with the first number behind it that makes it new; it is taken then."""
    code, number = stem, 1
    while code in taken:
        number += 1
        code = f"{stem[:54]}-{number}"
    taken.add(code)
    return code


def _names(rows: list[Described], values: dict[str, Sequence[Any]], chosen: dict[str, str]) -> None:
    for role, name in chosen.items():
        if role.startswith("name_") and name in values:
            for row, value in zip(rows, values[name], strict=True):
                text = "" if value is None else " ".join(str(value).split())
                if text:
                    row.name[role.removeprefix("name_")] = text[:200]


def _missing_names(rows: list[Described], chosen: dict[str, str], known: Known) -> list[Defect]:
    """Fill what is missing with today's name, a name in another language, or the code; say so for each."""
    defects = []
    without_field = tuple(lang for lang in known.languages if f"name_{lang}" not in chosen)
    if without_field:
        params: dict[str, Any] = {"languages": list(without_field)}
        defects.append(Defect("no_name_field", params=params, repair="borrow_name", moved_m2=0.0))
    for row in rows:
        missing = tuple(lang for lang in known.languages if not row.name.get(lang))
        own = [lang for lang in missing if lang not in without_field]
        today = known.today.get(row.code, {}).get("name", {})
        for language in missing:
            row.name[language] = today.get(language) or _borrowed(row, language) or row.code
        if own:
            params = {"languages": own, "proposal": row.name[own[0]]}
            defects.append(
                Defect("missing_name", features=(row.number,), params=params, repair="borrow_name", moved_m2=0.0)
            )
    return defects


def _borrowed(row: Described, language: str) -> str:
    """The name in another language, one of the same letters first."""
    others = [code for code, text in row.name.items() if text and code != language]
    others.sort(key=lambda code: ((code == "ar") != (language == "ar"), code))
    return row.name[others[0]] if others else ""


def _levels(
    rows: list[Described], values: dict[str, Sequence[Any]], chosen: dict[str, str], known: Known
) -> list[Defect]:
    levels, parents = values.get(chosen.get("level", "")), values.get(chosen.get("parent", ""))
    deeper = [code for code, facts in known.today.items() if facts.get("level", 1) > 1]
    if levels is None and parents is None:
        shared = [row for row in rows if row.code in known.today]
        if not deeper or not shared:
            return []
        for row in shared:
            row.level = known.today[row.code]["level"]
            row.parent = known.today[row.code].get("parent", "")
        params: dict[str, Any] = {"known": len(shared), "new": len(rows) - len(shared)}
        return [Defect("no_level_field", params=params, repair="levels_of_today", moved_m2=0.0, keepable=True)]
    defects = []
    for position, row in enumerate(rows):
        given = levels[position] if levels is not None else None
        parent = parents[position] if parents is not None else None
        row.parent = _reference(parent)
        level = _whole(given)
        if given is not None and (level is None or not 1 <= level <= 9):
            defects.append(
                Defect("bad_level", features=(row.number,), params={"value": str(given)[:40]}, repair="first_level",
                       moved_m2=0.0)
            )  # fmt: skip
            level = None
        row.level = level if level else (2 if row.parent and levels is None else 1)
    return defects


def check_nesting(rows: list[Described]) -> list[Defect]:
    """Parents that are not in the file, or not above; what is proposed is to do without."""
    by_code = {row.code: row for row in rows}
    defects = []
    for row in rows:
        parent = by_code.get(row.parent) if row.parent else None
        if row.parent and (parent is None or parent.level >= row.level or parent is row):
            defects.append(
                Defect(
                    "bad_parent", features=(row.number,), params={"value": row.parent}, repair="no_parent", moved_m2=0.0
                )
            )
            row.parent = ""
    if rows and all(row.level != 1 for row in rows):
        defects.append(Defect("no_top_level", params={"level": min(row.level for row in rows)}))
    return defects


def _populations(
    rows: list[Described], values: dict[str, Sequence[Any]], chosen: dict[str, str], known: Known
) -> list[Defect]:
    column = values.get(chosen.get("population", ""))
    defects = []
    if column is not None:
        for row, value in zip(rows, column, strict=True):
            row.population = _whole(value)
            if value is not None and (row.population is None or not 0 <= row.population < 2**31):
                row.population = None
                defects.append(Defect("bad_population", features=(row.number,), params={"value": str(value)[:40]},
                                      repair="no_population", moved_m2=0.0))  # fmt: skip
        counts = Counter(row.population for row in rows if row.population and row.population > 1000)
        for population, times in counts.items():
            if times > 1 and len(rows) > 2 and population > sum(r.population or 0 for r in rows) / 10:
                numbers = tuple(row.number for row in rows if row.population == population)
                defects.append(Defect("repeated_population", REMARK, features=numbers, params={"value": population}))
        return defects
    counted = [row for row in rows if known.today.get(row.code, {}).get("population") is not None]
    for row in counted:
        row.population = known.today[row.code]["population"]
    if counted:
        params: dict[str, Any] = {"count": len(counted)}
        defects.append(
            Defect("no_population_field", params=params, repair="population_of_today", moved_m2=0.0, keepable=True)
        )
    return defects


def _responsibilities(
    rows: list[Described], values: dict[str, Sequence[Any]], chosen: dict[str, str], known: Known
) -> list[Defect]:
    defects = []
    columns = {role: values.get(chosen.get(role, "")) for role in AREA_FIELDS}
    for position, row in enumerate(rows):
        given = {role: column[position] if column is not None else None for role, column in columns.items()}
        today = known.today.get(row.code, {})
        row.service = _reference(given["service"]) or known.service
        if row.service != known.service:
            defects.append(Defect("other_service", REMARK, features=(row.number,), params={"value": row.service}))
            continue
        row.unit = _reference(given["unit"])
        if row.unit not in known.units:
            proposal = today.get("unit", "")
            params: dict[str, Any] = {"value": row.unit, "known": sorted(known.units)[:30], "proposal": proposal}
            code = "unknown_unit" if row.unit else "missing_unit"
            repair = "unit_of_today" if proposal else ""
            defects.append(
                Defect(code, features=(row.number,), params=params, repair=repair, moved_m2=0.0 if repair else None)
            )
            row.unit = proposal
        row.category = _reference(given["category"])
        if row.category and row.category not in known.categories:
            params = {"value": row.category, "known": sorted(known.categories)[:30]}
            defects.append(Defect("unknown_category", features=(row.number,), params=params))
        priority = _whole(given["priority"])
        if given["priority"] is not None and (priority is None or abs(priority) > 1_000_000):
            params = {"value": str(given["priority"])[:40]}
            defects.append(
                Defect("bad_priority", features=(row.number,), params=params, repair="no_priority", moved_m2=0.0)
            )
        row.priority = priority if priority is not None and abs(priority) <= 1_000_000 else 0
        defects += _hours(row, given, known)
    if columns["schedule"] is None and (
        hours := [row for row in rows if known.today.get(row.code, {}).get("schedule")]
    ):
        for row in hours:
            row.schedule = known.today[row.code]["schedule"]
            row.fallback_unit = known.today[row.code]["fallback_unit"]
        params = {"count": len(hours)}
        defects.append(Defect("no_schedule_field", params=params, repair="hours_of_today", moved_m2=0.0, keepable=True))
    return defects


def _hours(row: Described, given: dict[str, Any], known: Known) -> list[Defect]:
    """When it is an area's turn, and who answers at other times; both must be known to the city."""
    defects = []
    row.schedule, row.fallback_unit = _reference(given["schedule"]), _reference(given["fallback_unit"])
    if row.schedule and row.schedule not in known.schedules:
        params = {"value": row.schedule, "known": sorted(known.schedules)[:30]}
        defects.append(Defect("unknown_schedule", features=(row.number,), params=params))
    if row.fallback_unit and (row.fallback_unit not in known.units or not row.schedule):
        params = {"value": row.fallback_unit, "known": sorted(known.units)[:30]}
        defects.append(
            Defect("bad_fallback", features=(row.number,), params=params, repair="no_fallback", moved_m2=0.0)
        )
        row.fallback_unit = ""
    return defects


def _alphabet(rows: list[Described]) -> list[Defect]:
    """Names that were read in a wrong alphabet before they came here, or that lost letters for good."""
    texts = [text for row in rows for text in row.name.values()]
    defects = []
    if found := encodings.misreading(texts):
        taken_for, really, sample = found
        before = next(t for t in texts if encodings.mend(t, taken_for, really) not in (None, t))
        params: dict[str, Any] = {"encoding": really, "before": before[:60], "after": sample}
        for row in rows:
            row.name = {code: encodings.mend(text, taken_for, really) or text for code, text in row.name.items()}
        defects.append(Defect("misread_names", FAULT, params=params, repair="mend_names", moved_m2=0.0, keepable=True))
    lost = tuple(row.number for row in rows if any("\ufffd" in text or "????" in text for text in row.name.values()))
    if lost:
        params = {"count": len(lost)}
        defects.append(
            Defect("lost_letters", features=lost[:50], params=params, repair=LEAVE, moved_m2=0.0, keepable=True)
        )
    return defects


def _reference(value: Any) -> str:
    text = "" if value is None else str(value).strip()
    return text if CODE.fullmatch(text) or not text else as_code(text)


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value) if not isinstance(value, str) else float(value.replace("\u202f", "").replace(" ", ""))
    except (ValueError, OverflowError):
        return None
    return int(number) if number == number and abs(number) < 1e15 and number == int(number) else None
