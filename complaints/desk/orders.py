"""In which order the desk lists, and the mark in an address from which a page goes on (keyset paging)."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.enums import TextChoices
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_datetime
from django.utils.translation import pgettext_lazy

from complaints.desk.lines import NEXT_DUE, Sql
from complaints.filters import FilterError
from complaints.workflow import State

# Later than any promise: complaints without one come last.
_NEVER = 2**62
_MAX_KEYS = 3


class Order(TextChoices):
    """How open complaints are listed. Closed ones always come after them, the newest closing first."""

    LEFT = "left", pgettext_lazy("order", "Time left")
    NEWEST = "newest", pgettext_lazy("order", "Newest first")
    OLDEST = "oldest", pgettext_lazy("order", "Oldest first")
    CHANGED = "changed", pgettext_lazy("order", "Last change")
    CATEGORY = "category", pgettext_lazy("order", "Category")
    DISTRICT = "district", pgettext_lazy("order", "District")
    UNIT = "unit", pgettext_lazy("order", "Who answers")
    STATE = "state", pgettext_lazy("order", "State")


def parse_order(text: str) -> Order:
    """Raises FilterError for an order that there is not."""
    try:
        return Order(text or Order.LEFT)
    except ValueError:
        raise FilterError("order") from None


@dataclass(frozen=True)
class Mark:
    """One row's place in the list. `as_of`: the moment at which time left was reckoned, for the whole walk through it."""

    is_open: bool
    as_of: datetime
    keys: tuple[int, ...]

    def __str__(self) -> str:
        raw = json.dumps([int(self.is_open), self.as_of.isoformat(), *self.keys], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, parameter: str) -> "Mark":
        """The mark as `str()` wrote it. Raises FilterError naming `parameter` for anything else."""
        try:
            raw = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
            is_open, as_of, *keys = raw
            instant = parse_datetime(as_of)
            sound = all(type(key) is int and abs(key) <= 2**63 - 1 for key in keys) and len(keys) == _keys(is_open)
            if instant is None or instant.tzinfo is None or is_open not in (0, 1) or not sound:
                raise ValueError(text)
        except (ValueError, TypeError, binascii.Error, OverflowError):
            raise FilterError(parameter) from None
        return cls(bool(is_open), instant, tuple(keys))


def _keys(is_open: object) -> int:
    return _MAX_KEYS if is_open else _MAX_KEYS - 1


def open_keys(order: Order, names: "Names", as_of: datetime) -> Sql:
    """What open complaints `c` are sorted by, two whole numbers, ascending; the primary key breaks ties."""
    left = _time_left(as_of)
    if order == Order.LEFT:
        return Sql(f"{left.text} AS first, 0 AS second", left.values)
    rank = Sql(_RANKS[order]) if order in _RANKS else _rank(order, names)
    return Sql(f"{rank.text} AS first, {left.text} AS second", (*rank.values, *left.values))


@dataclass(frozen=True)
class Names:
    """Ids in the order of their names, as this reader sees them."""

    categories: Sequence[int]
    districts: Sequence[int]
    units: Sequence[int]


def _time_left(as_of: datetime) -> Sql:
    """The next promise in microseconds, moved on by as long as the clock has stood still."""
    moved = _microseconds(f"({NEXT_DUE}) + (%s - coalesce(c.paused_at, %s))")
    return Sql(f"coalesce({moved}, {_NEVER})", (as_of, as_of))


def ended() -> Coalesce:
    """When a closed complaint was closed (index complaint_desk_closed spells it like this)."""
    return Coalesce("closed_at", "submitted_at")


def microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant_of(number: int) -> datetime:
    """Raises OverflowError where no such time exists."""
    return _EPOCH + timedelta(microseconds=number)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _microseconds(instant: str) -> str:
    return f"(extract(epoch FROM {instant}) * 1000000)::bigint"


_RANKS = {
    Order.NEWEST: f"-{_microseconds('c.submitted_at')}",
    Order.OLDEST: _microseconds("c.submitted_at"),
    Order.CHANGED: f"-{_microseconds('c.updated_at')}",
}


def _rank(order: Order, names: Names) -> Sql:
    """The place of a column's value in a list; what the list does not have comes last."""
    column, kind, values = {
        Order.CATEGORY: ("category_id", "bigint", names.categories),
        Order.DISTRICT: ("district_id", "bigint", names.districts),
        Order.UNIT: ("unit_id", "bigint", names.units),
        Order.STATE: ("state", "text", [str(state) for state in State]),
    }[order]
    position = f"array_position(%s::{kind}[], c.{column}::{kind})"
    return Sql(f"coalesce({position}, {len(values) + 1})", (list(values),))
