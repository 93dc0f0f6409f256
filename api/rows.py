"""Public facts of complaints in SQL: one definition of each column, for GeoJSON, CSV, tiles and cells alike.

Text is built by the database: row by row through serializers it takes thirty times as long. Only `public_point` is ever
read, never `point`; district and unit only as far as `place_shown` allows; no reporter is joined.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet

from complaints.querysets import DISTRICT_SHOWN, UNIT_SHOWN, ComplaintQuerySet
from complaints.workflow import OPEN_STATES

Statement = tuple[str, list[Any]]


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


_OPEN = _quoted(sorted(OPEN_STATES))
IS_OPEN = f"(c.state IN ({_OPEN}))"
# Complaint.is_late in SQL: the clock stands still while the reporter must act.
IS_LATE = (
    f"({IS_OPEN} AND coalesce((c.answered_at IS NULL AND c.answer_due_at < coalesce(c.paused_at, clock.now))"
    " OR c.resolution_due_at < coalesce(c.paused_at, clock.now), false))"
)
# Many records on one point are an office's default, not a place.
PLACE = "CASE WHEN NOT c.default_point_suspect THEN c.public_point END"


def _instant(column: str) -> str:
    return _utc(f"c.{column}")


def _utc(instant: str) -> str:
    return f"""to_char({instant} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


_DESCRIPTION = (
    "CASE WHEN c.text_review = 'released' AND k.publish_text <> 'never'"
    " THEN coalesce(nullif(c.public_description, ''), c.description) END"
)
_PHOTOS = (
    "FROM complaints_attachment a WHERE a.complaint_id = c.id AND a.status = 'ready' AND a.review = 'released'"
    " AND a.kind <> 'pdf' AND k.publish_photos <> 'never'"
)
# As Attachment.full_url: its version is the end of the file's name.
_PHOTO_URL = (
    r"clock.photo_start || a.public_id || clock.photo_end ||"
    r" coalesce(substring(a.path FROM '-([^-./]+)\.[a-z]+$'), '0') || '/'"
)

# Name → SQL, in the order of contract.md §4.
FACTS = {
    "tracking_number": "c.tracking_number",
    "state": "c.state",
    "state_group": f"CASE WHEN {IS_OPEN} THEN 'open' ELSE 'closed' END",
    "service": "s.code",
    "category": "k.code",
    "district": f"CASE WHEN c.place_shown IN ({_quoted(DISTRICT_SHOWN)}) THEN d.code END",
    "unit": f"CASE WHEN c.place_shown IN ({_quoted(UNIT_SHOWN)}) THEN u.code END",
    "submitted_at": _instant("submitted_at"),
    "updated_at": _instant("updated_at"),
    "answer_due_at": _instant("answer_due_at"),
    "resolution_due_at": _instant("resolution_due_at"),
    "answered_at": _instant("answered_at"),
    "closed_at": _instant("closed_at"),
    "paused_at": _instant("paused_at"),
    "reopened_count": "c.reopened_count",
    "late": IS_LATE,
    "merged_count": "c.merged_count",
    "joined_count": "c.joined_count",
    "place_precision": "CASE c.place_shown WHEN 'withheld' THEN 'city' ELSE c.place_shown END",
}
_JOINS = """
FROM clock CROSS JOIN picked JOIN complaints_complaint c ON c.id = picked.id
JOIN catalogue_service s ON s.id = c.service_id JOIN catalogue_category k ON k.id = c.category_id
JOIN catalogue_unit u ON u.id = c.unit_id LEFT JOIN districts_district d ON d.id = c.district_id
"""
_TIMED = "LEFT JOIN analytics_timing t ON t.complaint_id = c.id"
_NEWEST_FIRST = "ORDER BY c.submitted_at DESC, c.id DESC"


def with_picked(queryset: ComplaintQuerySet, *, now: datetime, photo_url: tuple[str, str] = ("", "")) -> Statement:
    """`WITH clock AS (…), picked (id) AS (…)`: the instant that decides what is late, and the ids of a queryset's rows."""
    try:
        sql, params = queryset.values("pk").query.sql_with_params()
    except EmptyResultSet:
        sql, params = "SELECT id FROM complaints_complaint WHERE false", ()
    head = f"WITH clock AS (SELECT %s::timestamptz AS now, %s AS photo_start, %s AS photo_end), picked (id) AS ({sql})"
    return head, [now, *photo_url, *params]


def features_sql(head: Statement) -> Statement:
    """Rows (GeoJSON Feature as text, submitted_at, id), newest first."""
    facts = ", ".join(f"'{name}', {sql}" for name, sql in FACTS.items())
    photos = (
        f"(SELECT coalesce(json_agg(json_build_object('url', {_PHOTO_URL}, 'width', a.width, 'height', a.height)"
        f" ORDER BY a.created_at, a.id), '[]') {_PHOTOS})"
    )
    feature = (
        f"json_build_object('type', 'Feature', 'geometry', ST_AsGeoJSON({PLACE}, 7)::json, 'properties',"
        f" json_build_object({facts}, 'description', {_DESCRIPTION}, 'photos', {photos}))::text"
    )
    return f"{head[0]} SELECT {feature}, c.submitted_at, c.id {_JOINS} {_NEWEST_FIRST}", head[1]


def table_sql(head: Statement) -> Statement:
    """The same facts as columns, with longitude and latitude, and the deadlines as they would be had the clock never stood
    still; photos as addresses with spaces between.
    """
    place = f"({PLACE})"
    columns = {
        **FACTS,
        # As JSON and the dictionary write it; COPY alone would say t and f.
        "late": f"CASE WHEN {IS_LATE} THEN 'true' ELSE 'false' END",
        # A spreadsheet takes a text that begins so for a formula; the apostrophe makes it text again.
        "description": f"regexp_replace({_DESCRIPTION}, '^(\\s*[=+@\\-＝＋－＠\\t\\r])', '''\\1')",
        "photos": f"(SELECT string_agg({_PHOTO_URL}, ' ' ORDER BY a.created_at, a.id) {_PHOTOS})",
        "longitude": f"round(ST_X({place})::numeric, 7)",
        "latitude": f"round(ST_Y({place})::numeric, 7)",
        # Until the feed has worked a change off there is no other deadline than the one that stands.
        **{
            f"{name}_due_unpaused_at": _utc(f"coalesce(t.{name}_due_unpaused, c.{name}_due_at)")
            for name in ("answer", "resolution")
        },
    }
    selected = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"{head[0]} SELECT {selected} {_JOINS} {_TIMED} {_NEWEST_FIRST}", head[1]


def located(queryset: ComplaintQuerySet) -> ComplaintQuerySet:
    """The rows that belong on a map."""
    return queryset.filter(default_point_suspect=False, public_point__isnull=False)
