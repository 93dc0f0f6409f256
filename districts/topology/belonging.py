"""What a feature belongs to: levels and parents, residents, services, units and their hours."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from districts.topology.attributes import (
    CODE,
    Described,
    as_code,
    check_alphabet,
    fill_names,
    of_the_layer,
    take_codes,
    take_names,
)
from districts.topology.defects import REMARK, Decisions, Defect
from districts.topology.fields import AREA_FIELDS, Known


def describe(
    count: int,
    fields: Sequence[str],
    columns: Sequence[Sequence[Any]],
    chosen: dict[str, str],
    known: Known,
    decisions: Decisions,
) -> tuple[list[Described], list[Defect]]:
    """What each feature is called and belongs to, and everything that is missing or contradictory about it.

    What is borrowed from today's edition is in the rows already, unless it was decided to do without.
    """
    values = dict(zip(fields, columns, strict=True))
    rows = [Described(number) for number in range(1, count + 1)]
    take_names(rows, values, chosen)
    defects = take_codes(rows, values.get(chosen.get("code", "")))
    if known.kind == "districts":
        defects += _levels(rows, values, chosen, known, decisions)
        defects += _populations(rows, values, chosen, known, decisions)
    else:
        defects += _responsibilities(rows, values, chosen, known, decisions)
    defects += fill_names(rows, chosen, known)
    defects += check_alphabet(rows, decisions)
    return rows, defects


def _levels(
    rows: list[Described], values: dict[str, Sequence[Any]], chosen: dict[str, str], known: Known, decisions: Decisions
) -> list[Defect]:
    levels, parents = values.get(chosen.get("level", "")), values.get(chosen.get("parent", ""))
    deeper = [code for code, facts in known.today.items() if facts.get("level", 1) > 1]
    if levels is None and parents is None:
        shared = [row for row in rows if row.code in known.today]
        if not deeper or not shared:
            return []
        said = of_the_layer("no_level_field", "levels_of_today", {"known": len(shared), "new": len(rows) - len(shared)})
        for row in shared if not decisions.keeps(said) else ():
            row.level = known.today[row.code]["level"]
            row.parent = known.today[row.code].get("parent", "")
        return [said]
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
    rows: list[Described], values: dict[str, Sequence[Any]], chosen: dict[str, str], known: Known, decisions: Decisions
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
    if counted:
        defects.append(of_the_layer("no_population_field", "population_of_today", {"count": len(counted)}))
        for row in counted if not decisions.keeps(defects[-1]) else ():
            row.population = known.today[row.code]["population"]
    return defects


def _responsibilities(
    rows: list[Described], values: dict[str, Sequence[Any]], chosen: dict[str, str], known: Known, decisions: Decisions
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
        defects.append(of_the_layer("no_schedule_field", "hours_of_today", {"count": len(hours)}))
        for row in hours if not decisions.keeps(defects[-1]) else ():
            row.schedule = known.today[row.code]["schedule"]
            row.fallback_unit = known.today[row.code]["fallback_unit"]
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
