"""Rows of a file of old complaints, whatever its format, as dictionaries by the file's own column names."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from complaints.history.mapping import Mapping

Row = dict[str, Any]


class UnreadableFile(Exception):
    """The file is not what the mapping says; the message names the fault."""


def read_rows(file: Path, mapping: Mapping) -> Iterator[Row]:
    """Rows in the file's order; `.gz` is opened on the way. Raises UnreadableFile (also half-way, for a broken file)."""
    readers = {"csv": _csv, "geojson": _geojson, "xlsx": _xlsx, "open311-json": _open311}
    try:
        yield from readers[mapping.format](file, mapping)
    except (OSError, UnicodeError, csv.Error, EOFError, LookupError) as error:
        raise UnreadableFile(f"{file.name}: {error}") from error


def _open_text(file: Path, mapping: Mapping) -> IO[str]:
    encoding = "utf-8-sig" if mapping.encoding.lower() in {"utf-8", "utf8"} else mapping.encoding
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding=encoding, newline="")
    return file.open(encoding=encoding, newline="")


def _csv(file: Path, mapping: Mapping) -> Iterator[Row]:
    with _open_text(file, mapping) as stream:
        reader = csv.DictReader(stream, delimiter=mapping.delimiter, restkey="", strict=True)
        missing = set(mapping.columns.values()) - set(reader.fieldnames or ())
        if missing:
            raise UnreadableFile(f"{file.name}: no column {', '.join(sorted(missing))}")
        yield from reader


def _json(file: Path, mapping: Mapping) -> Any:
    with _open_text(file, mapping) as stream:
        try:
            return json.load(stream)
        except (ValueError, RecursionError) as error:
            raise UnreadableFile(f"{file.name}: not valid JSON: {error}") from error


def _geojson(file: Path, mapping: Mapping) -> Iterator[Row]:
    """Properties of each feature; a Point's coordinates stand in for columns named longitude and latitude."""
    data = _json(file, mapping)
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list):
        raise UnreadableFile(f"{file.name}: no FeatureCollection")
    for feature in features:
        row = dict(feature.get("properties") or {}) if isinstance(feature, dict) else {}
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if isinstance(geometry, dict) and geometry.get("type") == "Point" and len(geometry.get("coordinates", ())) >= 2:
            row[mapping.columns.get("longitude", "longitude")] = geometry["coordinates"][0]
            row[mapping.columns.get("latitude", "latitude")] = geometry["coordinates"][1]
        yield row


def _open311(file: Path, mapping: Mapping) -> Iterator[Row]:
    """Requests of Open311's GeoReport v2 in JSON: an array, or an object that holds one."""
    data = _json(file, mapping)
    if isinstance(data, dict):
        data = next((value for value in data.values() if isinstance(value, list)), None)
    if not isinstance(data, list):
        raise UnreadableFile(f"{file.name}: no list of requests")
    for row in data:
        yield dict(row) if isinstance(row, dict) else {}


def _xlsx(file: Path, mapping: Mapping) -> Iterator[Row]:
    """Rows of the first sheet; its first row names the columns."""
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise UnreadableFile(f"{file.name}: no readable workbook: {error}") from error
    rows = book.worksheets[0].iter_rows(values_only=True)
    names = [str(cell) if cell is not None else "" for cell in next(rows, ())]
    missing = set(mapping.columns.values()) - set(names)
    if missing:
        raise UnreadableFile(f"{file.name}: no column {', '.join(sorted(missing))}")
    for values in rows:
        yield dict(zip(names, values, strict=False))
