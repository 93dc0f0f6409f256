"""When the rungs of a service's escalation ladder are reached for one complaint. Functions here write nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from django.utils.translation import pgettext_lazy

from catalogue.ladders import Reach, parse_reach
from catalogue.models import Rung
from catalogue.snapshot import Snapshot
from catalogue.working_time import WorkingCalendar
from complaints.deadlines import Duration, Promise, before, due, parse_duration
from complaints.groups import promise_in
from complaints.models import Complaint


class Level(IntEnum):
    """How far up a complaint has come."""

    NONE = 0
    REMINDED = 1
    UNIT = 2
    MANAGER = 3
    OFFICE = 4


_LABELS = {
    Level.REMINDED: pgettext_lazy("escalation", "reminded"),
    Level.UNIT: pgettext_lazy("escalation", "missed"),
    Level.MANAGER: pgettext_lazy("escalation", "with the unit's manager"),
    Level.OFFICE: pgettext_lazy("escalation", "with the mayor's office"),
}


def escalation_label(complaint: Complaint) -> str:
    """How far up an open complaint has come, in words; empty where nobody was told of anything."""
    return str(_LABELS.get(Level(complaint.escalation), "")) if complaint.is_open else ""


@dataclass(frozen=True)
class Step:
    """A rung of the ladder, the promise it is about and the instant at which it is reached."""

    rung: Rung
    deadline: Promise
    at: datetime

    @property
    def code(self) -> str:
        """Names the rung in the history: services may use the same codes."""
        return f"{self.rung.service.code}/{self.rung.code}"

    @property
    def level(self) -> Level:
        if parse_reach(self.rung.at).side == "before":
            return Level.REMINDED
        if self.rung.tell == Rung.Tell.OFFICE:
            return Level.OFFICE
        return Level.UNIT if self.rung.tell == Rung.Tell.UNIT else Level.MANAGER


def steps(complaint: Complaint, catalogue: Snapshot) -> list[Step]:
    """The rungs of the complaint's ladder that can still be reached, earliest first. Expects the service loaded.

    None for what has no promise (observations, imported history), is closed, or is handled under another number.
    """
    if complaint.resolution_due_at is None or not complaint.is_open or complaint.merged_into_id is not None:
        return []
    calendar = catalogue.calendar_of(catalogue.units[complaint.unit_id], complaint.submitted_at.date())
    found = []
    for rung in catalogue.rungs.get(complaint.service_id, ()):
        deadline = _deadline(rung, complaint, catalogue, calendar)
        if deadline is not None:
            found.append(Step(rung, deadline, _reached(parse_reach(rung.at), deadline, calendar)))
    return sorted(found, key=lambda step: (step.at, step.rung.order))


def reached(complaint: Complaint, catalogue: Snapshot, now: datetime, climbed: Collection[str]) -> list[Step]:
    """The steps that have been reached at `now` and are not among the codes in `climbed`, earliest first."""
    return [
        step
        for step in steps(complaint, catalogue)
        if step.code not in climbed and step.at <= _clock(step, complaint, now)
    ]


def next_at(complaint: Complaint, catalogue: Snapshot, climbed: Collection[str]) -> datetime | None:
    """When the next step will be reached if nothing happens; None if there is none, or its clock stands still."""
    for step in steps(complaint, catalogue):
        stands_still = complaint.paused_at is not None and step.rung.deadline != Rung.Deadline.LEGAL
        if step.code not in climbed and not (stands_still and step.at > _clock(step, complaint, step.at)):
            return step.at
    return None


def legal_limit(complaint: Complaint, catalogue: Snapshot) -> Promise:
    """Until when the law wants an answer: so many days after the filing, whatever was asked meanwhile."""
    days = Duration(max(1, catalogue.jurisdiction.legal_answer_limit_days), "days")
    calendar = catalogue.calendar_of(catalogue.units[complaint.unit_id], complaint.submitted_at.date())
    return due(complaint.submitted_at, days, calendar)


def _deadline(rung: Rung, complaint: Complaint, catalogue: Snapshot, calendar: WorkingCalendar) -> Promise | None:
    """What the rung is about; None once it was kept."""
    if rung.deadline == Rung.Deadline.RESOLUTION:
        return promise_in(complaint, "resolution")
    if complaint.answered_at is not None:
        return None
    return (
        promise_in(complaint, "answer") if rung.deadline == Rung.Deadline.ANSWER else legal_limit(complaint, catalogue)
    )


def _reached(reach: Reach, deadline: Promise, calendar: WorkingCalendar) -> datetime:
    if reach.side == "at":
        return deadline.instant
    duration = parse_duration(reach.duration)
    if reach.side == "before":
        return before(deadline, duration, calendar)
    return due(deadline.instant, duration, calendar).instant


def _clock(step: Step, complaint: Complaint, now: datetime) -> datetime:
    """The law's clock never stands still; the others do while the reporter must act."""
    if step.rung.deadline == Rung.Deadline.LEGAL or complaint.paused_at is None:
        return now
    return min(now, complaint.paused_at)
