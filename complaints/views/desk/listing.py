"""The desk's list as its page shows it: rows, tabs and filters with their numbers, the order, and where it goes on."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from catalogue.models import Category, Jurisdiction
from catalogue.snapshot import Snapshot
from catalogue.translated import text_in
from complaints.alerts import open_alerts, sees_alerts
from complaints.desk.columns import Column, columns_of
from complaints.desk.counts import Counts, cap_of
from complaints.desk.orders import Mark, Names, Order, parse_order
from complaints.desk.queue import Page, Queue
from complaints.desk.saved import SavedQueue, saved_queues
from complaints.desk.scope import Scope
from complaints.filters import Districts, Filters, parse_filters
from complaints.models import Complaint
from complaints.permissions import DESK
from complaints.workflow import State

# What the desk's addresses know beside the common filter grammar; kept in every link of the list.
PARAMETERS = ("order",)
# Chosen by tabs and by the order; all else is a filter that somebody set.
_NOT_FILTERS = {"state", "late", "jurisdiction", "order"}


@dataclass(frozen=True)
class Row:
    """One line of the desk: facts only, no words of people."""

    tracking_number: str
    url: str
    category: Category
    category_name: str
    state: str
    state_label: str
    district: str
    unit: str
    submitted_at: datetime
    age: str
    changed: str
    due_at: datetime | None
    due_label: str
    paused: bool
    is_open: bool
    late: bool
    urgent: bool
    offered: bool
    files: int
    reports: int
    channel: str
    crew_member: str
    here: str
    seen: str
    current: bool


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    n: str
    current: bool


@dataclass(frozen=True)
class Option:
    """One choice of a filter's select; `n` is what choosing it would give, None where that was not counted."""

    value: str
    label: str
    n: int | None
    chosen: bool


@dataclass(frozen=True)
class Select:
    name: str
    label: str
    options: list[Option]


@dataclass(frozen=True)
class Saved:
    """A saved filter in the list's menu. `is_own`: may be deleted by this person."""

    pk: int
    name: str
    url: str
    n: str
    current: bool
    is_shared: bool
    is_own: bool


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
    return Queue(Scope(user, city), filters, parse_order(asked.get("order", "").strip()))


def listing(user: User, city: Jurisdiction, query: QueryDict, now: datetime, *, current: str = "") -> Listing:
    """The list of an address; `current` is the number of the complaint that is open beside it.

    Raises FilterError. Five statements at most, however many complaints there are.
    """
    queue = desk_queue(user, city, query, now)
    after, before = (_mark(query, name) for name in ("after", "before"))
    closed = replace(queue, filters=replace(queue.filters, states=frozenset())).closed()
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
    rows = rows_of(page, queue, now, query=here, current=current)
    up_url, down_url = _neighbours(rows, page, queue, current)
    return Listing(
        filters=queue.filters,
        queue=queue,
        query=here,
        rows=rows,
        alike=page.alike,
        total=str(len(page.rows)) if page.alike else _total(queue, counts),
        tabs=_tabs(queue, counts, _in_words(counts.of(closed), closed)),
        saved=[_saved(kept, counts, queue) for kept in saved],
        selects=_selects(queue, counts),
        orders=_orders(queue),
        columns=_columns(user, counts),
        is_filtered=any(name not in _NOT_FILTERS for name in queue.filters.given),
        alerts=counts.others,
        previous_url=_page_url(queue, "before", page.previous),
        next_url=_page_url(queue, "after", page.next),
        up_url=up_url,
        down_url=down_url,
    )


def rows_of(page: Page, queue: Queue, now: datetime, *, query: str, current: str = "") -> list[Row]:
    catalogue = queue.filters.catalogue
    categories = {category.pk: category for category in catalogue.categories.values()}
    named = bool(queue.scope.roles & DESK)
    return [_row(complaint, categories, catalogue, now, query, current, named) for complaint in page.rows]


def case_url(tracking_number: str, query: str) -> str:
    """A complaint of the list, with the list beside it."""
    url = reverse("desk_complaint", args=[tracking_number])
    return f"{url}?{query}" if query else url


def _neighbours(rows: Sequence[Row], page: Page, queue: Queue, current: str) -> tuple[str, str]:
    """Addresses of the rows above and below the current one; without a current one both lead into the list."""
    numbers = [row.tracking_number for row in rows]
    if current not in numbers:
        return "", rows[0].url if rows else ""
    place = numbers.index(current)
    up = rows[place - 1].url if place else ""
    if place + 1 < len(rows):
        return up, rows[place + 1].url
    if page.beyond is None or page.next is None:
        return up, ""
    return up, case_url(page.beyond.tracking_number, queue.filters.query_string(after=page.next))


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
    return _in_words(counts.of(closed[0]) + (counts.open if True in queue.kinds else 0), queue)


def _in_words(n: int, queue: Queue) -> str:
    return f"{cap_of(queue)}+" if n > cap_of(queue) else str(n)


def _row(
    complaint: Complaint,
    categories: Mapping[int, Category],
    catalogue: Snapshot,
    now: datetime,
    query: str,
    current: str,
    named: bool,
) -> Row:
    language = get_language() or "fr"
    due_at = getattr(complaint, "next_due_at", None) if complaint.is_open else None
    answer_next = complaint.answered_at is None and due_at == complaint.answer_due_at
    person = complaint.assigned_to
    category = categories[complaint.category_id]
    here = getattr(complaint, "here", None) or ""
    return Row(
        tracking_number=complaint.tracking_number,
        url=case_url(complaint.tracking_number, query),
        category=category,
        category_name=text_in(category.name, language),
        state=complaint.state,
        state_label=str(State(complaint.state).label),
        district=text_in(complaint.district.name, language) if complaint.district else "",
        unit=text_in(catalogue.units[complaint.unit_id].name, language),
        submitted_at=complaint.submitted_at,
        age=timesince(complaint.submitted_at, now, depth=1),
        changed=timesince(complaint.updated_at, now, depth=1),
        due_at=due_at,
        due_label=_("First answer") if answer_next else _("Resolution"),
        paused=complaint.paused_at is not None,
        is_open=complaint.is_open,
        late=complaint.is_late(now),
        urgent=category.urgent,
        offered=getattr(complaint, "offered", False),
        files=getattr(complaint, "file_count", 0),
        reports=complaint.reports,
        channel=str(Complaint.Channel(complaint.channel).label),
        crew_member=(person.get_full_name() or person.get_username()) if person else "",
        seen=complaint.updated_at.isoformat(),
        here=here if named or not here else _("A colleague"),
        current=complaint.tracking_number == current,
    )


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


def _tabs(queue: Queue, counts: Counts, closed: str) -> list[Tab]:
    """The states that a day at the desk is made of, each with its number under the other filters."""
    filters = queue.filters
    by_state = counts.by(lambda group: group.state, ignoring=("state", "late"))
    given = (",".join(filters.given.get("state", [])), filters.late)

    def tab(label: str, state: str, n: object, *, is_late: bool = False) -> Tab:
        query = filters.query_string(state=state or None, late="true" if is_late else None)
        return Tab(label, f"{reverse('desk')}?{query}", str(n), given == (state, is_late))

    return [
        tab(_("Open"), "open", sum(by_state.values())),
        tab(_("Late"), "", counts.late, is_late=True),
        *(
            tab(str(capfirst(state.label)), state.value, by_state[state.value])
            for state in (State.RECEIVED, State.WAITING_REPORTER, State.REOPENED)
        ),
        tab(_("Closed"), "closed", closed),
    ]


def _saved(kept: SavedQueue, counts: Counts, queue: Queue) -> Saved:
    same = kept.queue.filters.query_string() == queue.filters.query_string()
    return Saved(
        pk=kept.saved.pk,
        name=kept.saved.name,
        url=f"{reverse('desk')}?{kept.queue.filters.query_string()}",
        n=_in_words(counts.of(kept.queue), kept.queue),
        current=same,
        is_shared=kept.saved.is_shared,
        is_own=kept.saved.owner_id == queue.scope.user.pk,
    )


def _selects(queue: Queue, counts: Counts) -> list[Select]:
    """The selects of the filter form, with numbers where only open complaints are listed."""
    language = get_language() or "fr"
    catalogue = queue.filters.catalogue
    categories = {c.pk: c for c in catalogue.categories.values()}
    by_category = counts.by(lambda group: group.category_id, ignoring=("category",))
    by_district = counts.by(lambda group: group.district_code or "", ignoring=("district",))
    by_unit = counts.by(lambda group: group.unit_id, ignoring=("unit",))
    names = {g.district_code: text_in(g.district_name, language) for g in counts.groups if g.district_code}
    counted = False not in queue.kinds
    if not counted:
        # What may be chosen among closed ones is everything; nobody counts it.
        by_category = Counter(dict.fromkeys(categories, 0))
        every = queue.filters.districts or Districts(queue.filters.jurisdiction)
        names = {code: text_in(name, language) for code, name in every.names.items()} | names
        by_district = Counter(dict.fromkeys(names, 0))
    districts = ((str(code), names[str(code)], n) for code, n in by_district.items() if code)
    found = [
        _select(queue, "category", _("Category"), _named(by_category, categories, language), counted),
        _select(queue, "district", _("District"), districts, counted),
    ]
    if len(by_unit) > 1:
        found.append(_select(queue, "unit", _("Who answers"), _named(by_unit, catalogue.units, language), counted))
    return found


def _named(counts: Mapping[object, int], things: Mapping[int, object], language: str) -> Iterable[tuple[str, str, int]]:
    for key, n in counts.items():
        thing = things[int(str(key))]
        yield thing.code, text_in(thing.name, language), n  # type: ignore[attr-defined]


def _select(queue: Queue, name: str, label: str, options: Iterable[tuple[str, str, int]], counted: bool) -> Select:
    chosen = {part for value in queue.filters.given.get(name, []) for part in value.split(",")}
    listed = sorted(options, key=lambda option: option[1].casefold())
    return Select(name, label, [Option(v, text, n if counted else None, v in chosen) for v, text, n in listed])


def _orders(queue: Queue) -> Select:
    options = [Option(order.value, str(order.label), None, order == queue.order) for order in Order]
    return Select("order", _("Order"), options)
