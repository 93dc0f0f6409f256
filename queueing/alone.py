"""One at a time: a sweep that finds another of its kind at work leaves again."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connection

_SPACE = 0x9E01


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """True for the only holder of `name` among all processes on this database; False at once for the others.

    A lock of the database session: it ends with the process, however that dies.
    """
    key = zlib.crc32(name.encode()) & 0x7FFFFFFF
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_SPACE, key])
        held: bool = cursor.fetchone()[0]
    try:
        yield held
    finally:
        if held:
            _release(key)


def _release(key: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_SPACE, key])
    except Error:
        # The session is gone, and the lock with it.
        connection.close()
