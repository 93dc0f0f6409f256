"""Stand-alone maps to download: asked for as a row, drawn by a task, kept for a week. See folium_map.py for the drawing."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone, translation

from accounts.models import User
from analytics.folium_map import STEPS, draw
from analytics.heat import Measure
from analytics.models import Report
from analytics.office import Office
from catalogue.models import Jurisdiction
from complaints.filters import FilterError, parse_filters
from queueing.models import QueueState, claim, fail, finish

KEPT = timedelta(days=7)
# One person's reports that wait at the same time.
MOST_WAITING = 3
FOLDER = "reports"
LEASE = timedelta(minutes=5)


class TooManyWaiting(Exception):
    """This person's earlier reports are not drawn yet."""


def ask_for_report(
    user: User, city: Jurisdiction, *, query: str, measure: Measure, language: str, now: datetime
) -> Report:
    """Put a report in the queue. `query` is a filter that was checked, with its period. Raises TooManyWaiting."""
    waiting = Report.objects.filter(requested_by=user, queue_state=QueueState.DUE)
    if waiting.count() >= MOST_WAITING:
        raise TooManyWaiting
    return Report.objects.create(
        jurisdiction=city,
        requested_by=user,
        requested_at=now,
        next_attempt_at=now,
        language=language,
        query=f"{query}&measure={measure.value}",
    )


def recent_reports(user: User, city: Jurisdiction) -> list[Report]:
    """One's own reports in a city, newest first."""
    return list(Report.objects.filter(requested_by=user, jurisdiction=city)[:5])


def make_due_reports(*, now: datetime) -> int:
    """Draw what was asked for, one report a ring; returns how many were drawn.

    It may run twice: the file is replaced at once, and only the claim that still holds marks the row as done.
    """
    made = 0
    for row in claim(Report, now=now, limit=1, lease=LEASE):
        try:
            _make(row)
            made += 1
        except FilterError as error:
            # What it names is gone from the catalogue since.
            fail(row, f"{error.parameter}: {error.message}", now=now, permanent=True)
        except Exception as error:
            fail(row, type(error).__name__, now=now)
            raise
    return made


def remove_old_reports(*, now: datetime) -> int:
    """Forget reports after a week, file first; returns how many."""
    old = list(Report.objects.filter(requested_at__lt=now - KEPT))
    for row in old:
        if row.path:
            (Path(settings.MEDIA_ROOT) / row.path).unlink(missing_ok=True)
        row.delete()
    return len(old)


def _make(row: Report) -> None:
    query = QueryDict(row.query)
    with translation.override(row.language), timezone.override(ZoneInfo(row.jurisdiction.time_zone)):
        filters = parse_filters(query, now=row.requested_at, jurisdiction=row.jurisdiction)
        office = Office(row.requested_by, filters, row.requested_at, public=True)
        html = b""
        for step, part in enumerate(draw(office, Measure(query["measure"])), start=1):
            Report.objects.filter(pk=row.pk).update(step=min(step, STEPS))
            html += part
    name = f"{FOLDER}/{row.public_id}.html"
    _write(Path(settings.MEDIA_ROOT) / name, html)
    Report.objects.filter(pk=row.pk).update(path=name, size=len(html))
    finish(row)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    os.replace(file.name, path)
