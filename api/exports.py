"""Making the long tables that were asked for (analytics/exports.py): the rows of complaints.csv, copied into a file."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.db import connection
from django.http import QueryDict

from analytics.exports import FOLDER
from analytics.models import Export
from api.feeds import copy_table, photo_url_of
from complaints.filter_grammar import parse_filters
from complaints.filters import FilterError
from complaints.models import Complaint
from queueing.models import claim, fail, finish

# A million rows take a minute; a worker that hangs is killed after fifteen.
LEASE = timedelta(minutes=15)


def make_due_exports(*, now: datetime) -> int:
    """Copy what was asked for, one table a ring; returns how many were made.

    It may run twice: the file is replaced at once, and only the claim that still holds marks the row as done.
    """
    made = 0
    for row in claim(Export, now=now, limit=1, lease=LEASE):
        try:
            _make(row, now)
            made += 1
        except FilterError as error:
            # What it names is gone from the catalogue since.
            fail(row, f"{error.parameter}: {error.message}", now=now, permanent=True)
        except Exception as error:
            fail(row, type(error).__name__, now=now)
            raise
    return made


def _make(row: Export, now: datetime) -> None:
    filters = parse_filters(QueryDict(row.query), now=now, jurisdiction=row.jurisdiction)
    found = filters.apply(Complaint.objects.public())
    Export.objects.filter(pk=row.pk).update(copied_by=_database_process())
    name = f"{FOLDER}/{row.public_id}.csv"
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            copied = copy_table(found, file, now=now, photo_url=photo_url_of(row.site))
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    size = Path(file.name).stat().st_size
    os.replace(file.name, path)
    finish(row, path=name, size=size, total=copied)


def _database_process() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    return pid
