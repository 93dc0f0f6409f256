"""Several rows of several tables in one SQL statement: taking in a complaint costs one round trip instead of seven."""

from collections.abc import Sequence

from django.db import connection, models


def insert_together(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows in one statement (`WITH a AS (INSERT …), b AS (INSERT …) SELECT 1`), all or nothing.

    Rows may refer to each other by primary keys given beforehand: foreign keys are checked at commit. Primary keys that
    the database makes are not read back. Raises IntegrityError as a single insert would.
    """
    parts, values = [], []
    for number, row in enumerate(rows):
        columns, placeholders = [], []
        for field in row._meta.local_concrete_fields:
            value = field.pre_save(row, True)
            if field.primary_key and value is None:
                continue
            columns.append(connection.ops.quote_name(str(field.column)))
            prepared = field.get_db_prep_save(value, connection)
            if isinstance(prepared, models.Func | models.expressions.Expression):
                raise TypeError(f"{field.name} is an expression; insert_together takes values")
            placeholders.append(_placeholder(field, prepared))
            if placeholders[-1] != "NULL":
                values.append(prepared)
        table = connection.ops.quote_name(row._meta.db_table)
        names, marks = ", ".join(columns), ", ".join(placeholders)
        parts.append(f"r{number} AS (INSERT INTO {table} ({names}) VALUES ({marks}))")  # noqa: S608 (our models' names)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT 1", values)


def _placeholder(field: models.Field, prepared: object) -> str:  # type: ignore[type-arg]
    if prepared is None:
        return "NULL"
    cast = field.db_type(connection)
    return f"%s::{cast}" if field.get_internal_type() in {"JSONField", "UUIDField", "ArrayField"} and cast else "%s"
