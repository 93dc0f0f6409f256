# ruff: noqa: S608 - the SQL is made of the constants of this file
"""What must be true of the stored data at any moment, each as one question to the database. Empty answers are good."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from analytics.tally.keeping import counted_again
from analytics.tally.sums import wrong_sums
from catalogue.models import Jurisdiction
from complaints.models import Attachment, Complaint
from complaints.undone import STANDS_SQL
from complaints.workflow import OPEN_STATES
from reporting.commands import progress

# Longer than any lease and most back-offs: work this old is not being done.
OLD = timedelta(hours=3)
SHOWN = 20


@dataclass(frozen=True)
class Invariant:
    """`sql` selects the name of each row that breaks it."""

    code: str
    sentence: str
    sql: str


@dataclass(frozen=True)
class Violation:
    invariant: Invariant
    count: int
    examples: tuple[str, ...]


_ERASED = (
    "FROM complaints_reporter r JOIN complaints_complaint c ON c.id = r.complaint_id WHERE r.erased_at IS NOT NULL"
)

# Sensitive complaints whose area nobody has asked to count again.
_SENSITIVE = (
    "FROM complaints_complaint c JOIN catalogue_jurisdiction j ON j.id = c.jurisdiction_id"
    " LEFT JOIN districts_district d ON d.id = c.district_id WHERE place_precision IN ('grid', 'district')"
    " AND NOT EXISTS (SELECT FROM complaints_placerecount r WHERE r.category_id = c.category_id)"
)
_SHOWN = f"{_SENSITIVE} AND visibility = 'public' AND merged_into_id IS NULL"

INVARIANTS = (
    Invariant(
        "no_decision",
        "a complaint has no routing decision",
        "SELECT tracking_number FROM complaints_complaint c"
        " WHERE NOT EXISTS (SELECT FROM complaints_routingdecision d WHERE d.complaint_id = c.id)",
    ),
    Invariant(
        "other_than_decided",
        "unit or category differ from the newest routing decision",
        "SELECT tracking_number FROM complaints_complaint c JOIN LATERAL (SELECT unit_id, category_id"
        " FROM complaints_routingdecision d WHERE d.complaint_id = c.id ORDER BY decided_at DESC, id DESC LIMIT 1) d"
        " ON true WHERE (d.unit_id, d.category_id) <> (c.unit_id, c.category_id)",
    ),
    Invariant(
        "not_filed_once",
        "a complaint was not filed or imported exactly once",
        "SELECT tracking_number FROM complaints_complaint c WHERE 1 <> (SELECT count(*) FROM complaints_event e"
        " WHERE e.complaint_id = c.id AND e.kind IN ('submitted', 'imported'))",
    ),
    Invariant(
        "state_not_replayed",
        "the state is not the one that the history leads to",
        "SELECT tracking_number FROM complaints_complaint c WHERE state IS DISTINCT FROM (SELECT to_state"
        " FROM complaints_event e WHERE e.complaint_id = c.id AND e.to_state <> '' ORDER BY at DESC, id DESC LIMIT 1)",
    ),
    Invariant(
        "history_broken",
        "a change of state does not begin where the one before it ended",
        "SELECT c.tracking_number FROM (SELECT complaint_id, from_state, lag(to_state) OVER"
        " (PARTITION BY complaint_id ORDER BY at, id) AS before FROM complaints_event WHERE to_state <> '') e"
        " JOIN complaints_complaint c ON c.id = e.complaint_id WHERE e.from_state <> '' AND e.from_state <> e.before",
    ),
    Invariant(
        "closing_time",
        "a closed complaint has no closing time, or an open one has",
        "SELECT tracking_number FROM complaints_complaint WHERE (state = ANY(%(open)s)) = (closed_at IS NOT NULL)"
        " AND channel <> 'import'",
    ),
    Invariant(
        "clock_stopped",
        "a clock stands still although the reporter is not asked anything",
        "SELECT tracking_number FROM complaints_complaint WHERE paused_at IS NOT NULL AND state <> 'waiting_reporter'",
    ),
    Invariant(
        "breach_not_recorded",
        "a promise was missed long ago and no breach is recorded",
        "SELECT tracking_number FROM complaints_complaint c CROSS JOIN LATERAL (VALUES ('answer', answer_due_at,"
        " answered_at IS NULL), ('resolution', resolution_due_at, true)) p (name, due, unkept)"
        " WHERE state = ANY(%(open)s) AND merged_into_id IS NULL AND unkept AND due < least(paused_at, %(old)s)"
        " AND NOT EXISTS (SELECT"
        " FROM complaints_event e WHERE e.complaint_id = c.id AND e.kind = 'breached'"
        " AND e.data->>'deadline' = p.name AND e.at >= due)",
    ),
    Invariant(
        "rung_not_climbed",
        "a rung of the ladder was reached long ago and nobody was told",
        "SELECT tracking_number FROM complaints_complaint WHERE state = ANY(%(open)s) AND merged_into_id IS NULL"
        " AND resolution_due_at IS NOT NULL AND coalesce(next_rung_at, submitted_at) < %(old)s",
    ),
    Invariant(
        "place_too_public",
        "a place that is never public has a public point or a public page",
        "SELECT tracking_number FROM complaints_complaint WHERE place_precision = 'never'"
        " AND (public_point IS NOT NULL OR visibility = 'public')",
    ),
    Invariant(
        "place_missing",
        "a public place has no public point",
        "SELECT tracking_number FROM complaints_complaint WHERE public_point IS NULL"
        " AND (place_shown IN ('exact', 'grid') OR place_shown = 'district' AND district_id IS NOT NULL)",
    ),
    Invariant(
        "too_few_shown",
        "fewer than k cases of a sensitive category are shown in a cell or a district",
        f"SELECT min(tracking_number) {_SHOWN} AND place_shown = 'grid'"
        " GROUP BY category_id, d.code, place_cell HAVING count(*) < min(small_sample_k)"
        f" UNION ALL SELECT min(tracking_number) {_SHOWN} AND place_shown IN ('grid', 'district')"
        " GROUP BY category_id, d.code HAVING count(*) < min(small_sample_k)",
    ),
    Invariant(
        "unlisted_place_shown",
        "a sensitive place is ready to be shown although its complaint is not listed",
        f"SELECT tracking_number {_SENSITIVE} AND place_shown <> 'withheld'"
        " AND NOT (visibility = 'public' AND merged_into_id IS NULL)",
    ),
    Invariant(
        "exact_place_shown",
        "a place that is public as a cell or a district is shown exactly",
        "SELECT tracking_number FROM complaints_complaint WHERE place_precision IN ('grid', 'district')"
        " AND public_point IS NOT NULL AND ST_Equals(public_point, point)",
    ),
    Invariant(
        "merged_count",
        "the number of merged complaints is wrong, or a merged complaint has complaints of its own",
        "SELECT tracking_number FROM complaints_complaint c WHERE (merged_count > 0 OR EXISTS"
        " (SELECT FROM complaints_complaint m WHERE m.merged_into_id = c.id)) AND (merged_into_id IS NOT NULL OR"
        " merged_count <> (SELECT count(*) FROM complaints_complaint m WHERE m.merged_into_id = c.id))",
    ),
    Invariant(
        "joined_count",
        "the number of those who joined is wrong",
        "SELECT tracking_number FROM complaints_complaint c WHERE joined_count > 0 AND joined_count <> (SELECT count(*)"
        " FROM complaints_supporter s JOIN complaints_complaint m ON m.id = s.complaint_id"
        " WHERE c.id IN (m.id, m.merged_into_id))",
    ),
    Invariant(
        "group_not_replayed",
        "a complaint is merged into another one than its history says",
        "SELECT tracking_number FROM complaints_complaint c WHERE merged_into_id IS DISTINCT FROM (SELECT"
        " (data->>'into')::bigint FROM complaints_event e WHERE e.complaint_id = c.id AND e.kind IN ('merged', 'separated')"
        f" AND (e.data ? 'into' OR e.data ? 'from') AND {STANDS_SQL} ORDER BY at DESC, id DESC LIMIT 1)",
    ),
    Invariant(
        "promise_not_replayed",
        "a promise is not the one that the history leads to",
        "SELECT c.tracking_number FROM complaints_complaint c CROSS JOIN LATERAL (VALUES ('answer', answer_due_at),"
        " ('resolution', resolution_due_at)) p (name, due) WHERE due IS DISTINCT FROM (SELECT coalesce(e.data->>'new',"
        " e.data->>(p.name || '_due'))::timestamptz FROM complaints_event e WHERE e.complaint_id = c.id"
        f" AND (e.kind = 'deadline_changed' AND e.data->>'deadline' = p.name OR e.data ? 'answer_due') AND {STANDS_SQL}"
        " ORDER BY at DESC, id DESC LIMIT 1) AND EXISTS (SELECT FROM complaints_event e WHERE e.complaint_id = c.id"
        " AND e.data ? 'answer_due')",
    ),
    Invariant(
        "group_promise",
        "a group keeps another promise than the earliest of its members, or has parts that are not its members'",
        "SELECT c.tracking_number FROM complaints_complaint c JOIN (SELECT primary_id, min(resolution_due_at) AS due,"
        " array_agg(holder_id ORDER BY holder_id) AS holders FROM complaints_grouppromise GROUP BY primary_id) g"
        " ON g.primary_id = c.id WHERE (state = ANY(%(open)s) AND due IS DISTINCT FROM resolution_due_at) OR holders <>"
        " (SELECT array_agg(m.id ORDER BY m.id) FROM complaints_complaint m WHERE c.id IN (m.id, m.merged_into_id))",
    ),
    Invariant(
        "two_cities",
        "unit, category or service belong to another city",
        "SELECT tracking_number FROM complaints_complaint c JOIN catalogue_unit u ON u.id = c.unit_id"
        " JOIN catalogue_category k ON k.id = c.category_id WHERE (u.jurisdiction_id, k.jurisdiction_id, k.service_id)"
        " <> (c.jurisdiction_id, c.jurisdiction_id, c.service_id)",
    ),
    Invariant(
        "reporter_missing",
        "a complaint that somebody filed has no reporter",
        "SELECT tracking_number FROM complaints_complaint c WHERE channel <> 'import'"
        " AND NOT EXISTS (SELECT FROM complaints_reporter r WHERE r.complaint_id = c.id)",
    ),
    Invariant(
        "not_erased",
        "something of an erased reporter is left",
        f"SELECT tracking_number {_ERASED} AND (r.name || r.email || r.phone || c.description || c.location_text <> ''"
        " OR EXISTS (SELECT FROM complaints_message m WHERE m.complaint_id = c.id AND from_reporter AND text <> '')"
        " OR EXISTS (SELECT FROM complaints_idempotencykey k WHERE k.complaint_id = c.id)"
        " OR EXISTS (SELECT FROM notifications_outboxmessage o WHERE o.reference = c.tracking_number"
        " AND o.recipient || o.body <> ''))",
    ),
    Invariant(
        "published_against_policy",
        "text or a photo is public although its category never publishes it",
        "SELECT tracking_number FROM complaints_complaint c JOIN catalogue_category k ON k.id = c.category_id"
        " WHERE (k.publish_text = 'never' AND c.text_review = 'released') OR (k.publish_photos = 'never' AND EXISTS"
        " (SELECT FROM complaints_attachment a WHERE a.complaint_id = c.id AND a.review = 'released'))",
    ),
    Invariant(
        "work_not_done",
        "work has been due for hours and nobody does it",
        " UNION ALL ".join(
            f"SELECT '{table} ' || id FROM {table} WHERE queue_state = 'due' AND next_attempt_at < %(old)s"
            " AND (leased_until IS NULL OR leased_until < %(old)s)"
            for table in (
                "notifications_outboxmessage",
                "complaints_attachment",
                "complaints_feeditem",
                "districts_boundarydraft",
                "districts_editionactivation",
            )
        ),
    ),
)

COUNTED_WRONGLY = Invariant("counted_wrongly", "a complaint stands in the counts otherwise than it is", "")
SUM_WRONG = Invariant("sum_wrong", "a count is not the sum of the complaints that it counts", "")
FILE_MISSING = Invariant("file_missing", "a file that is ready does not lie where its row says", "")


def violations(now: datetime) -> Iterator[Violation]:
    """Every invariant that does not hold, with the first rows that break it. Reads everything; locks nothing."""
    values: dict[str, list[str] | datetime] = {"open": sorted(OPEN_STATES), "old": now - OLD}
    for invariant in INVARIANTS:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT row, count(*) OVER () FROM ({invariant.sql}) s (row) LIMIT {SHOWN}", values)
            rows = cursor.fetchall()
        if rows:
            yield Violation(invariant, rows[0][1], tuple(row[0] for row in rows))
    counted = progress(counted_again(now=now), label="complaints counted again", total=Complaint.objects.count())
    ids = [pk for pk, is_right in counted if not is_right]
    if ids:
        numbers = Complaint.objects.filter(pk__in=ids[:SHOWN]).values_list("tracking_number", flat=True)
        yield Violation(COUNTED_WRONGLY, len(ids), tuple(numbers))
    wrong = [name for city in Jurisdiction.objects.order_by("pk") for name in wrong_sums(city)]
    if wrong:
        yield Violation(SUM_WRONG, len(wrong), tuple(wrong[:SHOWN]))
    missing = list(_missing_files())
    if missing:
        yield Violation(FILE_MISSING, len(missing), tuple(missing[:SHOWN]))


def _missing_files() -> Iterator[str]:
    ready = Attachment.objects.filter(status=Attachment.Status.READY).order_by("pk")
    for number, kind, *paths in ready.values_list(
        "complaint__tracking_number", "kind", "path", "thumbnail_path"
    ).iterator():
        wanted = paths[:1] if kind == "pdf" else paths
        if not all(path and (Path(settings.MEDIA_ROOT) / path).is_file() for path in wanted):
            yield number
