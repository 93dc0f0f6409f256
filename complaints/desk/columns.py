"""Columns of the desk's list: which there are, and which of them a person has chosen to see."""

from collections.abc import Iterable

from django.db.models.enums import TextChoices
from django.utils.translation import pgettext_lazy

from accounts.models import User


class Column(TextChoices):
    """Beside the category, which every row begins with. In the order in which they stand."""

    STATE = "state", pgettext_lazy("column", "State")
    LEFT = "left", pgettext_lazy("column", "Time left")
    DISTRICT = "district", pgettext_lazy("column", "District")
    UNIT = "unit", pgettext_lazy("column", "Who answers")
    CREW = "crew", pgettext_lazy("column", "Crew member")
    FILES = "files", pgettext_lazy("column", "Files")
    REPORTS = "reports", pgettext_lazy("column", "Reports")
    CHANNEL = "channel", pgettext_lazy("column", "Channel")
    FILED = "filed", pgettext_lazy("column", "Filed")
    CHANGED = "changed", pgettext_lazy("column", "Last change")
    NUMBER = "number", pgettext_lazy("column", "Number")


USUAL = (
    Column.STATE,
    Column.LEFT,
    Column.DISTRICT,
    Column.UNIT,
    Column.CREW,
    Column.FILES,
    Column.FILED,
    Column.NUMBER,
)


def columns_of(user: User) -> list[Column]:
    """The columns that this person wants; the usual ones until she chose. What is no column any more is left out."""
    chosen = user.preferences.get("desk", {}).get("columns")
    wanted = set(chosen) if isinstance(chosen, list) else set(USUAL)
    return [column for column in Column if column in wanted]


def choose_columns(user: User, names: Iterable[str]) -> None:
    """Remember a choice; unknown names are dropped. An empty choice is one: the category stays."""
    wanted = set(names)
    desk = user.preferences.get("desk", {}) | {"columns": [str(column) for column in Column if column in wanted]}
    user.preferences = user.preferences | {"desk": desk}
    user.save(update_fields=["preferences"])
