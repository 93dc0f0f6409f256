"""What the columns say of each feature: codes and names, what is missing or double about them, what is borrowed instead."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from districts.topology import encodings
from districts.topology.defects import LEAVE, REMARK, Decisions, Defect
from districts.topology.fields import Known

CODE = re.compile(r"[a-z0-9-]{1,60}")


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


def as_code(text: str) -> str:
    """A code in our alphabet from what a file gives: "03.531.05.11." → "03-531-05-11", "Aïn Khabbaz" → "ain-khabbaz"."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:60].strip("-")


def free_code(stem: str, taken: set[str]) -> str:
    """`stem`, or with the first number behind it that makes it new; it is taken then."""
    code, number = stem, 1
    while code in taken:
        number += 1
        code = f"{stem[:54]}-{number}"
    taken.add(code)
    return code


def of_the_layer(code: str, repair: str, params: dict[str, Any]) -> Defect:
    """A defect of the whole layer that may be let be; there is one of its code, so its key is known beforehand."""
    return Defect(code, params=params, repair=repair, moved_m2=0.0, keepable=True, key=code)


def take_names(rows: list[Described], values: dict[str, Sequence[Any]], chosen: dict[str, str]) -> None:
    for role, name in chosen.items():
        if role.startswith("name_") and name in values:
            for row, value in zip(rows, values[name], strict=True):
                text = "" if value is None else " ".join(str(value).split())
                if text:
                    row.name[role.removeprefix("name_")] = text[:200]


def take_codes(rows: list[Described], column: Sequence[Any] | None) -> list[Defect]:
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


def fill_names(rows: list[Described], chosen: dict[str, str], known: Known) -> list[Defect]:
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


def check_alphabet(rows: list[Described], decisions: Decisions) -> list[Defect]:
    """Names that were read in a wrong alphabet before they came here, or that lost letters for good."""
    texts = [text for row in rows for text in row.name.values()]
    defects = []
    if found := encodings.misreading(texts):
        taken_for, really, sample = found
        before = next(t for t in texts if encodings.mend(t, taken_for, really) not in (None, t))
        params: dict[str, Any] = {"encoding": really, "before": before[:60], "after": sample}
        defects.append(of_the_layer("misread_names", "mend_names", params))
        for row in rows if not decisions.keeps(defects[-1]) else ():
            row.name = {code: encodings.mend(text, taken_for, really) or text for code, text in row.name.items()}
    lost = tuple(row.number for row in rows if any("\ufffd" in text or "????" in text for text in row.name.values()))
    if lost:
        params = {"count": len(lost)}
        defects.append(
            Defect("lost_letters", features=lost[:50], params=params, repair=LEAVE, moved_m2=0.0, keepable=True)
        )
    return defects
