"""Saved filters: one's own and those that others share, each with the queue it stands for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.http import QueryDict

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.desk.queue import Queue
from complaints.errors import NotAFilter
from complaints.filters import FilterError
from complaints.models import SavedFilter

# More names than anybody finds again; each is counted whenever the list is shown.
MAX_SAVED = 20


@dataclass(frozen=True)
class SavedQueue:
    saved: SavedFilter
    queue: Queue


def saved_queues(queue: Queue, read: Callable[[QueryDict], Queue]) -> list[SavedQueue]:
    """This person's filters and those shared with her, by name; `read` makes a queue of a query. One statement.

    A filter that names what is no more (a district, a category) is left out.
    """
    user, city = queue.scope.user, queue.scope.city
    found = []
    for saved in _visible(user, city)[:MAX_SAVED]:
        try:
            found.append(SavedQueue(saved, read(QueryDict(saved.query))))
        except FilterError:
            continue
    return found


def _visible(user: User, city: Jurisdiction) -> list[SavedFilter]:
    memberships = [m for m in user.memberships.all() if m.jurisdiction_id == city.pk]
    units = {m.unit_id for m in memberships}
    # Who works for the whole city sees what any unit shares.
    everywhere = None in units
    kept = SavedFilter.objects.filter(Q(owner=user) | Q(is_shared=True), jurisdiction=city)
    return [k for k in kept if k.owner_id == user.pk or everywhere or k.unit_id is None or k.unit_id in units]


def save_filter(queue: Queue, name: str, *, shared: bool, now: datetime) -> SavedFilter:
    """Keep a queue's filter and order under a name; the same name again is replaced. Raises NotAFilter."""
    user, city = queue.scope.user, queue.scope.city
    name = " ".join(name.split())[:60]
    if not name:
        raise NotAFilter
    own = SavedFilter.objects.filter(owner=user, jurisdiction=city)
    if own.exclude(name=name).count() >= MAX_SAVED:
        raise NotAFilter(field="name")
    units = {m.unit_id for m in queue.scope.memberships}
    values = {
        "query": queue.filters.query_string(jurisdiction=None, page_size=None)[:1000],
        "is_shared": shared,
        "unit_id": next(iter(units)) if shared and len(units) == 1 else None,
        "created_at": now,
    }
    saved, _ = SavedFilter.objects.update_or_create(owner=user, jurisdiction=city, name=name, defaults=values)
    return saved


def delete_filter(user: User, pk: int) -> None:
    """Forget one of one's own filters; others' stay, whatever is asked."""
    SavedFilter.objects.filter(owner=user, pk=pk).delete()
