"""A missed promise is recorded once, whenever the sweep comes and whatever happened meanwhile."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Complaint, Event, FeedItem
from complaints.services.breaches import record_breaches
from complaints.services.correspondence import answer
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.builders import build_complaint

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def breaches(complaint: Complaint) -> list[str]:
    return sorted(event.data["deadline"] for event in complaint.events.filter(kind=Event.Kind.BREACHED))


def test_nothing_is_missed_before_its_time(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    assert complaint.answer_due_at is not None
    assert record_breaches(now=complaint.answer_due_at) == 0


def test_each_promise_is_recorded_once_however_often_and_late_the_sweep_runs(
    gridville: Jurisdiction, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    FeedItem.objects.all().delete()
    assert record_breaches(now=now + 3 * DAY) == 1
    assert record_breaches(now=now + 3 * DAY) == 0
    assert record_breaches(now=now + 30 * DAY) == 1
    assert record_breaches(now=now + 32 * DAY) == 0
    assert breaches(complaint) == ["answer", "resolution"]
    assert FeedItem.objects.count() == 2
    event = complaint.events.filter(kind=Event.Kind.BREACHED).first()
    assert event is not None
    assert (event.actor_role, event.is_public, event.data["due"]) == ("system", True, "2026-11-25T16:30:00+00:00")


def test_what_was_answered_in_time_is_not_missed(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    answer(complaint.pk, "Nous passons demain.", acting_user=clerk, now=now + HOUR)
    record_breaches(now=now + 3 * DAY)
    assert breaches(complaint) == []
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now + 4 * DAY, note="Fait", reason="no_trace")
    record_breaches(now=now + 30 * DAY)
    assert breaches(complaint) == []


def test_a_late_answer_is_recorded_even_if_no_sweep_ran_before_it(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    answer(complaint.pk, "Désolés.", acting_user=clerk, now=now + 3 * DAY)
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now + 20 * DAY, note="Fait", reason="no_trace")
    assert breaches(complaint) == ["answer", "resolution"]
    assert record_breaches(now=now + 30 * DAY) == 0


def test_while_the_reporter_must_act_nothing_is_missed(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now + HOUR, note="Où ?")
    answer(complaint.pk, "Sans nouvelles de vous…", acting_user=clerk, now=now + 10 * DAY)
    assert record_breaches(now=now + 60 * DAY) == 0
    change_state(complaint.pk, Verb.REJECT, acting_user=clerk, now=now + 60 * DAY, note="Non", reason="not_enough")
    assert record_breaches(now=now + 61 * DAY) == 0
    assert breaches(complaint) == []


def test_a_question_does_not_heal_what_was_missed_before_it(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now + 3 * DAY, note="Où ?")
    assert breaches(complaint) == ["answer"]


def test_a_reopened_complaint_can_miss_its_new_promise_too(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now + 20 * DAY, note="Fait", reason="no_trace")
    change_state(complaint.pk, Verb.CONTEST, acting_user=None, now=now + 21 * DAY, note="Non !")
    assert breaches(complaint) == ["answer", "resolution"]
    record_breaches(now=now + 60 * DAY)
    record_breaches(now=now + 61 * DAY)
    assert breaches(complaint) == ["answer", "resolution", "resolution"]


@pytest.mark.django_db
def test_a_sweep_that_finds_nothing_costs_two_statements(gridville: Jurisdiction, now: datetime) -> None:
    for _ in range(5):
        build_complaint(now=now)
    record_breaches(now=now + 30 * DAY)
    with CaptureQueriesContext(connection) as queries:
        assert record_breaches(now=now + 30 * DAY) == 0
    assert len(queries) == 2


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_record_it_once(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)

    def sweep() -> None:
        record_breaches(now=now + 30 * DAY)
        connection.close()

    threads = [Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert breaches(complaint) == ["answer", "resolution"]
