"""Reading `contracts.toml` of a city pack without touching the database. Every fault is named, none stops."""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import shapely
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from shapely import MultiPolygon

from complaints.deadlines import parse_duration
from contracts.models import Clause
from contracts.procedure import Silence
from districts.citypack.tables import CODE, PackTables, check_name
from reporting.commands import Fault

FILE = "contracts.toml"
# A rate, a cap or a limit above this is a slip of the pen: a thousand million.
_LARGEST = Decimal(10) ** 9


@dataclass(frozen=True)
class NewClause:
    code: str
    article: str
    name: dict[str, str]
    text: dict[str, str]
    breach: str
    categories: tuple[str, ...]
    per: str
    amount_centimes: int
    grace: str
    most_centimes: int | None
    indexed: bool


@dataclass(frozen=True)
class NewVersion:
    """The terms from a day on, and the digest by which the same terms are known again."""

    valid_from: date
    currency: str
    contest_within: str
    appeal_within: str
    silence: str
    cap_percent: Decimal | None
    cap_centimes: int | None
    second_signature_from_centimes: int | None
    second_signature_from_count: int | None
    index_name: str
    index_base: Decimal | None
    clauses: tuple[NewClause, ...]

    @property
    def digest(self) -> str:
        text = json.dumps(self, default=_plain, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class NewContract:
    code: str
    unit: str
    prefix: str
    reference: str
    name: dict[str, str]
    services: tuple[str, ...]
    starts_on: date
    ends_on: date
    email: str
    # WKB of a multipolygon in WGS 84, or None: the city's service areas.
    territory: bytes | None
    versions: tuple[NewVersion, ...]


@dataclass
class PackContracts:
    """The contracts of a pack, and everything that is wrong with them. `is_given` False: the pack has no such file."""

    is_given: bool = False
    treasury_email: str = ""
    payment_days: int = 30
    contracts: list[NewContract] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_contracts(pack: PackTables) -> PackContracts:
    """Read and check the contracts of a pack whose tables were read. The file may be absent."""
    found = PackContracts()
    path = pack.folder / FILE
    if not path.exists():
        return found
    found.is_given = True
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found.faults.append(Fault("unreadable_file", f"not valid TOML: {error}", FILE))
        return found
    except OSError as error:
        found.faults.append(Fault("unreadable_file", f"cannot be read: {error.strerror}", FILE))
        return found
    _Reader(pack, found).read(table)
    return found


class _Reader:
    """One run over the file: what it refers to, and where faults go."""

    def __init__(self, pack: PackTables, found: PackContracts) -> None:
        self.pack, self.found = pack, found

    def fault(self, code: str, message: str, where: str) -> None:
        self.found.faults.append(Fault(code, message, where))

    def read(self, table: Mapping[str, Any]) -> None:
        treasury = table.get("treasury", {})
        if not isinstance(treasury, dict):
            self.fault("bad_value", "[treasury] must be a table", FILE)
            treasury = {}
        self.found.treasury_email = self.email(treasury, f"{FILE} treasury")
        days = treasury.get("payment_days", 30)
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= 3650:
            self.fault("bad_value", "payment_days must be a whole number of days", f"{FILE} treasury")
        else:
            self.found.payment_days = days
        codes: set[str] = set()
        prefixes: set[str] = set()
        for row in self.tables(table, "contract", FILE):
            contract = self.contract(row, f"{FILE} contract {row.get('code')}")
            for known, value in ((codes, contract.code), (prefixes, contract.prefix)):
                if value in known:
                    self.fault("duplicate_code", f"{value} is given twice", f"{FILE} contract {contract.code}")
                known.add(value)
            self.found.contracts.append(contract)

    def contract(self, row: Mapping[str, Any], where: str) -> NewContract:
        starts, ends = (self.day(row, name, where) for name in ("starts_on", "ends_on"))
        if ends < starts:
            self.fault("bad_value", "ends_on lies before starts_on", where)
        versions = tuple(
            self.version(version, f"{where} version {version.get('valid_from')}")
            for version in self.tables(row, "version", where)
        )
        if not versions:
            self.fault("missing_value", "a contract needs at least one [[contract.version]]", where)
        elif min(version.valid_from for version in versions) > starts:
            self.fault("bad_value", "no version is valid on the day on which the contract starts", where)
        return NewContract(
            code=self.code(row, where),
            unit=self.unit(row, where),
            prefix=self.prefix(row, where),
            reference=self.text(row, "reference", where, most=120),
            name=self.name(row, "name", where),
            services=self.references(row, "services", self.pack.services, where, required=True),
            starts_on=starts,
            ends_on=ends,
            email=self.email(row, where),
            territory=self.territory(row, where),
            versions=versions,
        )

    def version(self, row: Mapping[str, Any], where: str) -> NewVersion:
        silence = row.get("silence", Silence.ACCEPTS.value)
        if silence not in Silence.values:
            self.fault("bad_value", f"silence must be one of {', '.join(Silence.values)}", where)
        index = row.get("index")
        if index is not None and not isinstance(index, dict):
            self.fault("bad_value", "index must be a table with name and base", where)
            index = None
        base = self.number(index, "base", f"{where} index", required=True) if index else None
        percent = self.number(row, "cap_percent", where)
        if percent is not None and not 0 < percent <= 100:
            self.fault("bad_value", "cap_percent must lie between 0 and 100", where)
        clauses = tuple(
            self.clause(clause, f"{where} clause {clause.get('code')}", has_index=base is not None)
            for clause in self.tables(row, "clause", where)
        )
        if not clauses:
            self.fault("missing_value", "a version needs at least one [[contract.version.clause]]", where)
        if len({clause.code for clause in clauses}) < len(clauses):
            self.fault("duplicate_code", "a clause's code is given twice", where)
        return NewVersion(
            valid_from=self.day(row, "valid_from", where),
            currency=self.currency(row, where),
            contest_within=self.duration(row, "contest_within", where, required=True),
            appeal_within=self.duration(row, "appeal_within", where, required=True),
            silence=str(silence),
            cap_percent=percent,
            cap_centimes=self.centimes(row, "cap", where),
            second_signature_from_centimes=self.centimes(row, "second_signature_from", where),
            second_signature_from_count=self.count(row, "second_signature_from_count", where),
            index_name=self.text(index or {}, "name", where, most=120),
            index_base=base,
            clauses=clauses,
        )

    def clause(self, row: Mapping[str, Any], where: str, *, has_index: bool) -> NewClause:
        breach, per = row.get("breach"), row.get("per", Clause.Per.COMPLAINT.value)
        if breach not in Clause.Breach.values:
            self.fault("bad_value", f"breach must be one of {', '.join(Clause.Breach.values)}", where)
        if per not in Clause.Per.values:
            self.fault("bad_value", f"per must be one of {', '.join(Clause.Per.values)}", where)
        elif breach == Clause.Breach.FOUNDED and per == Clause.Per.DAY_LATE:
            self.fault("bad_value", "a founded complaint has no deadline to count days from", where)
        indexed = row.get("indexed", False)
        if not isinstance(indexed, bool):
            self.fault("bad_value", "indexed must be true or false", where)
        elif indexed and not has_index:
            self.fault("bad_value", "indexed needs an [contract.version.index] with its base", where)
        amount = self.centimes(row, "amount", where, required=True)
        return NewClause(
            code=self.code(row, where),
            article=self.text(row, "article", where, most=60),
            name=self.name(row, "name", where),
            text=self.name(row, "text", where) if row.get("text") else {},
            breach=str(breach),
            categories=self.references(row, "categories", self.pack.categories, where),
            per=str(per),
            amount_centimes=amount or 0,
            grace=self.duration(row, "grace", where),
            most_centimes=self.centimes(row, "most", where),
            indexed=indexed is True,
        )

    # --- values

    def tables(self, row: Mapping[str, Any], name: str, where: str) -> Sequence[Mapping[str, Any]]:
        value = row.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fault("bad_value", f"{name} must be a list of tables", where)
            return []
        return value

    def code(self, row: Mapping[str, Any], where: str) -> str:
        value = row.get("code")
        if not isinstance(value, str) or not CODE.fullmatch(value):
            self.fault("bad_code", "code must be 1-60 of a-z, 0-9 and hyphens", where)
        return str(value)

    def prefix(self, row: Mapping[str, Any], where: str) -> str:
        value = str(row.get("prefix", ""))
        if not re.fullmatch(r"[A-Z]{1,6}", value):
            self.fault("bad_value", "prefix must be 1-6 capital letters", where)
        return value

    def unit(self, row: Mapping[str, Any], where: str) -> str:
        value = str(row.get("unit", ""))
        unit = self.pack.units.get(value)
        if unit is None:
            self.fault("unknown_reference", f"unit {value!r} is not in units.toml", where)
        elif unit.get("kind") != "operator":
            self.fault("bad_value", f"unit {value!r} is no operator", where)
        return value

    def references(
        self, row: Mapping[str, Any], name: str, known: Mapping[str, Any], where: str, *, required: bool = False
    ) -> tuple[str, ...]:
        value = row.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fault("bad_value", f"{name} must be a list of codes", where)
            return ()
        if required and not value:
            self.fault("missing_value", f"{name} is missing", where)
        for item in value:
            if item not in known:
                self.fault("unknown_reference", f"{name}: {item!r} is not in catalogue.toml", where)
        return tuple(sorted(set(value)))

    def name(self, row: Mapping[str, Any], name: str, where: str) -> dict[str, str]:
        value = row.get(name)
        check_name(self.found.faults, value, self.pack.languages, f"{where}.{name}")
        return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}

    def text(self, row: Mapping[str, Any], name: str, where: str, *, most: int) -> str:
        value = row.get(name, "")
        if not isinstance(value, str) or len(value) > most:
            self.fault("bad_value", f"{name} must be a text of at most {most} characters", where)
            return ""
        return value.strip()

    def email(self, row: Mapping[str, Any], where: str) -> str:
        value = row.get("email", "")
        if value == "":
            return ""
        try:
            validate_email(value)
        except (ValidationError, TypeError):
            self.fault("bad_value", f"email {value!r} is no address", where)
        return str(value)

    def currency(self, row: Mapping[str, Any], where: str) -> str:
        value = row.get("currency", "MAD")
        if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{3}", value):
            self.fault("bad_value", "currency must be a code of three letters, such as MAD", where)
        return str(value)

    def day(self, row: Mapping[str, Any], name: str, where: str) -> date:
        value = row.get(name)
        if type(value) is not date:
            self.fault("bad_value", f"{name} must be a day, such as 2024-01-01", where)
            return date.min
        return value

    def duration(self, row: Mapping[str, Any], name: str, where: str, *, required: bool = False) -> str:
        value = row.get(name, "")
        if value == "" and not required:
            return ""
        try:
            return str(parse_duration(str(value)))
        except ValueError as error:
            self.fault("bad_value", f"{name}: {error}", where)
            return ""

    def number(self, row: Mapping[str, Any], name: str, where: str, *, required: bool = False) -> Decimal | None:
        """A positive number with at most four decimals; written as a number or a text."""
        value = row.get(name)
        if value is None and not required:
            return None
        try:
            number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
            fits = number.is_finite() and 0 < number <= _LARGEST and number == number.quantize(Decimal("0.0001"))
        except InvalidOperation:
            fits = False
        if not fits:
            self.fault("bad_value", f"{name} must be a positive number", where)
            return None
        return number

    def centimes(self, row: Mapping[str, Any], name: str, where: str, *, required: bool = False) -> int | None:
        """A sum in units of the currency, whole centimes."""
        number = self.number(row, name, where, required=required)
        if number is None:
            return None
        if number * 100 != (number * 100).to_integral_value():
            self.fault("bad_value", f"{name} has more than two decimals", where)
            return None
        return int(number * 100)

    def count(self, row: Mapping[str, Any], name: str, where: str) -> int | None:
        value = row.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 100_000:
            self.fault("bad_value", f"{name} must be a whole number from 1", where)
            return None
        return value

    def territory(self, row: Mapping[str, Any], where: str) -> bytes | None:
        """The union of the polygons of a GeoJSON file in the pack, valid and in WGS 84."""
        name = row.get("territory")
        if name is None:
            return None
        path = Path(self.pack.folder) / str(name)
        if not isinstance(name, str) or ".." in Path(name).parts or Path(name).is_absolute() or not path.is_file():
            self.fault("missing_file", f"territory {name!r} is not a file of the pack", where)
            return None
        try:
            shapes = shapely.get_parts(shapely.from_geojson(path.read_bytes()))
            polygons = [part for part in shapes if part.geom_type in ("Polygon", "MultiPolygon")]
        except (shapely.errors.ShapelyError, OSError, ValueError) as error:
            self.fault("unreadable_file", f"{name}: {error}", where)
            return None
        if not polygons or not all(shape.is_valid for shape in polygons):
            self.fault("invalid_geometry", f"{name} must hold valid polygons in degrees", where)
            return None
        whole = shapely.union_all(polygons)
        west, south, east, north = whole.bounds
        if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
            self.fault("invalid_geometry", f"{name} is not in degrees of longitude and latitude", where)
            return None
        parts = [part for part in shapely.get_parts([whole]) if part.geom_type == "Polygon"]
        return bytes(shapely.to_wkb(MultiPolygon(parts)))


def _plain(value: Any) -> Any:
    """What JSON does not know by itself: rows as objects, days and decimals as texts."""
    if isinstance(value, NewVersion | NewClause):
        return vars(value)
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
