"""Files of the office: asked for as a row, made by a task, kept and listed.

folium_map.py draws the map, brief.py makes the brief.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone, translation

from accounts.models import User
from analytics import brief, folium_map
from analytics.measures import Measure
from analytics.models import Report
from analytics.office import Office
from analytics.scope import may_see_office
from analytics.weekly import post
from catalogue.models import Jurisdiction
from complaints.filter_grammar import parse_filters
from complaints.filters import FilterError
from complaints.services.quarantine import media_path
from documents.pdf import WALL_SECONDS, PdfFailed
from queueing.models import QueueState, claim, fail, finish
from sandbox.storage import write_atomically

# A map is asked for, read and thrown away; briefs are what one goes back to.
KEPT = {Report.Kind.MAP: timedelta(days=7), Report.Kind.BRIEF: timedelta(days=366)}
# Steps that the making tells of.
STEPS = {Report.Kind.MAP: folium_map.STEPS, Report.Kind.BRIEF: brief.STEPS}
ENDINGS = {Report.Kind.MAP: "html", Report.Kind.BRIEF: "pdf"}
LISTED = 10
# One person's reports that wait at the same time.
MOST_WAITING = 3
FOLDER = "reports"
LEASE = timedelta(seconds=WALL_SECONDS + 120)


class TooManyWaiting(Exception):
    """This person's earlier reports are not made yet."""


def ask_for_report(
    user: User,
    city: Jurisdiction,
    *,
    query: str,
    measure: Measure,
    language: str,
    now: datetime,
    kind: Report.Kind = Report.Kind.MAP,
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
        kind=kind,
        language=language,
        query=f"{query}&measure={measure.value}",
    )


def recent_reports(user: User, city: Jurisdiction) -> list[Report]:
    """One's own reports in a city, newest first."""
    return list(Report.objects.filter(requested_by=user, jurisdiction=city)[:LISTED])


def make_due_reports(*, now: datetime) -> int:
    """Make what was asked for, one file a ring; returns how many were made.

    It may run twice: the file is replaced at once, and only the claim that still holds marks the row as done.
    """
    made = 0
    for row in claim(Report, now=now, limit=1, lease=LEASE):
        try:
            made += _make(row, now)
        except FilterError as error:
            # What it names is gone from the catalogue since.
            fail(row, f"{error.parameter}: {error.message}", now=now, permanent=True)
        except PdfFailed as failed:
            fail(row, str(failed), now=now, permanent=failed.permanent)
        except Exception as error:
            fail(row, type(error).__name__, now=now)
            raise
    return made


def remove_old_reports(*, now: datetime) -> int:
    """Forget files that were kept long enough, file first; returns how many."""
    old = [row for kind, kept in KEPT.items() for row in Report.objects.filter(kind=kind, requested_at__lt=now - kept)]
    for row in old:
        if row.path:
            media_path(row.path).unlink(missing_ok=True)
        row.delete()
    return len(old)


def _make(row: Report, now: datetime) -> bool:
    """False where another worker was quicker, or who asked may no longer see the office."""
    if not may_see_office(row.requested_by, row.jurisdiction):
        fail(row, "no longer of the office", now=now, permanent=True)
        return False
    content = b""
    with translation.override(row.language), timezone.override(ZoneInfo(row.jurisdiction.time_zone)):
        for step, part in enumerate(_parts(row), start=1):
            content += part
            Report.objects.filter(pk=row.pk).update(step=min(step, STEPS[Report.Kind(row.kind)]))
    name = f"{FOLDER}/{row.public_id}.{ENDINGS[Report.Kind(row.kind)]}"
    write_atomically(media_path(name), content)
    with transaction.atomic():
        done = finish(row, path=name, size=len(content))
        if done and row.week is not None:
            row.path = name
            post(row, now=now)
    return done


def _parts(row: Report) -> Iterator[bytes]:
    """One answer for each step; the last is the whole file."""
    query = QueryDict(row.query)
    filters = parse_filters(query, now=row.requested_at, jurisdiction=row.jurisdiction)
    office = Office(row.requested_by, filters, row.requested_at, public=True)
    measure = Measure(query["measure"])
    return brief.make(office, measure) if row.kind == Report.Kind.BRIEF else folium_map.draw(office, measure)
