"""Reading the TOML files of a city pack (contract.md §5) without touching the database. Every fault is named, none stops."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from catalogue.ladders import parse_reach
from catalogue.schedules import parse_schedule
from catalogue.working_time import parse_week
from reporting.commands import Fault

CODE = re.compile(r"[a-z0-9-]{1,60}")
DURATION = re.compile(r"[1-9][0-9]{0,3} (working )?(day|hour)s?")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_DEADLINES = ("answer", "resolution", "legal")
_TOLD = ("unit", "unit_manager", "triage", "office")
QUESTION_KINDS = {"text", "number", "date", "choice", "multichoice"}


@dataclass
class PackTables:
    """The pack's tables as read: plain dictionaries by code, in the files' order, and everything that is wrong with them."""

    folder: Path
    city: dict[str, Any] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    # category code → its table, with "service" added
    categories: dict[str, dict[str, Any]] = field(default_factory=dict)
    calendars: dict[str, dict[str, Any]] = field(default_factory=dict)
    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    units: dict[str, dict[str, Any]] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    triage_unit: str = ""
    faults: list[Fault] = field(default_factory=list)

    @property
    def languages(self) -> list[str]:
        return [code for code in self.city.get("languages", []) if isinstance(code, str)]

    def fault(self, code: str, message: str, where: str) -> None:
        self.faults.append(Fault(code, message, where))


def read_tables(folder: Path) -> PackTables:
    """Read and check city.toml, units.toml and catalogue.toml of a pack folder."""
    pack = PackTables(folder)
    pack.city = _read_toml(pack, "city.toml")
    if pack.city:
        _check_city(pack)
    units = _read_toml(pack, "units.toml")
    if units:
        _read_units(pack, units)
    catalogue = _read_toml(pack, "catalogue.toml")
    if catalogue:
        _read_catalogue(pack, catalogue)
    return pack


def _read_toml(pack: PackTables, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads((pack.folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        pack.fault("missing_file", f"the pack has no {name}", name)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        pack.fault("unreadable_file", f"not valid TOML: {error}", name)
    except OSError as error:
        pack.fault("unreadable_file", f"cannot be read: {error.strerror}", name)
    return {}


def _check_city(pack: PackTables) -> None:
    city, where = pack.city, "city.toml"
    if not _is_code(city.get("code")):
        pack.fault("bad_code", "code must be 1-60 of a-z, 0-9 and hyphens", where)
    if not re.fullmatch(r"[A-Z][A-Z0-9]{1,5}", str(city.get("tracking_prefix", ""))):
        pack.fault("bad_value", "tracking_prefix must be 2-6 capital letters or digits", where)
    if not pack.languages or len(pack.languages) != len(city.get("languages", [])):
        pack.fault("bad_value", 'languages must be a list such as ["fr", "ar"]', where)
    if city.get("time_zone") not in available_timezones():
        pack.fault("bad_value", f"time_zone {city.get('time_zone')!r} is unknown", where)
    if not re.fullmatch(r"[A-Z]{2}", str(city.get("country", ""))):
        pack.fault("bad_value", "country must be a two-letter code such as MA", where)
    _check_bounds(pack, city.get("bounds"))
    for name, default in (("edge_tolerance_m", 30), ("legal_answer_limit_days", 60), ("verdict_days", 14)):
        if not _is_count(city.setdefault(name, default)):
            pack.fault("bad_value", f"{name} must be a whole number", where)
    retention = city.setdefault("retention", {})
    if not isinstance(retention, dict) or not _is_count(retention.setdefault("reporter_days_after_close", 365)):
        pack.fault("bad_value", "retention.reporter_days_after_close must be a whole number of days", where)
    if not isinstance(city.get("license"), str) or not city["license"].strip():
        pack.fault("missing_value", "license must name the licence of the data", where)
    _check_source(pack, city)
    _check_name(pack, city.get("name"), where)
    for index, closure in enumerate(_tables(pack, city, "closure", where)):
        _check_closure(pack, closure, f"{where} closure {index + 1}")
    for index, entry in enumerate(_tables(pack, city, "emergency", where)):
        _check_name(pack, entry.get("name"), f"{where} emergency {index + 1}")
        if not str(entry.get("number", "")).strip():
            pack.fault("missing_value", "number is missing", f"{where} emergency {index + 1}")


def _check_source(pack: PackTables, city: dict[str, Any]) -> None:
    """One text stands for all languages; a table gives one for each."""
    source = city.get("source")
    if isinstance(source, str) and source.strip():
        city["source"] = {language: source.strip() for language in pack.languages[:1]}
    elif isinstance(source, dict):
        check_name(pack.faults, source, pack.languages, "city.toml source")
    else:
        pack.fault("missing_value", "source must say where the data comes from", "city.toml")


def _check_bounds(pack: PackTables, bounds: Any) -> None:
    numbers = isinstance(bounds, list) and len(bounds) == 4 and all(_is_number(n) for n in bounds)
    if not numbers or not (-180 <= bounds[0] < bounds[2] <= 180 and -90 <= bounds[1] < bounds[3] <= 90):
        pack.fault("bad_value", "bounds must be [west, south, east, north] in degrees", "city.toml")


def _check_closure(pack: PackTables, closure: dict[str, Any], where: str) -> None:
    first = closure.get("first_day", closure.get("date"))
    last = closure.get("last_day", first)
    if not isinstance(first, date) or not isinstance(last, date) or last < first:
        pack.fault("bad_value", "a closure needs `date`, or `first_day` and `last_day` in order", where)
    closure["first_day"], closure["last_day"] = first, last
    if closure.setdefault("kind", "closed") not in ("closed", "worked", "ramadan"):
        pack.fault("bad_value", "the kind of a closure is closed, worked or ramadan", where)
    _check_name(pack, closure.get("name"), where)


def _read_units(pack: PackTables, units: dict[str, Any]) -> None:
    for calendar in _tables(pack, units, "calendar", "units.toml"):
        where = _enter(pack, pack.calendars, calendar, "calendar", "units.toml")
        for hours in ("week", "ramadan"):
            if hours in calendar or hours == "week":
                _check_hours(pack, calendar.get(hours), f"{where}.{hours}")
    for schedule in _tables(pack, units, "schedule", "units.toml"):
        where = _enter(pack, pack.schedules, schedule, "schedule", "units.toml")
        _check_name(pack, schedule.get("name"), where)
        _check_schedule(pack, schedule, where)
    for unit in _tables(pack, units, "unit", "units.toml"):
        where = _enter(pack, pack.units, unit, "unit", "units.toml")
        _check_name(pack, unit.get("name"), where)
        if unit.get("kind") not in {"department", "operator"}:
            pack.fault("bad_value", "kind must be department or operator", where)
        if unit.get("calendar") not in pack.calendars:
            pack.fault("unknown_reference", f"calendar {unit.get('calendar')!r} is not in units.toml", where)
        if unit.get("email") and "@" not in str(unit["email"]):
            pack.fault("bad_value", f"email {unit['email']!r} is no address", where)
    for body in _tables(pack, units, "body", "units.toml"):
        where = _enter(pack, pack.bodies, body, "body", "units.toml")
        _check_name(pack, body.get("name"), where)
        if body.get("email") and "@" not in str(body["email"]):
            pack.fault("bad_value", f"email {body['email']!r} is no address", where)
        if body.get("website") and not str(body["website"]).startswith(("https://", "http://")):
            pack.fault("bad_value", f"website {body['website']!r} must begin with https://", where)
    triage = units.get("triage", {})
    pack.triage_unit = str(triage.get("unit", "")) if isinstance(triage, dict) else ""
    if pack.triage_unit not in pack.units:
        pack.fault("unknown_reference", "[triage] unit must name a [[unit]]", "units.toml")


def _check_hours(pack: PackTables, hours: Any, where: str) -> None:
    try:
        if not isinstance(hours, Mapping):
            raise ValueError('hours by weekday are needed, such as mon = ["08:30-16:30"]')
        parse_week(hours)
    except (ValueError, TypeError, AttributeError) as error:
        pack.fault("bad_value", str(error), where)


def _check_schedule(pack: PackTables, schedule: dict[str, Any], where: str) -> None:
    seasons = schedule.setdefault("seasons", [])
    try:
        if not isinstance(seasons, list):
            raise ValueError('seasons must be a list such as ["06-15/09-15"]')
        parse_schedule(schedule.get("week"), seasons)
    except (ValueError, TypeError, AttributeError) as error:
        pack.fault("bad_value", str(error), where)


def _read_catalogue(pack: PackTables, catalogue: dict[str, Any]) -> None:
    for service in _tables(pack, catalogue, "service", "catalogue.toml"):
        where = _enter(pack, pack.services, service, "service", "catalogue.toml")
        _check_name(pack, service.get("name"), where)
        if service.get("colour") is not None and not COLOUR.fullmatch(str(service["colour"])):
            pack.fault("bad_value", "colour must be #rrggbb", where)
        if service.get("default_unit") is not None and service["default_unit"] not in pack.units:
            pack.fault("unknown_reference", f"default_unit {service['default_unit']!r} is not in units.toml", where)
        service["rung"] = _read_rungs(pack, service, where)
        categories = _tables(pack, service, "category", where)
        if not categories:
            pack.fault("missing_value", "a service needs at least one category", where)
        for category in categories:
            category["service"] = service.get("code")
            _check_category(pack, category)


def _read_rungs(pack: PackTables, service: dict[str, Any], where: str) -> list[dict[str, Any]] | None:
    """The service's own ladder; None where it names none and takes the default."""
    if "rung" not in service:
        return None
    rungs: dict[str, dict[str, Any]] = {}
    for rung in _tables(pack, service, "rung", where):
        place = _enter(pack, rungs, rung, "rung", where)
        for name, known in (("deadline", _DEADLINES), ("tell", _TOLD)):
            if rung.get(name) not in known:
                pack.fault("bad_value", f"{name} must be one of {', '.join(known)}", place)
        try:
            parse_reach(str(rung.get("at", "")))
        except ValueError as error:
            pack.fault("bad_value", f"at: {error}", place)
        if rung.get("name") is not None:
            _check_name(pack, rung["name"], place)
    return list(rungs.values())


def _check_category(pack: PackTables, category: dict[str, Any]) -> None:
    where = _enter(pack, pack.categories, category, "category", "catalogue.toml")
    _check_name(pack, category.get("name"), where)
    if category.get("help") is not None:
        _check_name(pack, category["help"], f"{where}.help")
    for name in ("answer_within", "resolve_within"):
        if not DURATION.fullmatch(str(category.get(name, ""))):
            pack.fault("bad_value", f'{name} must be like "2 working days", "8 working hours" or "5 days"', where)
    allowed = {
        "publication": ("exact", ["exact", "grid", "district", "never"]),
        "publish_text": ("after_review", ["after_review", "never"]),
        "publish_photos": ("after_review", ["after_review", "never"]),
        "evidence": ("none", ["photo", "reason", "none"]),
    }
    for name, (default, values) in allowed.items():
        if category.setdefault(name, default) not in values:
            pack.fault("bad_value", f"{name} must be one of {', '.join(values)}", where)
    if not isinstance(category.setdefault("urgent", False), bool):
        pack.fault("bad_value", "urgent must be true or false", where)
    keywords = category.setdefault("keywords", [])
    if not isinstance(keywords, list) or not all(isinstance(word, str) and len(word) <= 60 for word in keywords):
        pack.fault("bad_value", "keywords must be a list of short texts", where)
    questions: dict[str, dict[str, Any]] = {}
    for question in _tables(pack, category, "question", where):
        _check_question(pack, question, questions, where)
    category["question"] = list(questions.values())


def _check_question(pack: PackTables, question: dict[str, Any], known: dict[str, dict[str, Any]], where: str) -> None:
    where = _enter(pack, known, question, "question", where)
    _check_name(pack, question.get("label"), where)
    if question.get("kind") not in QUESTION_KINDS:
        pack.fault("bad_value", f"kind must be one of {', '.join(sorted(QUESTION_KINDS))}", where)
    choices: dict[str, dict[str, Any]] = {}
    for choice in _tables(pack, question, "choices", where):
        _check_name(pack, choice.get("name"), _enter(pack, choices, choice, "choice", where))
    if question.get("kind") in {"choice", "multichoice"} and not choices:
        pack.fault("missing_value", "a choice needs choices", where)


def _enter(pack: PackTables, known: dict[str, dict[str, Any]], table: dict[str, Any], noun: str, where: str) -> str:
    """Check a table's code, put it into `known`, and return how faults in it are to be placed."""
    code = table.get("code")
    place = f"{where} {noun} {code}"
    if not _is_code(code):
        pack.fault("bad_code", f"{noun} code {code!r} must be 1-60 of a-z, 0-9 and hyphens", where)
    elif str(code) in known:
        pack.fault("duplicate_code", f"{noun} {code} is given twice", where)
    else:
        known[str(code)] = table
    return place


def _tables(pack: PackTables, table: Mapping[str, Any], name: str, where: str) -> Sequence[dict[str, Any]]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        pack.fault("bad_value", f"{name} must be a list of tables ([[{name}]])", where)
        return []
    return value


def _check_name(pack: PackTables, name: Any, where: str) -> None:
    check_name(pack.faults, name, pack.languages, where)


def check_name(faults: list[Fault], name: Any, languages: Iterable[str], where: str) -> None:
    """A text must be given in each of the city's languages; further languages are welcome."""
    if not isinstance(name, dict) or not all(isinstance(text, str) for text in name.values()):
        faults.append(Fault("bad_value", 'a text by language is needed, such as {fr = "…", ar = "…"}', where))
        return
    for language in languages:
        if not name.get(language, "").strip():
            faults.append(Fault("missing_name", f"the text in {language!r} is missing", where))


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and CODE.fullmatch(value) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
