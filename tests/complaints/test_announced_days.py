"""A holiday that is announced moves the promises that have not passed, each once and openly; nothing else."""

from datetime import date, datetime, timedelta

import pytest
from django.utils.translation import override

from accounts.models import User
from catalogue.models import Calendar, Category, Closure, Jurisdiction
from complaints.models import Complaint, DaysInForce, Event
from complaints.replay import replay
from complaints.services import announced_days
from complaints.services.announced_days import move_for_announced_days
from complaints.services.merging import merge
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.builders import build_complaint, named

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def city(gridville: Jurisdiction, now: datetime) -> Jurisdiction:
    move_for_announced_days(now=now)
    return gridville


def announce(city: Jurisdiction, day: int, *, kind: str = "closed", until: int | None = None) -> Closure:
    first, last = date(2026, 11, day), date(2026, 11, until or day)
    return Closure.objects.create(jurisdiction=city, kind=kind, first_day=first, last_day=last, name=named("Fête"))


def days(complaint: Complaint) -> list[str]:
    """The days of the two promises, and the closing time of the second."""
    row = Complaint.objects.get(pk=complaint.pk)
    assert replay(row.events.order_by("at", "pk")).resolution_due_at == row.resolution_due_at
    assert replay(row.events.order_by("at", "pk")).answer_due_at == row.answer_due_at
    return [row.answer_due_wall[5:10], row.resolution_due_wall[5:10]]


def moves(complaint: Complaint) -> list[Event]:
    return [e for e in complaint.events.filter(kind=Event.Kind.DEADLINE_CHANGED) if e.data["cause"] == "holiday"]


def test_a_day_that_is_announced_moves_what_it_lies_before(city: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    assert days(complaint) == ["11-25", "11-30"]
    before = Complaint.objects.get(pk=complaint.pk)
    announce(city, 27)
    assert move_for_announced_days(now=now + HOUR) == 1
    assert days(complaint) == ["11-25", "12-01"]
    after = Complaint.objects.get(pk=complaint.pk)
    assert after.resolution_due_wall[11:] == before.resolution_due_wall[11:]
    (event,) = moves(complaint)
    assert event.is_public
    assert (event.data["old"], event.data["new"]) == (
        before.resolution_due_at.isoformat() if before.resolution_due_at else "",
        after.resolution_due_at.isoformat() if after.resolution_due_at else "",
    )


def test_however_often_and_late_it_runs_each_is_moved_once(city: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    announce(city, 25)
    for hours in (1, 1, 20):
        move_for_announced_days(now=now + hours * HOUR)
    assert days(complaint) == ["11-26", "12-01"]
    assert len(moves(complaint)) == 2
    announce(city, 26)
    move_for_announced_days(now=now + 21 * HOUR)
    assert days(complaint) == ["11-27", "12-02"]


def test_what_has_passed_stays_passed(city: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    announce(city, 25)
    move_for_announced_days(now=now + 3 * DAY)
    assert days(complaint) == ["11-25", "12-01"]


def test_a_feast_that_comes_a_day_later_than_the_tables_had(city: Jurisdiction, now: datetime) -> None:
    estimated = announce(city, 24)
    move_for_announced_days(now=now)
    complaint = build_complaint(now=now)
    assert days(complaint) == ["11-26", "12-01"]
    estimated.delete()
    announce(city, 26)
    move_for_announced_days(now=now + HOUR)
    assert days(complaint) == ["11-25", "12-01"]


def test_a_day_that_is_worked_after_all_moves_nothing_into_the_past(city: Jurisdiction, now: datetime) -> None:
    closed = announce(city, 25, until=27)
    move_for_announced_days(now=now)
    complaint = build_complaint("pavement", now=now)
    due = Complaint.objects.get(pk=complaint.pk).answer_due_at
    closed.delete()
    move_for_announced_days(now=now + 4 * DAY)
    assert Complaint.objects.get(pk=complaint.pk).answer_due_at == due


def test_what_was_filed_after_the_announcement_has_the_right_promise_already(city: Jurisdiction, now: datetime) -> None:
    announce(city, 25)
    complaint = build_complaint(now=now)
    assert days(complaint) == ["11-26", "12-01"]
    assert move_for_announced_days(now=now + MINUTE) == 0
    assert days(complaint) == ["11-26", "12-01"]


def test_an_outage_between_two_batches_moves_nothing_twice(
    city: Jurisdiction, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [build_complaint(now=now) for _ in range(3)]
    announce(city, 25)
    monkeypatch.setattr(announced_days, "BATCH", 1)
    assert announced_days._move_batch(city, now + HOUR) == 1
    assert announced_days._move_batch(city, now + HOUR) == 1
    late = build_complaint(now=now + 2 * HOUR)
    move_for_announced_days(now=now + 3 * HOUR)
    assert [days(row) for row in [*rows, late]] == [["11-26", "12-01"]] * 4
    assert [len(moves(row)) for row in [*rows, late]] == [2, 2, 2, 0]
    assert DaysInForce.objects.get(jurisdiction=city).target is None


def test_a_policy_that_changed_meanwhile_touches_no_promise(city: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    Category.objects.filter(code="pothole").update(resolve_within="9 working days", policy_version=2)
    announce(city, 27)
    move_for_announced_days(now=now + HOUR)
    assert days(complaint) == ["11-25", "12-01"]


def test_calendar_time_knows_no_holiday(city: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint("live-wire", now=now)
    announce(city, 23, until=25)
    assert move_for_announced_days(now=now + MINUTE) == 0
    assert moves(complaint) == []


def test_the_clock_that_stood_still_goes_on_from_the_moved_promise(
    city: Jurisdiction, clerk: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now + HOUR, note="Où ?")
    announce(city, 27)
    move_for_announced_days(now=now + 2 * HOUR)
    change_state(complaint.pk, Verb.REPLY, acting_user=None, now=now + DAY + HOUR, note="Ici")
    assert days(complaint)[1] == "12-02"


def test_in_a_group_every_part_is_moved(city: Jurisdiction, clerk: User, now: datetime) -> None:
    first, second = build_complaint(now=now), build_complaint(now=now + DAY)
    merge(second.pk, first.pk, acting_user=clerk, now=now + DAY)
    announce(city, 27)
    move_for_announced_days(now=now + DAY + HOUR)
    row = Complaint.objects.get(pk=first.pk)
    assert row.resolution_due_wall[5:10] == "12-01"


def test_announced_ramadan_hours_change_the_closing_time(city: Jurisdiction, now: datetime) -> None:
    Calendar.objects.filter(jurisdiction=city).update(
        ramadan={day: ["09:00-15:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    )
    complaint = build_complaint(now=now)
    announce(city, 29, kind="ramadan", until=30)
    move_for_announced_days(now=now + HOUR)
    assert Complaint.objects.get(pk=complaint.pk).resolution_due_wall == "2026-11-30T15:00:00"


def test_one_day_is_called_by_one_date(city: Jurisdiction) -> None:
    with override("fr"):
        assert str(announce(city, 26)) == "26 novembre 2026"
        assert str(announce(city, 26, until=27)) == "26 novembre 2026 – 27 novembre 2026"
