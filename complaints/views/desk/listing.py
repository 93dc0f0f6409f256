"""The desk's list as its page shows it: rows, what can be chosen beside them, and where it goes on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import get_language

from accounts.models import User
from catalogue.models import Jurisdiction
from catalogue.translated import text_in
from complaints.alerts import open_alerts, sees_alerts
from complaints.desk.columns import Column, columns_of
from complaints.desk.counts import Counts
from complaints.desk.orders import Mark, Names, parse_order
from complaints.desk.queue import Queue
from complaints.desk.saved import saved_queues
from complaints.desk.scope import Scope
from complaints.desk.squares import Squares
from complaints.filter_grammar import parse_filters
from complaints.filters import Districts, Filters
from complaints.views.desk.choices import (
    Saved,
    Select,
    Tab,
    in_words,
    narrowings,
    orders_of,
    saved_of,
    selects_of,
    tabs_of,
)
from complaints.views.desk.rows import Row, neighbours, rows_of

# What the desk's addresses know beside the common filter grammar; kept in every link of the list.
PARAMETERS = ("order", "squares")
# Chosen by tabs and by the order; all else is a filter that somebody set.
_NOT_FILTERS = {"state", "late", "jurisdiction", "order"}

# What the form has fields for.
_IN_FORM = _NOT_FILTERS | {"q", "category", "district", "unit", "page_size", "cursor"}

_ENOUGH_FOR_A_TAB = 10


@dataclass(frozen=True)
class Listing:
    """Everything the list's template shows. `total` is words: "300" or "1000+"."""

    filters: Filters
    queue: Queue
    query: str
    rows: list[Row]
    alike: bool
    total: str
    tabs: list[Tab]
    saved: list[Saved]
    selects: list[Select]
    orders: Select
    columns: list[Column]
    is_filtered: bool
    # Open complaints that came to triage for want of a rule, for who looks after the rules of the whole city; else 0.
    alerts: int
    previous_url: str
    next_url: str
    # Where the rows before and after the current one lead.
    up_url: str
    down_url: str

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Filters that an address brought and the form has no field for: whoever changes another keeps them."""
        given = self.filters.given
        return [(name, value) for name, values in given.items() if name not in _IN_FORM for value in values]

    @property
    def narrowed(self) -> list[str]:
        """The same in words."""
        return narrowings(self.queue)

    @property
    def table_columns(self) -> list[Column]:
        """Those with a place of their own: in the table the number stands below the category."""
        return [column for column in self.columns if column != Column.NUMBER]

    @property
    def shows_number(self) -> bool:
        return Column.NUMBER in self.columns

    @property
    def column_choices(self) -> list[tuple[Column, bool]]:
        return [(column, column in self.columns) for column in Column]


def desk_queue(
    user: User, city: Jurisdiction, query: QueryDict, now: datetime, districts: Districts | None = None
) -> Queue:
    """The queue that an address means: open complaints unless it asks for others. Raises FilterError."""
    asked = query.copy()
    if not any(asked.get(name, "").strip() for name in ("state", "late", "q")):
        asked["state"] = "open"
    filters = parse_filters(asked, now=now, jurisdiction=city, also=PARAMETERS, districts=districts)
    order, squares = (asked.get(name, "").strip() for name in PARAMETERS)
    return Queue(Scope(user, city), filters, parse_order(order), squares=Squares.parse(squares) if squares else None)


def listing(user: User, city: Jurisdiction, query: QueryDict, now: datetime, *, current: str = "") -> Listing:
    """The list of an address; `current` is the number of the complaint that is open beside it.

    Raises FilterError. Five statements at most, however many complaints there are.
    """
    queue = desk_queue(user, city, query, now)
    after, before = (_mark(query, name) for name in ("after", "before"))
    closed = replace(queue, filters=replace(queue.filters, states=frozenset())).closed()
    if closed not in _closed_listed(queue):
        closed = replace(closed, count_to=_ENOUGH_FOR_A_TAB)
    saved = saved_queues(queue, lambda kept: desk_queue(user, city, kept, now, queue.filters.districts))
    beside = _each_once([*_closed_listed(queue), *(kept.queue for kept in saved)])
    counts = Counts(
        queue,
        closed,
        beside=[other for other in beside if other != closed],
        other=open_alerts(city) if sees_alerts(queue.scope.memberships, city) else None,
    )
    queue = replace(
        queue,
        names=_names(counts),
        none_open=counts.open == 0,
        open_found=counts.open_found,
        closed_found=counts.closed_found if _closed_listed(queue) == [closed] else None,
    )
    page = queue.page(after=after, before=before)
    here = queue.filters.query_string(after=after, before=before)
    columns = _columns(user, counts)
    rows = rows_of(page, queue, now, columns, query=here, current=current)
    up_url, down_url = neighbours(rows, page, queue, current)
    return Listing(
        filters=queue.filters,
        queue=queue,
        query=here,
        rows=rows,
        alike=page.alike,
        total=str(len(page.rows)) if page.alike else _total(queue, counts),
        tabs=tabs_of(queue, counts, in_words(counts.of(closed), closed)),
        saved=[saved_of(kept, counts, queue) for kept in saved],
        selects=selects_of(queue, counts),
        orders=orders_of(queue),
        columns=columns,
        is_filtered=any(name not in _NOT_FILTERS for name in queue.filters.given),
        alerts=counts.others,
        previous_url=_page_url(queue, "before", page.previous),
        next_url=_page_url(queue, "after", page.next),
        up_url=up_url,
        down_url=down_url,
    )


def _each_once(queues: Iterable[Queue]) -> list[Queue]:
    found: list[Queue] = []
    for queue in queues:
        if queue not in found:
            found.append(queue)
    return found


def _closed_listed(queue: Queue) -> list[Queue]:
    """The closed complaints that this queue lists, if it does."""
    return [queue.closed()] if False in queue.kinds else []


def _total(queue: Queue, counts: Counts) -> str:
    """How many are listed: exact where only open ones are, else counted up to a limit."""
    closed = _closed_listed(counts.queue)
    if not closed:
        return str(counts.open)
    return in_words(counts.of(closed[0]), closed[0], besides=counts.open if True in queue.kinds else 0)


def _mark(query: QueryDict, name: str) -> Mark | None:
    text = query.get(name, "").strip()
    return Mark.parse(text, name) if text else None


def _names(counts: Counts) -> Names:
    language = get_language() or "fr"
    catalogue = counts.queue.filters.catalogue
    districts = {g.district_id: text_in(g.district_name, language) for g in counts.groups if g.district_id is not None}
    return Names(
        categories=_by_name({c.pk: text_in(c.name, language) for c in catalogue.categories.values()}),
        districts=_by_name(districts),
        units=_by_name({u.pk: text_in(u.name, language) for u in catalogue.units.values()}),
    )


def _by_name(names: Mapping[int, str]) -> list[int]:
    return sorted(names, key=lambda pk: (names[pk].casefold(), pk))


def _page_url(queue: Queue, name: str, mark: Mark | None) -> str:
    return f"{reverse('desk')}?{queue.filters.query_string(**{name: mark})}" if mark is not None else ""


def _columns(user: User, counts: Counts) -> list[Column]:
    """The person's columns; who answers is no news where only one unit does."""
    units = {group.unit_id for group in counts.groups}
    return [column for column in columns_of(user) if column != Column.UNIT or len(units) > 1]
