"""What can be chosen beside the desk's list, each with its number: tabs, saved filters, selects, the order."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from catalogue.translated import text_in
from complaints.desk.counts import Counts, cap_of
from complaints.desk.orders import Order
from complaints.desk.queue import Queue
from complaints.desk.saved import SavedQueue
from complaints.filters import Districts
from complaints.workflow import State


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


def in_words(n: int, queue: Queue, *, besides: int = 0) -> str:
    """A number that was counted no further than `cap_of(queue)`, with so many `besides` that were counted to the end."""
    cap = cap_of(queue)
    return f"{besides + cap}+" if n > cap else str(besides + n)


def narrowings(queue: Queue) -> list[str]:
    """What the address asks for beside what the list has fields for, in words: services, days, a part of the map."""
    filters, language = queue.filters, get_language() or "fr"
    services = filters.catalogue.services.values()
    found = [text_in(service.name, language) for service in services if service.pk in filters.service_ids]
    zone = filters.catalogue.time_zone
    first, end = (moment.astimezone(zone) if moment else None for moment in (filters.since, filters.until))
    last = end - timedelta(microseconds=1) if end else None
    words = {
        "first": date_format(first, "DATE_FORMAT") if first else "",
        "last": date_format(last, "DATE_FORMAT") if last else "",
    }
    if first and last:
        found.append(_("filed from %(first)s to %(last)s") % words)
    elif first:
        found.append(_("filed since %(first)s") % words)
    elif last:
        found.append(_("filed until %(last)s") % words)
    if queue.squares is not None:
        n = len(queue.squares.places)
        found.append(
            ngettext("as the public map shows them in %(n)s square", "as the public map shows them in %(n)s squares", n)
            % {"n": n}
        )
    if filters.bbox is not None:
        found.append(_("in a part of the map"))
    return found


def tabs_of(queue: Queue, counts: Counts, closed: str) -> list[Tab]:
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


def saved_of(kept: SavedQueue, counts: Counts, queue: Queue) -> Saved:
    same = kept.queue.filters.query_string() == queue.filters.query_string()
    return Saved(
        pk=kept.saved.pk,
        name=kept.saved.name,
        url=f"{reverse('desk')}?{kept.queue.filters.query_string()}",
        n=in_words(counts.of(kept.queue), kept.queue),
        current=same,
        is_shared=kept.saved.is_shared,
        is_own=kept.saved.owner_id == queue.scope.user.pk,
    )


def selects_of(queue: Queue, counts: Counts) -> list[Select]:
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


def orders_of(queue: Queue) -> Select:
    options = [Option(order.value, str(order.label), None, order == queue.order) for order in Order]
    return Select("order", _("Order"), options)
