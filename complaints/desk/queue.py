"""The pages of the desk's list: open complaints in the wanted order, then closed ones, the newest closing first.

Open and closed are read apart: each has indexes of its own, and a page goes on exactly below the row where the one before
it ended, however long the list is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet

from complaints.desk.finding import Finding
from complaints.desk.lines import Line, Sql, read_lines
from complaints.desk.orders import Mark, Names, Order, ended, instant_of, microseconds, open_keys
from complaints.desk.scope import Scope
from complaints.desk.squares import Squares
from complaints.filters import FilterError, Filters
from complaints.models import Complaint
from complaints.models.deskwork import HERE_FOR
from complaints.querysets import ComplaintQuerySet
from complaints.workflow import CLOSED_STATES, OPEN_STATES

PAGE_SIZE = 50
# Where nothing has exactly the words that were typed, so many of the newest closed ones are compared letter by letter.
ALIKE_AMONG = 500


@dataclass(frozen=True)
class Page:
    """Some rows of the list. `previous` and `next` are where its neighbours begin; None where there are none.

    `alike`: nothing has exactly the words that were typed, these only sound like it.
    """

    rows: list[Line]
    previous: Mark | None = None
    next: Mark | None = None
    # The first row of the page below.
    beyond: Line | None = None
    alike: bool = False


@dataclass(frozen=True)
class Queue:
    """One person's complaints in one city under a filter, in an order."""

    scope: Scope
    filters: Filters
    order: Order = Order.LEFT
    # Ids by name, for the orders that need them; whether open ones need not be looked for: somebody counted none; and what a
    # search found, where somebody searched already: the open ones, and the newest closed ones (no fewer than a page of them).
    names: Names = field(default_factory=lambda: Names((), (), ()))
    none_open: bool = False
    open_found: Sequence[int] | None = None
    closed_found: Sequence[int] | None = None
    # Counted no further than this where closed ones must be looked at one by one: nobody reads them here.
    count_to: int | None = None
    # Of these squares of the map only, as the public map shows them.
    squares: Squares | None = None

    @cached_property
    def finding(self) -> Finding:
        return Finding(self.scope, self.filters)

    def page(self, *, after: Mark | None = None, before: Mark | None = None) -> Page:
        """The rows below `after` or above `before`, one statement where one kind is listed."""
        if before is not None:
            return self._page_above(before)
        rows = self._rows(after, PAGE_SIZE + 1, backward=False)
        if not rows and self.filters.q and after is None and not self.finding.is_number:
            return Page(self._alike(), alike=True)
        shown = rows[:PAGE_SIZE]
        return Page(
            shown,
            previous=self.mark(shown[0], after.as_of) if after is not None and shown else None,
            next=self.mark(shown[-1], self._as_of(after)) if len(rows) > PAGE_SIZE else None,
            beyond=rows[PAGE_SIZE] if len(rows) > PAGE_SIZE else None,
        )

    def closed(self) -> "Queue":
        """The same queue, of closed complaints only: of those states that it names, or of all."""
        closed = frozenset(str(state) for state in CLOSED_STATES)
        return replace(self, filters=replace(self.filters, states=self.filters.states & closed or closed, late=False))

    def mark(self, line: Line, as_of: datetime) -> Mark:
        """The place of a line that a page of this list gave."""
        row = line.complaint
        if row.is_open:
            return Mark(True, as_of, (*line.keys, row.pk))
        return Mark(False, as_of, (microseconds(row.closed_at or row.submitted_at), row.pk))

    def found(self, *, are_open: bool | None = None) -> ComplaintQuerySet:
        """Everything under the filter: open, closed, or (None) both. In no order."""
        found = self._plain()
        if are_open is not None:
            found = found.open() if are_open else found.closed()
        if not self.filters.q:
            return found
        if are_open:
            return self.finding.among(found)
        return Complaint.objects.filter(pk__in=_union([found.filter(way) for way in self.finding.ways()]))

    def some(self, *, are_open: bool, limit: int) -> QuerySet[Any]:
        """The ids of any `limit` open or closed complaints under the filter, for counting that far."""
        if are_open:
            return self.found(are_open=True).order_by().values("pk")[:limit]
        if self.filters.q:
            return self.newest_closed(None, limit)[:limit]
        if self.within_period or self.squares is not None:
            return self._plain().closed().order_by().values("pk")[:limit]
        # In the order of the list: the planner then walks along its index instead of gathering whole categories.
        return _in_order(self._plain().closed(), False).values("pk")[:limit]

    def _plain(self) -> ComplaintQuerySet:
        """Everything under the filter but the words. One row for each thing; a search finds merged ones too."""
        found = self.filters.apply_without_words(
            self.scope.complaints(), for_staff=True, knows_places=self.scope.knows_places
        )
        if self.squares is not None:
            found = found.filter(self.squares.holds())
        return found if self.filters.q else found.primary()

    @property
    def kinds(self) -> list[bool]:
        """What is listed, in this order: open ones (True), closed ones (False)."""
        filters = self.filters
        is_open = not filters.states or bool(filters.states & OPEN_STATES)
        is_closed = not filters.late and (not filters.states or bool(filters.states & CLOSED_STATES))
        return [kind for kind, listed in ((True, is_open), (False, is_closed)) if listed]

    @property
    def within_period(self) -> bool:
        """Whether days are given: then what is listed is found by its filing, however long ago it was closed."""
        return self.filters.since is not None and self.filters.until is not None

    def _as_of(self, mark: Mark | None) -> datetime:
        return mark.as_of if mark is not None else self.filters.now

    def _page_above(self, mark: Mark) -> Page:
        rows = self._rows(mark, PAGE_SIZE + 1, backward=True)
        shown = rows[:PAGE_SIZE][::-1]
        if not shown:
            return self.page()
        return Page(
            shown,
            previous=self.mark(shown[0], mark.as_of) if len(rows) > PAGE_SIZE else None,
            next=self.mark(shown[-1], mark.as_of),
        )

    def _rows(self, mark: Mark | None, limit: int, *, backward: bool) -> list[Line]:
        """Up to `limit` rows on the given side of a mark, the nearest first."""
        rows: list[Line] = []
        for is_open in reversed(self.kinds) if backward else self.kinds:
            # A mark among the closed ones lies below all open ones, and the other way round.
            if mark is not None and mark.is_open != is_open and (mark.is_open == backward):
                continue
            here = mark if mark is not None and mark.is_open == is_open else None
            if self.none_open if is_open else self.closed_found == [] and here is None:
                continue
            read = self._open if is_open else self._closed
            rows += read(here, self._as_of(mark), limit - len(rows), backward)
            if len(rows) >= limit:
                break
        return rows

    def _open(self, mark: Mark | None, as_of: datetime, limit: int, backward: bool) -> list[Line]:
        if self.open_found is None:
            listed = self.found(are_open=True)
        else:
            listed = self._plain().open().filter(pk__in=self.open_found)
        way, side = (" DESC", "<") if backward else ("", ">")
        return self._lines(
            listed,
            ", ".join(f"{key}{way}" for key in ("k.first", "k.second", "c.id")),
            limit,
            keys=open_keys(self.order, self.names, as_of),
            among=Sql(f"(k.first, k.second, c.id) {side} (%s, %s, %s)", mark.keys) if mark is not None else None,
        )

    def _closed(self, mark: Mark | None, as_of: datetime, limit: int, backward: bool) -> list[Line]:
        del as_of  # what is closed has no time left
        plain = self._plain().closed()
        if not self.filters.q:
            found = _below(plain, mark, backward)
        elif self.closed_found is not None and mark is None:
            found = plain.filter(pk__in=self.closed_found)
        else:
            found = Complaint.objects.filter(pk__in=self.newest_closed(mark, limit, backward=backward))
        way = "ASC" if backward else "DESC"
        return self._lines(found, f"coalesce(c.closed_at, c.submitted_at) {way}, c.id {way}", limit)

    def newest_closed(self, mark: Mark | None, limit: int, *, backward: bool = False) -> QuerySet[Any]:
        """The ids of what a search finds among the closed ones, the newest `limit` of each way of being found (below a mark)."""
        plain = self._plain().closed()
        ways = [_below(plain.filter(way), mark, backward) for way in self.finding.ways()]
        ids: QuerySet[Any] = _union([_in_order(found, backward)[:limit] for found in ways])
        return ids

    def _alike(self) -> list[Line]:
        """What sounds like the words typed, among the open ones and the newest closed ones."""
        plain = self._plain()
        kinds = [plain.open() if kind else _in_order(plain.closed(), False)[:ALIKE_AMONG] for kind in self.kinds]
        if not kinds:
            return []
        near = Complaint.objects.filter(pk__in=_union(kinds))
        return self._lines(self.finding.alike(near), "c.likeness DESC, c.id", PAGE_SIZE)

    def _lines(
        self,
        found: ComplaintQuerySet,
        order: str,
        limit: int,
        *,
        keys: Sql | None = None,
        among: Sql | None = None,
    ) -> list[Line]:
        return read_lines(
            found,
            order,
            limit=limit,
            here_since=self.filters.now - HERE_FOR,
            reader_id=self.scope.user.pk,
            keys=keys,
            among=among,
        )


def _union(querysets: Sequence[ComplaintQuerySet]) -> Any:
    """The ids of several querysets."""
    ids = [queryset.values("pk") for queryset in querysets]
    return ids[0].union(*ids[1:]) if len(ids) > 1 else ids[0]


def _below(found: ComplaintQuerySet, mark: Mark | None, backward: bool) -> ComplaintQuerySet:
    """Closed ones below a mark (above it, backward). The first condition lets the index jump to the place."""
    if mark is None:
        return found
    found = found.alias(ended_at=ended())
    number, pk = mark.keys
    try:
        at = instant_of(number)
    except OverflowError:
        raise FilterError("after") from None
    if backward:
        return found.filter(Q(ended_at__gte=at) & (Q(ended_at__gt=at) | Q(pk__gt=pk)))
    return found.filter(Q(ended_at__lte=at) & (Q(ended_at__lt=at) | Q(pk__lt=pk)))


def _in_order(found: ComplaintQuerySet, backward: bool) -> ComplaintQuerySet:
    at = ended()
    return found.order_by(at.asc(), "pk") if backward else found.order_by(at.desc(), "-pk")
