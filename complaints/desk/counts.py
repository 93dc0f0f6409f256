"""How many complaints there are of what: exact among the open ones, "1000+" where closed ones are many. One statement."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from complaints.desk.lines import Sql, rows_of
from complaints.desk.queue import PAGE_SIZE, Queue
from complaints.models import Complaint

# Counting further would read further; nobody works through so many by hand. Each closed one is looked at for it, open ones
# are looked at anyway.
CAP = 1000
CLOSED_CAP = 200
# Of a period or of places: the office's figures lead to such lists, which hold as many. These are counted by index.
FIGURE_CAP = 100_000
# Late as Complaint.is_late says; what is merged into another has no clock of its own.
_GROUPS = """SELECT c.state, c.category_id, c.district_id, c.unit_id, count(*) AS n,
count(*) FILTER (WHERE c.merged_into_id IS NULL AND (
  (c.answered_at IS NULL AND c.answer_due_at < coalesce(c.paused_at, %s))
  OR c.resolution_due_at < coalesce(c.paused_at, %s))) AS late, {ids} AS ids
FROM ({rows}) c GROUP BY c.state, c.category_id, c.district_id, c.unit_id"""
_COUNTED = """WITH g AS MATERIALIZED ({groups})
SELECT (SELECT json_agg(json_build_array(state, category_id, district_id, unit_id, n, late, ids)) FROM g),
(SELECT json_object_agg(id, json_build_array(code, name)) FROM districts_district
 WHERE id IN (SELECT district_id FROM g)), {numbers}"""
_NOTHING = Sql(
    "SELECT '' AS state, 0 AS category_id, 0 AS district_id, 0 AS unit_id, 0 AS n, 0 AS late, 0 AS ids WHERE false"
)


@dataclass(frozen=True)
class Group:
    """How many open complaints share state, category, district and unit, and how many of them are late.

    `ids`: which ones, where they were searched for.
    """

    state: str
    category_id: int
    district_id: int | None
    district_code: str | None
    district_name: dict[str, str] | None
    unit_id: int
    n: int
    late: int
    ids: Sequence[int] = ()


@dataclass(frozen=True)
class Counts:
    """The open complaints of a queue, grouped once: any choice of state, category, district or unit is a sum of groups.

    Counted in the same statement: `closed`, of closed ones only, of which a search keeps what it found; the own complaints of
    the queues `beside`, up to a limit each (`of`); and all rows of `other` (`others`; None: not asked).
    """

    queue: Queue
    closed: Queue
    beside: Sequence[Queue] = field(default=())
    other: QuerySet[Any] | None = None

    def of(self, queue: Queue) -> int:
        """How many a queue of `beside` lists, at most `cap_of(queue)` + 1."""
        _groups, closed, numbers = self._counted
        if queue == self.closed:
            return len(closed) if isinstance(closed, list) else closed
        return numbers[self.beside.index(queue)]

    @property
    def others(self) -> int:
        return self._counted[2][-1] if self.other is not None else 0

    def by(self, key: Callable[[Group], object], *, ignoring: Iterable[str]) -> Counter[object]:
        """Open complaints by `key`, under all of the filter but the dimensions in `ignoring`: what choosing another gives."""
        counter: Counter[object] = Counter()
        for group in self._passing(ignoring):
            if n := group.late if self.queue.filters.late and "late" not in ignoring else group.n:
                counter[key(group)] += n
        return counter

    @cached_property
    def open(self) -> int:
        """The open ones under the filter."""
        return sum(group.late if self.queue.filters.late else group.n for group in self._passing(()))

    @cached_property
    def late(self) -> int:
        """The late ones under the filter, whatever state it names."""
        return sum(group.late for group in self._passing({"state"}))

    @property
    def open_found(self) -> list[int] | None:
        """The open complaints that were searched for, whatever else the filter says; None where there was no search."""
        return [pk for group in self.groups for pk in group.ids] if self.queue.filters.q else None

    @property
    def closed_found(self) -> list[int] | None:
        """The newest complaints of `closed` that were searched for; None where there was no search."""
        closed = self._counted[1]
        return closed if isinstance(closed, list) else None

    @property
    def groups(self) -> list[Group]:
        return self._counted[0]

    @cached_property
    def _counted(self) -> tuple[list[Group], list[int] | int, list[int]]:
        searched = bool(self.closed.filters.q)
        closed = self.closed.newest_closed(None, cap_of(self.closed) + 1) if searched else some(self.closed)
        asked = [("json_agg(q.pk)" if searched else "count(*)", _sql(closed))]
        asked += [("count(*)", _sql(some(queue))) for queue in self.beside]
        if self.other is not None:
            asked.append(("count(*)", _sql(self.other.values("pk"))))
        groups = self._grouped()
        numbers = [f"(SELECT {what} FROM ({sql.text}) q)" if sql else "NULL" for what, sql in asked]  # noqa: S608 (as above)
        values = [*groups.values, *(value for _what, sql in asked if sql for value in sql.values)]
        with connection.cursor() as cursor:
            cursor.execute(_COUNTED.format(groups=groups.text, numbers=", ".join(numbers)), values)
            found, districts, closed_ones, *counted = cursor.fetchone()
        named = _loaded(districts) or {}
        return (
            [_group(row, named) for row in _loaded(found) or ()],
            _loaded(closed_ones) or [] if searched else closed_ones or 0,
            [number or 0 for number in counted],
        )

    def _grouped(self) -> Sql:
        wide = replace(
            self.queue.filters,
            states=frozenset(),
            late=False,
            category_ids=(),
            service_ids=(),
            district_codes=(),
            unit_ids=(),
        )
        rows = rows_of(replace(self.queue, filters=wide).found(are_open=True))
        if rows is None:
            return _NOTHING
        # What was searched for is listed from here: nobody searches twice.
        ids = "array_agg(c.id)" if self.queue.filters.q else "'{}'::bigint[]"
        now = self.queue.filters.now
        return Sql(_GROUPS.format(ids=ids, rows=rows.text), (now, now, *rows.values))

    def _passing(self, ignoring: Iterable[str]) -> list[Group]:
        """The groups that pass the filter, some of its dimensions ignored."""
        ignored = frozenset(ignoring) | frozenset({"service"} if "category" in ignoring else ())
        return [group for group, missed in self._missed if missed <= ignored]

    @cached_property
    def _missed(self) -> list[tuple[Group, frozenset[str]]]:
        """Each group with the dimensions of the filter that keep it out."""
        filters = self.queue.filters
        services = {category.pk: category.service_id for category in filters.catalogue.categories.values()}
        wanted: dict[str, tuple[Callable[[Group], object], Collection[object]]] = {
            "state": (attrgetter("state"), filters.states),
            "category": (attrgetter("category_id"), filters.category_ids),
            "district": (attrgetter("district_code"), filters.district_codes),
            "unit": (attrgetter("unit_id"), filters.unit_ids),
            "service": (lambda group: services.get(group.category_id), filters.service_ids),
        }
        asked = [(name, key, values) for name, (key, values) in wanted.items() if values]
        return [(g, frozenset(name for name, key, values in asked if key(g) not in values)) for g in self.groups]


def _sql(queryset: QuerySet[Any]) -> Sql | None:
    """The statement of a queryset; None where it would find nothing."""
    try:
        return Sql(*queryset.query.sql_with_params())
    except EmptyResultSet:
        return None


def _group(row: list[Any], districts: Mapping[str, tuple[str, dict[str, str]]]) -> Group:
    state, category_id, district_id, unit_id, n, late, ids = row
    code, name = districts.get(str(district_id), (None, None))
    return Group(state, category_id, district_id, code, name, unit_id, n, late, ids)


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def cap_of(queue: Queue) -> int:
    """How far a queue is counted: a page is enough where closed ones must be looked at one by one for it, and nobody asks
    for a period's number.
    """
    filters = queue.filters
    if (queue.within_period or queue.squares) and not filters.q and queue.count_to is None:
        return FIGURE_CAP
    narrowed = (
        filters.category_ids,
        filters.service_ids,
        filters.district_codes,
        filters.bbox,
        filters.since,
        filters.until,
    )
    if filters.q or (False in queue.kinds and any(narrowed)):
        return min(PAGE_SIZE, queue.count_to or PAGE_SIZE)
    return CLOSED_CAP if False in queue.kinds else CAP


def some(queue: Queue) -> QuerySet[Any]:
    """Any complaints that a queue lists, as far as they are counted."""
    limit = cap_of(queue) + 1
    kinds = [queue.some(are_open=kind, limit=limit) for kind in queue.kinds]
    if not kinds:
        return Complaint.objects.none()
    ids = kinds[0]
    return ids.union(*kinds[1:], all=True)[:limit] if kinds[1:] else ids
