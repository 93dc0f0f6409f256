"""The mapping file of `import_complaints` (contract.md §6): which column means what. Pure; every fault is named."""

import codecs
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from catalogue.snapshot import Snapshot
from catalogue.working_time import instant_of
from complaints.workflow import State
from reporting.commands import Fault

FORMATS = ("csv", "geojson", "xlsx", "open311-json")
REQUIRED_COLUMNS = ("id", "submitted_at", "state", "category")
COLUMNS = (*REQUIRED_COLUMNS, "longitude", "latitude", "closed_at", "description", "location_text", "stated_district")


@dataclass(frozen=True)
class Mapping:
    """A mapping file as read. `columns` are our names → the file's; "" or absent means there is none."""

    format: str
    delimiter: str
    encoding: str
    source: str
    columns: dict[str, str]
    # What stands between whole degrees and their fraction: "." or ",".
    decimal: str
    # Open311 endpoints: how far back to ask, and how many requests a page.
    since: date
    page_size: int
    date_formats: tuple[str, ...]
    zone: ZoneInfo
    states: dict[str, State]
    categories: dict[str, str]

    def state_of(self, text: str) -> State | None:
        return self.states.get(text) or self.states.get("*")

    def category_of(self, text: str) -> str | None:
        return self.categories.get(text) or self.categories.get("*")

    def instant_of(self, value: object) -> datetime | None:
        """A date of the file as an instant. Text without an offset is wall time in the mapping's zone. None if unreadable."""
        if isinstance(value, datetime):
            return self._instant(value)
        text = str(value).strip()
        for pattern in self.date_formats:
            try:
                return self._instant(datetime.strptime(text, pattern))  # noqa: DTZ007 - the zone is the mapping's
            except ValueError:
                continue
        return None

    def _instant(self, moment: datetime) -> datetime:
        return moment.astimezone(UTC) if moment.tzinfo else instant_of(moment, self.zone)


@dataclass
class MappingResult:
    mapping: Mapping | None = None
    faults: list[Fault] = field(default_factory=list)


def read_mapping(file: Path, catalogue: Snapshot) -> MappingResult:
    """Read a mapping file and check it against a city's catalogue."""
    result = MappingResult()
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        result.faults.append(Fault("unreadable_file", f"the mapping cannot be read: {error}", file.name))
        return result
    tables = {name: _texts(raw.get(name, {})) for name in ("columns", "states", "categories")}
    dates = raw.get("dates", {}) if isinstance(raw.get("dates", {}), dict) else {}
    zone, formats = str(dates.get("time_zone", "")), dates.get("formats", [])

    def fault(code: str, message: str) -> None:
        result.faults.append(Fault(code, message, file.name))

    for name, table in tables.items():
        if table is None:
            fault("bad_value", f"[{name}] must be a table of texts")
    columns, states, categories = (tables[name] or {} for name in ("columns", "states", "categories"))
    endpoint = raw.get("endpoint", {}) if isinstance(raw.get("endpoint", {}), dict) else {}
    delimiter, decimal = str(raw.get("delimiter", ",")), str(raw.get("decimal", "."))
    since, page_size = endpoint.get("since", date(2000, 1, 1)), endpoint.get("page_size", 100)
    if len(delimiter) != 1 or (not delimiter.isprintable() and delimiter != "\t"):
        fault("bad_value", 'delimiter must be one character, such as ";" or "\\t"')
    if decimal not in (".", ","):
        fault("bad_value", 'decimal must be "." or ","')
    if not isinstance(since, date) or isinstance(since, datetime):
        fault("bad_value", "[endpoint] since must be a date, such as 2015-01-01")
    if not isinstance(page_size, int) or isinstance(page_size, bool) or not 1 <= page_size <= 1000:
        fault("bad_value", "[endpoint] page_size must be a whole number from 1 to 1000")
    try:
        codecs.lookup(str(raw.get("encoding", "utf-8")))
    except LookupError:
        fault("bad_value", f"encoding {raw.get('encoding')!r} is unknown")
    if raw.get("format") not in FORMATS:
        fault("bad_value", f"format must be one of {', '.join(FORMATS)}")
    if not str(raw.get("source", "")).strip():
        fault("missing_value", "source must name where the records come from")
    for name in REQUIRED_COLUMNS:
        if not columns.get(name):
            fault("missing_value", f"[columns] {name} is missing")
    for name in columns:
        if name not in COLUMNS:
            fault("bad_value", f"[columns] {name} is not known; known are {', '.join(COLUMNS)}")
    if zone not in available_timezones():
        fault("bad_value", f"[dates] time_zone {zone!r} is unknown")
    if not isinstance(formats, list) or not formats or not all(isinstance(item, str) for item in formats):
        fault("bad_value", "[dates] formats must be a list of strptime patterns")
    for text, state in states.items():
        if state not in State.values:
            fault("bad_value", f"[states] {text!r}: {state!r} is no state")
    for text, code in categories.items():
        if code not in catalogue.categories:
            fault("unknown_reference", f"[categories] {text!r}: the city has no category {code!r}")
    if not result.faults:
        result.mapping = Mapping(
            format=raw["format"],
            delimiter=delimiter,
            decimal=decimal,
            since=since,
            page_size=page_size,
            encoding=str(raw.get("encoding", "utf-8")),
            source=str(raw["source"]).strip(),
            columns={name: column for name, column in columns.items() if column},
            date_formats=tuple(formats),
            zone=ZoneInfo(zone),
            states={text: State(state) for text, state in states.items()},
            categories=categories,
        )
    return result


def _texts(value: object) -> dict[str, str] | None:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        return None
    return {str(key): item for key, item in value.items()}
