"""Several rows of several tables in one SQL statement: taking in a complaint costs one round trip instead of seven.

Their values go as one JSON array: written as a hundred parameters they took the driver twice as long.

And thousands of rows of one table by COPY, for batches.
"""

import io
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import orjson
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, models
from django.db.models.base import ModelState
from django.utils.functional import Promise

from districts.prepared import execute_prepared

# What COPY takes as it is, whatever the field.
_PLAIN = frozenset({str, int, float, bool, type(None)})


class _Column(NamedTuple):
    """How one field of a model is written."""

    field: "models.Field[Any, Any]"
    attribute: str
    is_json: bool
    # Its value is made at the time of saving.
    made_at_saving: bool


Row = TypeVar("Row", bound=models.Model)


def new_row(model: type[Row], **values: Any) -> Row:
    """An unsaved row, as `model(**values)`, for what every filing makes; raises TypeError for a name the model does not have.

    Django looks at each field of each row anew, which took a tenth of a filing; here a blank is copied. Models that listen
    to `post_init` (images do) are not for it.
    """
    blank = _blank(model)
    if not values.keys() <= blank.names:
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(values.keys() - blank.names))}")
    row = model.__new__(model)
    row.__dict__ = dict(blank.values, _state=ModelState())
    for attribute, default in blank.made_anew:
        row.__dict__[attribute] = default()
    for name, value in values.items():
        setattr(row, name, value)
    return row


class _Blank(NamedTuple):
    """What a row of a model holds before anything was said of it."""

    values: dict[str, Any]
    # Defaults that are made for each row: an object, an identifier.
    made_anew: list[tuple[str, Callable[[], Any]]]
    names: frozenset[str]


@lru_cache(maxsize=64)
def _blank(model: type[models.Model]) -> _Blank:
    fields = model._meta.local_concrete_fields
    return _Blank(
        {name: value for name, value in vars(model()).items() if name != "_state"},
        [(str(field.attname), field.default) for field in fields if field.has_default() and callable(field.default)],
        frozenset(name for field in fields for name in (field.name, str(field.attname))) | {"pk"},
    )


def insert_together(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows in one statement (`WITH a AS (INSERT …), b AS (INSERT …) SELECT 1`), all or nothing.

    Rows may refer to each other by primary keys given beforehand: foreign keys are checked at commit. Primary keys that
    the database makes are not read back. Raises IntegrityError as a single insert would.
    """
    shape = tuple((type(row), row.pk is not None) for row in rows)
    values = [
        _value_of(column, row)
        for row, (model, with_key) in zip(rows, shape, strict=True)
        for column in _columns(model, with_key)
    ]
    with connection.cursor() as cursor:
        execute_prepared(cursor, _statement(shape), [orjson.dumps(values, default=_in_json).decode()])


def _in_json(value: object) -> str:
    """What JSON has no form for, as the text that the database reads."""
    if isinstance(value, GEOSGeometry):
        return value.hexewkb.decode()
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"insert_together takes values, and no {type(value).__name__}")


def copy_rows(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows of one model by COPY, three times as fast as `bulk_create`; keys not given are not read back."""
    if not rows:
        return
    model, with_key = type(rows[0]), rows[0].pk is not None
    columns = _columns(model, with_key)
    text = io.StringIO()
    for row in rows:
        cells = []
        for column in columns:
            value = _value_of(column, row)
            value = value if type(value) in _PLAIN and not column.is_json else _written(value, column)
            cells.append("\\N" if value is None else str(value).translate(_COPY_ESCAPES))
        text.write("\t".join(cells) + "\n")
    text.seek(0)
    names = ", ".join(connection.ops.quote_name(str(column.field.column)) for column in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {connection.ops.quote_name(model._meta.db_table)} ({names}) FROM STDIN", text)


_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@lru_cache(maxsize=256)
def _statement(shape: tuple[tuple[type[models.Model], bool], ...]) -> str:
    parts: list[str] = []
    count = 0
    for number, (model, with_key) in enumerate(shape):
        columns = _columns(model, with_key)
        names = ", ".join(connection.ops.quote_name(str(column.field.column)) for column in columns)
        values = ", ".join(_value(column, count + place) for place, column in enumerate(columns))
        count += len(columns)
        table = connection.ops.quote_name(model._meta.db_table)
        parts.append(f"r{number} AS (INSERT INTO {table} ({names}) VALUES ({values}))")  # noqa: S608 (names of our models)
    return f"WITH {', '.join(parts)} SELECT 1"


# An explicit cast to varchar(20) would cut what is too long: these take a text by themselves, and refuse what does not fit.
_TAKE_TEXT = ("varchar", "text", "geometry")


def _value(column: _Column, place: int) -> str:
    """SQL for one value of the array $1."""
    if column.is_json:
        return f"NULLIF($1::jsonb -> {place}, 'null')"
    kind = column.field.db_type(connection) or ""
    return f"$1::jsonb ->> {place}" if kind.startswith(_TAKE_TEXT) else f"($1::jsonb ->> {place})::{kind}"


@lru_cache(maxsize=64)
def _columns(model: type[models.Model], with_key: bool) -> list[_Column]:
    fields = [field for field in model._meta.local_concrete_fields if _is_written(field, with_key)]
    return [_Column(field, str(field.attname), _is_json(field), _is_made_at_saving(field)) for field in fields]


def _is_json(field: "models.Field[Any, Any]") -> bool:
    return field.get_internal_type() == "JSONField"


def _is_written(field: "models.Field[Any, Any]", with_key: bool) -> bool:
    return not field.generated and (with_key or not field.primary_key)


def _is_made_at_saving(field: "models.Field[Any, Any]") -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


def _value_of(column: _Column, row: models.Model) -> Any:
    """What `row` holds in `column`: a point given as hex EWKB comes as that, for no geometry is made of it."""
    return column.field.pre_save(row, True) if column.made_at_saving else vars(row)[column.attribute]


def _written(value: Any, column: _Column) -> Any:
    """What is not plain, as text for COPY."""
    if value is None:
        return None
    if column.is_json:
        return json.dumps(value, cls=getattr(column.field, "encoder", None))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, GEOSGeometry):
        return value.hexewkb.decode()
    prepared = column.field.get_db_prep_save(value, connection)
    if isinstance(prepared, models.Func | models.expressions.Expression):
        raise TypeError(f"{column.attribute} is an expression; copy_rows takes values")
    return prepared
