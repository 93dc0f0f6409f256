"""Rows of a file of old complaints, whatever its format, as dictionaries by the file's own column names.

Files are streamed: a million rows take no more memory than a thousand.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import ijson
import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from complaints.history.mapping import Mapping

Row = dict[str, Any]
# Cells beyond the file's columns: the row is broken (a delimiter in a text that is not quoted).
BEYOND = ""
_LONGEST_CELL = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_CRS = re.compile(rb'"crs"\s*:\s*\{.{0,200}?"name"\s*:\s*"([^"]{1,200})"', re.DOTALL)
_WGS84 = re.compile(rb"(CRS:?84|EPSG:{1,2}4326|OGC:1\.3:CRS84)$", re.IGNORECASE)


class UnreadableFile(Exception):
    """The file is not what the mapping says; the message names the fault."""


def read_rows(file: Path, mapping: Mapping) -> Iterator[Row]:
    """Rows in the file's order; `.gz` is opened on the way. Raises UnreadableFile (also half-way, for a broken file)."""
    readers = {"csv": _csv, "geojson": _geojson, "xlsx": _xlsx, "open311-json": _open311}
    try:
        yield from readers[mapping.format](file, mapping)
    except UnicodeError as error:
        text = f"{file.name}: {error}; name its encoding in the mapping (windows-1252, windows-1256, utf-16…)"
        raise UnreadableFile(text) from error
    except (OSError, EOFError, LookupError, zlib.error) as error:
        raise UnreadableFile(f"{file.name}: {error}") from error


def _open(file: Path) -> IO[bytes]:
    return gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb")  # type: ignore[return-value]


def _csv(file: Path, mapping: Mapping) -> Iterator[Row]:
    encoding = "utf-8-sig" if mapping.encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else mapping.encoding
    csv.field_size_limit(_LONGEST_CELL)
    with io.TextIOWrapper(_open(file), encoding=encoding, newline="") as stream:
        reader = csv.DictReader(stream, delimiter=mapping.delimiter, restkey=BEYOND, strict=True)
        try:
            reader.fieldnames = _columns(file, list(reader.fieldnames or ()), mapping)
            yield from reader
        except csv.Error as error:
            raise UnreadableFile(f"{file.name}, line {reader.line_num}: {error}") from error


def _columns(file: Path, names: list[str], mapping: Mapping) -> list[str]:
    """The names of a table's columns without the blanks around them. Raises UnreadableFile if a mapped one is not there once."""
    names = [name.strip() for name in names]
    wanted = set(mapping.columns.values())
    missing, twice = wanted - set(names), sorted(name for name in wanted if names.count(name) > 1)
    if missing:
        raise UnreadableFile(f"{file.name}: no column {', '.join(sorted(missing))}")
    if twice:
        raise UnreadableFile(f"{file.name}: the column {', '.join(twice)} stands there more than once")
    return names


def _geojson(file: Path, mapping: Mapping) -> Iterator[Row]:
    """Properties of each feature; a Point's coordinates stand in for columns named longitude and latitude."""
    with _open(file) as stream:
        crs = _CRS.search(stream.read(65_536))
    if crs is not None and not _WGS84.search(crs[1]):
        name = crs[1].decode(errors="replace")
        raise UnreadableFile(f"{file.name}: coordinates are in {name}; bring the file to WGS 84 first")
    for feature in _items(file, ["features"], "no FeatureCollection"):
        row = dict(feature.get("properties") or {}) if isinstance(feature, dict) else {}
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if isinstance(geometry, dict) and geometry.get("type") == "Point":
            place = geometry.get("coordinates")
            if isinstance(place, list) and len(place) >= 2:
                row[mapping.columns.get("longitude", "longitude")] = place[0]
                row[mapping.columns.get("latitude", "latitude")] = place[1]
        yield row


def _open311(file: Path, mapping: Mapping) -> Iterator[Row]:
    """Requests of Open311's GeoReport v2 in JSON: an array, or an object that holds one."""
    for row in _items(file, None, "no list of requests"):
        yield dict(row) if isinstance(row, dict) else {}


def _items(file: Path, keys: list[str] | None, fault: str) -> Iterator[Any]:
    """Elements of the array at one of `keys` of the top object; None is the top array, or the first array in the object."""
    try:
        where = _find_array(file, keys)
        if where is None:
            raise UnreadableFile(f"{file.name}: {fault}")
        with _json(file) as stream:
            yield from ijson.items(stream, f"{where}.item" if where else "item", use_float=True)
    except (ijson.JSONError, RecursionError, ValueError) as error:
        raise UnreadableFile(f"{file.name}: not valid JSON: {error}") from error


def _find_array(file: Path, keys: list[str] | None) -> str | None:
    with _json(file) as stream:
        for prefix, event, _ in ijson.parse(stream):
            if event == "start_array" and "." not in prefix:
                if keys is None or prefix in keys:
                    return str(prefix)
            elif prefix == "" and event not in ("start_map", "map_key", "start_array"):
                return None
    return None


def _json(file: Path) -> IO[bytes]:
    """The file after its byte-order mark, if it has one."""
    stream = _open(file)
    if stream.read(3) != _BOM:
        stream.seek(0)
    return stream


def _xlsx(file: Path, mapping: Mapping) -> Iterator[Row]:
    """Rows of the first sheet; its first row names the columns."""
    broken = (BadZipFile, InvalidFileException, KeyError, ValueError, ParseError, zlib.error)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except broken as error:
        raise UnreadableFile(f"{file.name}: no readable workbook: {error}") from error
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        head = [str(cell) if cell is not None else "" for cell in next(rows, ())]
        names = _columns(file, head, mapping)
        for values in rows:
            if any(value is not None for value in values):
                yield dict(zip(names, values, strict=False))
    except broken as error:
        raise UnreadableFile(f"{file.name}: the sheet cannot be read to its end: {error}") from error
    finally:
        book.close()
