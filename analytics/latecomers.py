"""Who is late: units with complaints that are open past a promise."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, Min, When
from django.db.models.functions import Least

from analytics.scorecards import Subject
from complaints.querysets import ComplaintQuerySet, late_condition


@dataclass(frozen=True)
class Latecomer:
    """A unit with late complaints: how many, and for how many days the first missed promise has been waiting."""

    subject: Subject
    late: int
    days: int
    url: str


def late_by(rows: ComplaintQuerySet, key: str, *, now: datetime) -> list[tuple[Any, int, int]]:
    """By each value of `key`: how many are late, and for how many days the first has been. One statement."""
    counted = rows.filter(late_condition(now)).order_by().values_list(key)
    told = counted.annotate(late=Count("pk"), since=Min(_first_missed()))
    return [(value, late, (now - since).days) for value, late, since in told]


def _first_missed() -> Case:
    """The promise that was missed first, of a complaint that is late: that of the answer only while none is given."""
    first = Least("answer_due_at", "resolution_due_at")
    return Case(When(answered_at=None, then=first), default=F("resolution_due_at"))
