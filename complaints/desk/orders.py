"""In which order the desk lists, and the mark in an address from which a page goes on (keyset paging)."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Case, DateTimeField, ExpressionWrapper, F, Func, Q, Value, When
from django.db.models.enums import TextChoices
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Least
from django.utils.dateparse import parse_datetime
from django.utils.translation import pgettext_lazy

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


def next_due() -> Case:
    """The promise that comes next: the first answer until it was given, then the resolution."""
    return Case(
        When(answered_at=None, then=Least("answer_due_at", "resolution_due_at")), default=F("resolution_due_at")
    )


def open_keys(order: Order, names: "Names", as_of: datetime) -> tuple[Combinable, Combinable]:
    """What open complaints are sorted by, both whole numbers and ascending; the primary key breaks ties."""
    left = time_left(as_of)
    if order == Order.LEFT:
        return left, Value(0, output_field=BigIntegerField())
    ranks: dict[Order, Combinable] = {
        Order.NEWEST: _microseconds(F("submitted_at"), sign="-"),
        Order.OLDEST: _microseconds(F("submitted_at")),
        Order.CHANGED: _microseconds(F("updated_at"), sign="-"),
        Order.CATEGORY: _rank("category_id", names.categories),
        Order.DISTRICT: _rank("district_id", names.districts),
        Order.UNIT: _rank("unit_id", names.units),
        Order.STATE: _rank("state", [str(state) for state in State], kind="text"),
    }
    return ranks[order], left


@dataclass(frozen=True)
class Names:
    """Ids in the order of their names, as this reader sees them."""

    categories: Sequence[int]
    districts: Sequence[int]
    units: Sequence[int]


def time_left(as_of: datetime) -> Combinable:
    """The next promise in microseconds, moved on by as long as the clock has stood still: sorts by time left."""
    paused_for = Value(as_of, output_field=DateTimeField()) - Coalesce(F("paused_at"), Value(as_of))
    moved = ExpressionWrapper(F("next_due_at") + paused_for, output_field=DateTimeField())
    return Coalesce(_microseconds(moved), Value(_NEVER))


def ended() -> Coalesce:
    """When a closed complaint was closed (index complaint_desk_closed spells it like this)."""
    return Coalesce("closed_at", "submitted_at")


def after(keys: Sequence[tuple[str, int]]) -> Q:
    """Rows whose keys, ascending, come after these values."""
    condition = Q(pk__in=[])
    same = Q()
    for name, value in keys:
        condition |= same & Q(**{f"{name}__gt": value})
        same &= Q(**{name: value})
    return condition


def microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant_of(number: int) -> datetime:
    """Raises OverflowError where no such time exists."""
    return _EPOCH + timedelta(microseconds=number)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _microseconds(expression: Any, *, sign: str = "") -> Func:
    return Func(
        expression,
        template=f"({sign}extract(epoch FROM %(expressions)s) * 1000000)::bigint",
        output_field=BigIntegerField(),
    )


def _rank(column: str, ids: Sequence[object], *, kind: str = "bigint") -> Combinable:
    """The place of a column's value in a list; what the list does not have comes last."""
    position = Func(
        Value(list(ids)),
        F(column),
        template="array_position(%(expressions)s)",
        arg_joiner=f"::{kind}[], ",
        output_field=BigIntegerField(),
    )
    return Coalesce(position, Value(len(ids) + 1), output_field=BigIntegerField())
