"""Statements that PostgreSQL parses and plans once a connection: those that every complaint passes through.

To plan them took longer than to run them: finding district and service area went from 0.8 to 0.4 ms of the database's time.
They live in the session, so a pooler in front of the database must keep sessions whole.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

# For each connection of the driver the statements that it knows.
_known: "WeakKeyDictionary[Any, dict[str, str]]" = WeakKeyDictionary()


def execute_prepared(cursor: CursorWrapper, sql: str, values: Sequence[Any]) -> None:
    """Run `sql`, whose parameters are $1, $2…, with these values. Their types follow from where they stand in it."""
    statements = _known.setdefault(connection.connection, {})
    name = statements.get(sql)
    if name is None:
        name = f"prepared_{len(statements)}"
        cursor.execute(f"PREPARE {name} AS {sql}")
        statements[sql] = name
    arguments = f" ({', '.join(['%s'] * len(values))})" if values else ""
    cursor.execute(f"EXECUTE {name}{arguments}", values)
