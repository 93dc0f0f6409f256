"""How many complaints there are of what: exact among the open ones, "1000+" where closed ones are many. One statement."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, QuerySet

from complaints.desk.queue import PAGE_SIZE, Queue
from complaints.querysets import late_condition

# Counting further would read further; nobody works through so many by hand. Of what a search finds, a page is enough.
CAP = 1000
_GROUP = ("state", "category_id", "district_id", "district__code", "district__name", "unit_id")


@dataclass(frozen=True)
class Group:
    """How many open complaints share state, category, district and unit, and how many of them are late."""

    state: str
    category_id: int
    district_id: int | None
    district_code: str | None
    district_name: dict[str, str] | None
    unit_id: int
    n: int
    late: int


@dataclass(frozen=True)
class Counts:
    """The open complaints of a queue, grouped once: any choice of state, category, district or unit is a sum of groups.

    Counted in the same statement: the own complaints of the queues `beside`, up to a limit each (`of`), and all rows of
    `other` (`others`; None: not asked).
    """

    queue: Queue
    beside: Sequence[Queue] = field(default=())
    other: QuerySet[Any] | None = None

    def of(self, queue: Queue) -> int:
        """How many a queue of `beside` lists, at most `cap_of(queue)` + 1."""
        return self._counted[1][self.beside.index(queue)]

    @property
    def others(self) -> int:
        return self._counted[1][-1] if self.other is not None else 0

    def by(self, key: Callable[[Group], object], *, ignoring: Iterable[str]) -> Counter[object]:
        """Open complaints by `key`, under all of the filter but the dimensions in `ignoring`: what choosing another gives."""
        counter: Counter[object] = Counter()
        for group in self.groups:
            if n := self._passing(group, frozenset(ignoring)):
                counter[key(group)] += n
        return counter

    @cached_property
    def open(self) -> int:
        """The open ones under the filter."""
        return sum(self._passing(group, frozenset()) for group in self.groups)

    @cached_property
    def late(self) -> int:
        """The late ones under the filter, whatever state it names."""
        chosen = frozenset({"state", "late"})
        return sum(group.late for group in self.groups if self._passing(group, chosen))

    @property
    def groups(self) -> list[Group]:
        return self._counted[0]

    @cached_property
    def _counted(self) -> tuple[list[Group], list[int]]:
        asked: list[QuerySet[Any]] = [self._grouped(), *(some(queue) for queue in self.beside)]
        if self.other is not None:
            asked.append(self.other.values("pk"))
        parts: list[str] = []
        values: list[Any] = []
        for number, queryset in enumerate(asked):
            try:
                sql, parameters = queryset.query.sql_with_params()
            except EmptyResultSet:
                parts.append("NULL")
                continue
            what = "count(*)" if number else "json_agg(q)"
            parts.append(f"(SELECT {what} FROM ({sql}) q)")  # noqa: S608 (the ORM's own SQL)
            values += parameters
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts)}", values)
            groups, *numbers = cursor.fetchone()
        rows = json.loads(groups) if isinstance(groups, str) else groups or []
        names = (*_GROUP, "n", "late")
        return [Group(*(row[name] for name in names)) for row in rows], [number or 0 for number in numbers]

    def _grouped(self) -> QuerySet[Any]:
        wide = replace(
            self.queue.filters,
            states=frozenset(),
            late=False,
            category_ids=(),
            service_ids=(),
            district_codes=(),
            unit_ids=(),
        )
        found = replace(self.queue, filters=wide).found(are_open=True)
        grouped: QuerySet[Any] = (
            found.order_by()
            .values(*_GROUP)
            .annotate(n=Count("pk"), late=Count("pk", filter=late_condition(self.queue.filters.now)))
        )
        return grouped

    def _passing(self, group: Group, ignoring: frozenset[str]) -> int:
        """How many of a group pass the filter, some of its dimensions ignored."""
        filters = self.queue.filters
        chosen = {
            "state": not filters.states or group.state in filters.states,
            "category": not filters.category_ids or group.category_id in filters.category_ids,
            "district": not filters.district_codes or group.district_code in filters.district_codes,
            "unit": not filters.unit_ids or group.unit_id in filters.unit_ids,
            "service": not filters.service_ids or group.category_id in self._categories_of_services,
        }
        ignored = ignoring | {"service"} if "category" in ignoring else ignoring
        if not all(passes for name, passes in chosen.items() if name not in ignored):
            return 0
        return group.late if filters.late and "late" not in ignoring else group.n

    @cached_property
    def _categories_of_services(self) -> frozenset[int]:
        filters = self.queue.filters
        catalogue = filters.catalogue
        return frozenset(c.pk for c in catalogue.categories.values() if c.service_id in filters.service_ids)


def cap_of(queue: Queue) -> int:
    return PAGE_SIZE if queue.filters.q else CAP


def some(queue: Queue) -> QuerySet[Any]:
    """Any complaints that a queue lists, as far as they are counted."""
    limit = cap_of(queue) + 1
    kinds = [queue.some(are_open=kind, limit=limit) for kind in queue.kinds]
    ids: QuerySet[Any] = queue.scope.complaints().none().values("pk")
    for kind in kinds:
        ids = ids.union(kind, all=True)
    return ids[:limit]
