"""The lines of the desk's list, read by a statement written here: to build it from models took longer than to answer it.

Which complaints are listed is a queryset's affair; how a line is read and in which order they come is this module's.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from complaints.models import Complaint

# Of the complaint `c`. The promise that comes next: the first answer until it was given, then the resolution.
NEXT_DUE = (
    """CASE WHEN c.answered_at IS NULL THEN least(c.answer_due_at, c.resolution_due_at) ELSE c.resolution_due_at END"""
)
_NEEDED = {
    "id", "tracking_number", "jurisdiction_id", "category_id", "service_id", "unit_id", "state", "kind", "channel",
    "visibility", "submitted_at", "updated_at", "answered_at", "closed_at", "answer_due_at", "resolution_due_at", "paused_at",
    "reopened_count", "merged_count", "joined_count", "merged_into_id",
}  # fmt: skip
_FIELDS = [field.attname for field in Complaint._meta.concrete_fields if field.attname in _NEEDED]
_SELECT = f"""SELECT {", ".join(f"c.{name}" for name in _FIELDS)},
{NEXT_DUE}, d.name::text, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username),
(SELECT count(*) FROM complaints_attachment a WHERE a.complaint_id = c.id AND a.status <> 'refused'),
EXISTS (SELECT FROM complaints_handover h
  WHERE h.complaint_id = c.id AND h.outcome = 'open' AND h.to_unit_id = c.unit_id),
(SELECT string_agg(coalesce(nullif(trim(o.first_name || ' ' || o.last_name), ''), o.username), ', ')
  FROM complaints_presence p JOIN accounts_user o ON o.id = p.user_id
  WHERE p.complaint_id = c.id AND p.seen_at > %s AND p.user_id <> %s)"""  # noqa: S608 (constants)
_JOINS = """LEFT JOIN districts_district d ON d.id = c.district_id
LEFT JOIN accounts_user u ON u.id = c.assigned_to_id"""
_ONLY_ID = 'SELECT "complaints_complaint"."id"'


@dataclass(frozen=True)
class Sql:
    """A piece of a statement, with the values of its placeholders."""

    text: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Line:
    """A complaint as the list shows it.

    `next_due_at`: None without promise. `offered`: handed over, not accepted. `here`: names of others who have it open.
    `keys`: what it was sorted by, its id left aside.
    """

    complaint: Complaint
    next_due_at: datetime | None
    district_name: dict[str, str] | None
    crew_member: str
    files: int
    offered: bool
    here: str
    keys: tuple[int, ...]


def read_lines(
    found: QuerySet[Any],
    order: str,
    *,
    limit: int,
    here_since: datetime,
    reader_id: int,
    keys: Sql | None = None,
    among: Sql | None = None,
) -> list[Line]:
    """Lines of the complaints `c` of `found`, of which `among` holds. One statement.

    `keys`: columns of `k`, computed from `c`, that `order` and `among` may name.
    """
    rows = rows_of(found)
    if rows is None:
        return []
    keys, among = keys or Sql("NULL"), among or Sql("true")
    sql = f"""{_SELECT}, k.*
FROM ({rows.text}) c CROSS JOIN LATERAL (SELECT {keys.text}) k
{_JOINS}
WHERE {among.text} ORDER BY {order} LIMIT %s"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [here_since, reader_id, *rows.values, *keys.values, *among.values, limit])
        return [_line(row) for row in cursor.fetchall()]


def rows_of(found: QuerySet[Any]) -> Sql | None:
    """The statement that reads all columns of these complaints, in no order; None where it would find none."""
    try:
        sql, values = found.order_by().only("pk").query.sql_with_params()
    except EmptyResultSet:
        return None
    if not sql.startswith(_ONLY_ID):
        raise ValueError(f"does not begin with the complaint's id: {sql}")
    return Sql(f"SELECT complaints_complaint.*{sql.removeprefix(_ONLY_ID)}", values)


def _line(row: tuple[Any, ...]) -> Line:
    n = len(_FIELDS)
    due, district, crew, files, offered, here, *keys = row[n:]
    complaint = Complaint.from_db(connection.alias, _FIELDS, row[:n])
    return Line(complaint, due, district and _name(district), crew or "", files, offered, here or "", tuple(keys))


@lru_cache(maxsize=1024)
def _name(text: str) -> dict[str, str]:
    name: dict[str, str] = json.loads(text)
    return name
