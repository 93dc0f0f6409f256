"""Tables too long to wait for: asked for as a row, copied by a task (api/exports.py), kept for a day.

Who asks for the same finds the one that is there.
"""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from analytics.models import Export
from catalogue.models import Jurisdiction
from complaints.filters import Filters
from queueing.models import QueueState

# From here on a task makes the file.
LONG = 50_000
KEPT = timedelta(days=1)
# Who asks the same within this time gets the same file.
SHARED = timedelta(hours=1)
# Files that wait to be made at the same time, of everybody together.
MOST_WAITING = 10
FOLDER = "exports"


class TooManyExports(Exception):
    """Others' files have to be made first."""


def query_of(filters: Filters) -> str:
    """The filter as it names a table: the same whoever writes it in which order."""
    return "&".join(sorted(filters.query_string(jurisdiction=filters.jurisdiction.code, page_size=None).split("&")))


def ask_for_export(city: Jurisdiction, *, query: str, site: str, total: int, now: datetime) -> Export:
    """Put a table in the queue, or find the one that was asked for lately. Raises TooManyExports."""
    known = made_lately(city, query=query, site=site, now=now)
    if known is not None:
        return known
    if Export.objects.filter(queue_state=QueueState.DUE).count() >= MOST_WAITING:
        raise TooManyExports
    return Export.objects.create(
        jurisdiction=city, requested_at=now, next_attempt_at=now, query=query, site=site, total=total
    )


def made_lately(city: Jurisdiction, *, query: str, site: str, now: datetime) -> Export | None:
    """The newest table of the same filter that is there or being made, not older than SHARED."""
    same = Export.objects.filter(jurisdiction=city, query=query, site=site, requested_at__gt=now - SHARED)
    return same.exclude(queue_state=QueueState.FAILED).order_by("-requested_at").first()


def rows_done(row: Export) -> int:
    """How many rows are in the file so far, as the database tells of its copying."""
    if row.path:
        return row.total
    with connection.cursor() as cursor:
        cursor.execute("SELECT tuples_processed FROM pg_stat_progress_copy WHERE pid = %s", [row.copied_by])
        found = cursor.fetchone()
    return min(int(found[0]), row.total) if found else 0


def remove_old_exports(*, now: datetime) -> int:
    """Forget tables after a day, file first; returns how many."""
    old = list(Export.objects.filter(requested_at__lt=now - KEPT))
    for row in old:
        (Path(settings.MEDIA_ROOT) / FOLDER / f"{row.public_id}.csv").unlink(missing_ok=True)
        row.delete()
    return len(old)
