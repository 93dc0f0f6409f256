"""Columns that a statement of a benchmark does not care about: they hold what the model would give them."""

from collections.abc import Collection

from django.db import connection, models


def defaults(model: type[models.Model], given: Collection[str]) -> dict[str, str]:
    """SQL literals by column, for every column but the key, those of `given` and what the database makes itself."""
    values = {}
    with connection.cursor() as cursor:
        for field in model._meta.local_concrete_fields:
            if not field.primary_key and not field.generated and field.column not in given:
                default = field.get_db_prep_save(field.get_default(), connection)
                values[str(field.column)] = cursor.mogrify("%s", [default]).decode().replace("%", "%%")
    return values
