"""An edition from checked features: its row, then all shapes in one stream (COPY), in the caller's transaction."""

import io
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from catalogue.models import Category, Jurisdiction, Schedule, Unit
from districts.importing.target import Target
from districts.models import BoundaryEdition

_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END = struct.pack(">h", -1)
_NULL = struct.pack(">i", -1)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Provenance:
    """Where an edition comes from."""

    source: str
    license: str
    file_hash: str
    file_name: str
    data_date: date | None
    imported_by: str


def store_edition(
    target: Target,
    features: Sequence[dict[str, Any]],
    shapes: Sequence[memoryview],
    about: Provenance,
    *,
    now: datetime,
) -> BoundaryEdition:
    """A new edition, not active yet. `shapes` are EWKB MultiPolygons in WGS 84, one a feature.

    Call it in a transaction. The areas are the child's, measured on the spheroid like all others.
    """
    lock_layer(target.city)
    editions = BoundaryEdition.objects.filter(jurisdiction=target.city, layer=target.layer)
    edition = BoundaryEdition.objects.create(
        jurisdiction=target.city,
        layer=target.layer,
        number=(editions.aggregate(last=Max("number"))["last"] or 0) + 1,
        source=about.source,
        license=about.license,
        file_hash=about.file_hash,
        file_name=about.file_name[:200],
        data_date=about.data_date,
        imported_at=now,
        imported_by=about.imported_by,
        origin=BoundaryEdition.Origin.FILE,
    )
    if target.service is None:
        _copy("districts_district", _DISTRICT_COLUMNS, _districts(edition, features, shapes))
    else:
        _copy("districts_servicearea", _AREA_COLUMNS, _areas(edition, target, features, shapes))
    return edition


def lock_layer(city: Jurisdiction) -> None:
    """One change of a city's editions at a time, until the transaction ends. Routing does not wait for it."""
    Jurisdiction.objects.select_for_update(no_key=True).only("pk").get(pk=city.pk)


_DISTRICT_COLUMNS = (
    "jurisdiction_id", "edition_id", "code", "name", "level", "parent_code", "population", "area_m2", "geometry",
)  # fmt: skip
_AREA_COLUMNS = (
    "jurisdiction_id", "edition_id", "code", "name", "service_id", "category_id", "unit_id", "priority", "schedule_id",
    "fallback_unit_id", "loaded", "area_m2", "geometry",
)  # fmt: skip


def _districts(
    edition: BoundaryEdition, features: Sequence[dict[str, Any]], shapes: Sequence[memoryview]
) -> Iterator[list[bytes | memoryview | None]]:
    for facts, shape in zip(features, shapes, strict=True):
        yield [
            _bigint(edition.jurisdiction_id), _bigint(edition.pk), facts["code"].encode(), _jsonb(facts["name"]),
            struct.pack(">h", facts["level"]), facts["parent"].encode(), _integer(facts["population"]),
            struct.pack(">d", facts["area_m2"]), shape,
        ]  # fmt: skip


def _areas(
    edition: BoundaryEdition, target: Target, features: Sequence[dict[str, Any]], shapes: Sequence[memoryview]
) -> Iterator[list[bytes | memoryview | None]]:
    assert target.service is not None
    service_id = target.service.pk
    # Asked before the rows flow: during a COPY the connection answers nothing else.
    units = dict(Unit.objects.filter(jurisdiction=target.city).values_list("code", "pk"))
    categories = dict(Category.objects.filter(service=target.service).values_list("code", "pk"))
    schedules = dict(Schedule.objects.filter(jurisdiction=target.city).values_list("code", "pk"))
    rows = [
        [
            _bigint(edition.jurisdiction_id), _bigint(edition.pk), facts["code"].encode(), _jsonb(facts["name"]),
            _bigint(service_id), _bigint(categories[facts["category"]] if facts["category"] else None),
            _bigint(units[facts["unit"]]), _integer(facts["priority"]),
            _bigint(schedules[facts["schedule"]] if facts["schedule"] else None),
            _bigint(units[facts["fallback_unit"]] if facts["fallback_unit"] else None), _jsonb({}),
            struct.pack(">d", facts["area_m2"]), shape,
        ]
        for facts, shape in zip(features, shapes, strict=True)
    ]  # fmt: skip
    return iter(rows)


def _bigint(number: int | None) -> bytes | None:
    return None if number is None else struct.pack(">q", number)


def _integer(number: int | None) -> bytes | None:
    return None if number is None else struct.pack(">i", number)


def _jsonb(value: Any) -> bytes:
    return b"\x01" + json.dumps(value, ensure_ascii=False).encode()


def _copy(table: str, columns: Sequence[str], rows: Iterator[list[bytes | memoryview | None]]) -> None:
    """PostgreSQL's binary COPY: half the bytes of the text form, and nothing to parse."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT binary)"
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, _Stream(_chunks(rows)), size=_CHUNK)


def _chunks(rows: Iterator[list[bytes | memoryview | None]]) -> Iterator[bytes | memoryview]:
    yield _HEAD
    for row in rows:
        yield struct.pack(">h", len(row))
        for value in row:
            if value is None:
                yield _NULL
            else:
                yield struct.pack(">i", len(value))
                yield value
    yield _END


class _Stream(io.RawIOBase):
    """Pieces as one file to read from; only one piece is held at a time."""

    def __init__(self, pieces: Iterator[bytes | memoryview]) -> None:
        self.pieces = pieces
        self.rest = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        parts: list[memoryview] = []
        wanted = size if size >= 0 else 1 << 62
        while wanted:
            if not len(self.rest):
                piece = next(self.pieces, None)
                if piece is None:
                    break
                self.rest = memoryview(piece)
                continue
            part, self.rest = self.rest[:wanted], self.rest[wanted:]
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)
