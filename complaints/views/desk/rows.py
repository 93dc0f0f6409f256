"""The rows of the desk's list, and where they lead."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue.models import Category
from catalogue.translated import text_in
from complaints.desk.columns import Column
from complaints.desk.lines import Line
from complaints.desk.queue import Page, Queue
from complaints.in_words import ago
from complaints.models import Complaint
from complaints.permissions import DESK
from complaints.workflow import State


@dataclass(frozen=True)
class Row:
    """One line of the desk: facts only, no words of people. `age` and `changed` are empty where their column is not shown."""

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


def rows_of(
    page: Page, queue: Queue, now: datetime, columns: Iterable[Column], *, query: str, current: str = ""
) -> list[Row]:
    """One row a line. What many of them have in common is put into words once."""
    writer = _Writer(queue, now, frozenset(columns), query, current)
    return [writer.row(line) for line in page.rows]


def case_url(tracking_number: str, query: str) -> str:
    """A complaint of the list, with the list beside it."""
    url = reverse("desk_complaint", args=[tracking_number])
    return f"{url}?{query}" if query else url


def neighbours(rows: Sequence[Row], page: Page, queue: Queue, current: str) -> tuple[str, str]:
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
    return up, case_url(page.beyond.complaint.tracking_number, queue.filters.query_string(after=page.next))


class _Writer:
    """Makes rows of lines, for one page in one language."""

    def __init__(self, queue: Queue, now: datetime, columns: frozenset[Column], query: str, current: str) -> None:
        language = get_language() or "fr"
        catalogue = queue.filters.catalogue
        self.now, self.columns, self.current, self.language = now, columns, current, language
        self.categories = catalogue.categories_by_id
        self.category_names = {pk: text_in(c.name, language) for pk, c in self.categories.items()}
        self.unit_names = {pk: text_in(unit.name, language) for pk, unit in catalogue.units.items()}
        self.states = {str(state): str(state.label) for state in State}
        self.channels = {str(channel): str(channel.label) for channel in Complaint.Channel}
        self.first_answer, self.resolution, self.colleague = _("First answer"), _("Resolution"), _("A colleague")
        self.names_colleagues = bool(queue.scope.roles & DESK)
        # To look an address up fifty times takes as long as to ask the database for the rows.
        self.before_number, _some, self.after_number = case_url(_SOME, query).partition(_SOME)

    def row(self, line: Line) -> Row:
        complaint = line.complaint
        due_at = line.next_due_at if complaint.is_open else None
        answer_next = complaint.answered_at is None and due_at == complaint.answer_due_at
        category = self.categories[complaint.category_id]
        number = complaint.tracking_number
        return Row(
            tracking_number=number,
            url=f"{self.before_number}{number}{self.after_number}",
            category=category,
            category_name=self.category_names[category.pk],
            state=complaint.state,
            state_label=self.states[complaint.state],
            district=text_in(line.district_name, self.language),
            unit=self.unit_names[complaint.unit_id],
            submitted_at=complaint.submitted_at,
            age=self._ago(complaint.submitted_at, Column.FILED),
            changed=self._ago(complaint.updated_at, Column.CHANGED),
            due_at=due_at,
            due_label=self.first_answer if answer_next else self.resolution,
            paused=complaint.paused_at is not None,
            is_open=complaint.is_open,
            late=complaint.is_late(self.now),
            urgent=category.urgent,
            offered=line.offered,
            files=line.files,
            reports=complaint.reports,
            channel=self.channels[complaint.channel],
            crew_member=line.crew_member,
            seen=complaint.updated_at.isoformat(),
            here=line.here if self.names_colleagues or not line.here else self.colleague,
            current=number == self.current,
        )

    def _ago(self, instant: datetime, column: Column) -> str:
        return ago(instant, self.now) if column in self.columns else ""


# Stands for a number while an address is made.
_SOME = "X-0"
