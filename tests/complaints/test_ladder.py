"""The ladder: each rung is climbed exactly once, whoever notices it, however often and late the sweep runs."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.access import load_memberships
from accounts.models import User
from catalogue.models import Jurisdiction, Rung
from complaints.ladder import Level
from complaints.models import Complaint, Event
from complaints.services.allocation import recategorise
from complaints.services.correspondence import answer
from complaints.services.escalation import climb_ladders
from complaints.services.merging import merge
from complaints.services.transitions import change_state
from complaints.workflow import Verb, WorkflowError
from notifications.models import OutboxMessage
from tests.builders import build_complaint, build_ladder

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# A pothole of Monday 23 November 2026, 9:00: answer by Wednesday 16:30, resolution by Monday 30 November 16:30.
REACHED = {
    "answer-reminder": datetime(2026, 11, 24, 16, 30, tzinfo=UTC),
    "answer-missed": datetime(2026, 11, 25, 16, 30, tzinfo=UTC),
    "reminder": datetime(2026, 11, 27, 16, 30, tzinfo=UTC),
    "missed": datetime(2026, 11, 30, 16, 30, tzinfo=UTC),
    "manager": datetime(2026, 12, 2, 16, 30, tzinfo=UTC),
    "office": datetime(2026, 12, 7, 16, 30, tzinfo=UTC),
    "legal-reminder": datetime(2027, 1, 12, 9, 0, tzinfo=UTC),
    "legal": datetime(2027, 1, 22, 9, 0, tzinfo=UTC),
}


@pytest.fixture
def ladder(gridville: Jurisdiction) -> Jurisdiction:
    build_ladder(gridville)
    return gridville


def climbed(complaint: Complaint) -> list[str]:
    rungs = complaint.events.filter(kind=Event.Kind.ESCALATED).order_by("at", "pk").values_list("data__rung", flat=True)
    return [rung.removeprefix("roads/") for rung in rungs]


def test_each_rung_is_climbed_at_its_own_moment(ladder: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    for code, at in REACHED.items():
        assert climb_ladders(now=at) == 0
        assert climb_ladders(now=at + 2 * MINUTE) == 1
        assert climbed(complaint)[-1] == code
    assert climb_ladders(now=now + 400 * DAY) == 0


@pytest.mark.parametrize("hours", [17, 24, 48, 90 * 24])
def test_the_rungs_do_not_depend_on_when_the_sweep_ran(ladder: Jurisdiction, now: datetime, hours: int) -> None:
    complaint = build_complaint(now=now)
    for passed in range(hours, 91 * 24, hours):
        climb_ladders(now=now + passed * HOUR)
        climb_ladders(now=now + passed * HOUR)
    assert Counter(climbed(complaint)) == Counter(list(REACHED))
    told = complaint.events.filter(kind=Event.Kind.ESCALATED).values_list("data__rung", "data__reached")
    assert {rung.removeprefix("roads/"): datetime.fromisoformat(when) for rung, when in told} == REACHED


def test_an_answer_keeps_the_rungs_of_the_answer_away_and_a_resolution_all(
    ladder: Jurisdiction, clerk: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    answer(complaint.pk, "Nous passons.", acting_user=clerk, now=now + HOUR)
    climb_ladders(now=now + 3 * DAY)
    assert climbed(complaint) == []
    climb_ladders(now=now + 5 * DAY)
    assert climbed(complaint) == ["reminder"]
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now + 6 * DAY, note="Fait", reason="no_trace")
    climb_ladders(now=now + 90 * DAY)
    assert climbed(complaint) == ["reminder"]


def test_what_was_reached_while_nothing_ran_is_climbed_by_who_closes_it(
    ladder: Jurisdiction, clerk: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now + 11 * DAY, note="Fait", reason="no_trace")
    assert climbed(complaint) == ["answer-reminder", "answer-missed", "reminder", "missed", "manager"]
    assert Complaint.objects.get(pk=complaint.pk).escalation == Level.MANAGER
    climb_ladders(now=now + 12 * DAY)
    assert len(climbed(complaint)) == 5


def test_while_the_reporter_must_act_only_the_law_counts_on(ladder: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now + HOUR, note="Où ?")
    climb_ladders(now=now + 40 * DAY)
    assert climbed(complaint) == []
    climb_ladders(now=now + 61 * DAY)
    assert climbed(complaint) == ["legal-reminder", "legal"]
    change_state(complaint.pk, Verb.REPLY, acting_user=None, now=now + 62 * DAY, note="Là.")
    climb_ladders(now=now + 62 * DAY + 2 * MINUTE)
    assert len(climbed(complaint)) == 2
    climb_ladders(now=now + 90 * DAY)
    assert Counter(climbed(complaint)) == Counter(list(REACHED))


def test_a_reopened_complaint_climbs_anew(ladder: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now + 9 * DAY, note="Fait", reason="no_trace")
    change_state(complaint.pk, Verb.CONTEST, acting_user=None, now=now + 10 * DAY, note="Non !")
    assert Complaint.objects.get(pk=complaint.pk).escalation == Level.NONE
    climb_ladders(now=now + 90 * DAY)
    rungs = Counter(climbed(complaint))
    assert (rungs["reminder"], rungs["missed"], rungs["manager"], rungs["office"]) == (2, 2, 1, 1)
    assert rungs["answer-missed"] == 1


def test_another_services_ladder_is_another_ladder(ladder: Jurisdiction, triage_officer: User, now: datetime) -> None:
    build_ladder(ladder, "cleanliness")
    complaint = build_complaint(now=now)
    climb_ladders(now=now + 5 * DAY)
    recategorise(complaint.pk, "litter", acting_user=triage_officer, now=now + 5 * DAY)
    climb_ladders(now=now + 5 * DAY + 2 * MINUTE)
    last = complaint.events.filter(kind=Event.Kind.ESCALATED).latest("pk")
    assert last.data["rung"].startswith("cleanliness/")


def test_of_merged_complaints_the_primary_climbs(ladder: Jurisdiction, clerk: User, now: datetime) -> None:
    first, second = build_complaint(now=now), build_complaint(now=now + DAY)
    merge(second.pk, first.pk, acting_user=clerk, now=now + DAY)
    climb_ladders(now=now + 90 * DAY)
    assert Counter(climbed(first)) == Counter(list(REACHED))
    assert climbed(second) == []


def test_whoever_must_know_is_told_in_one_mail_however_many_there_are(
    ladder: Jurisdiction, manager: User, office_user: User, now: datetime
) -> None:
    User.objects.filter(pk=manager.pk).update(email="mona@example.org")
    User.objects.filter(pk=office_user.pk).update(email="olivia@example.org")
    for _ in range(3):
        build_complaint(now=now)
    climb_ladders(now=now + 30 * DAY)
    told = Counter(OutboxMessage.objects.values_list("recipient", flat=True))
    # The unit: what was missed, and not that it was due soon. The manager: still late. The office: once.
    assert told == {"roads-dept@example.org": 1, "mona@example.org": 1, "olivia@example.org": 1}
    assert "dépassé" in OutboxMessage.objects.get(recipient="roads-dept@example.org").subject
    mail = OutboxMessage.objects.get(recipient="mona@example.org")
    assert "3 réclamations" in mail.subject
    assert all(number in mail.body for number in Complaint.objects.values_list("tracking_number", flat=True))
    assert "30 novembre 2026" in mail.body


def test_without_an_address_of_the_manager_the_unit_itself_is_told(
    ladder: Jurisdiction, manager: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    climb_ladders(now=now + 10 * DAY)
    assert "manager" in climbed(complaint)
    assert set(OutboxMessage.objects.values_list("recipient", flat=True)) == {"roads-dept@example.org"}


def test_a_rung_that_an_administrator_adds_counts_for_what_is_open(ladder: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    climb_ladders(now=now)
    assert Complaint.objects.get(pk=complaint.pk).next_rung_at == REACHED["answer-reminder"]
    roads = ladder.services.get(code="roads")
    Rung.objects.create(service=roads, code="early", deadline="answer", at="12 working hours before", tell="triage")
    climb_ladders(now=now + MINUTE)
    assert Complaint.objects.get(pk=complaint.pk).next_rung_at == datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


def test_observations_and_services_without_a_ladder_climb_nothing(ladder: Jurisdiction, now: datetime) -> None:
    build_complaint("litter", now=now)
    build_complaint(now=now, kind=Complaint.Kind.OBSERVATION)
    assert climb_ladders(now=now + 90 * DAY) == 0


def test_a_sweep_that_finds_nothing_costs_few_statements(ladder: Jurisdiction, now: datetime) -> None:
    for _ in range(5):
        build_complaint(now=now)
    climb_ladders(now=now)
    with CaptureQueriesContext(connection) as queries:
        climb_ladders(now=now)
    assert len(queries) <= 8


MOVES = st.tuples(
    st.sampled_from(["ask", "reply", "answer", "resolve", "contest", "sweep", "sweep"]), st.integers(1, 200)
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVES, min_size=3, max_size=14))
def test_with_and_without_sweeps_between_the_history_holds_the_same_rungs(
    ladder: Jurisdiction, clerk: User, now: datetime, moves: list[tuple[str, int]]
) -> None:
    load_memberships(clerk)

    def live(*, sweeps: bool) -> Counter[tuple[str, int]]:
        complaint = build_complaint("pavement", now=now)
        at = now
        for what, hours in moves:
            at += timedelta(hours=hours)
            if sweeps:
                climb_ladders(now=at)
            act = {
                "ask": (Verb.ASK, clerk),
                "reply": (Verb.REPLY, None),
                "resolve": (Verb.RESOLVE, clerk),
                "contest": (Verb.CONTEST, None),
            }
            try:
                with transaction.atomic():
                    if what == "answer":
                        answer(complaint.pk, "Oui", acting_user=clerk, now=at)
                    elif what in act:
                        verb, who = act[what]
                        change_state(complaint.pk, verb, acting_user=who, now=at, note="x")
            except WorkflowError:
                pass
        climb_ladders(now=at + 200 * DAY)
        found = complaint.events.filter(kind=Event.Kind.ESCALATED).values_list("data__rung", "data__round")
        return Counter(found)

    with transaction.atomic():
        with_sweeps = live(sweeps=True)
        assert with_sweeps == live(sweeps=False)
        assert all(times == 1 for times in with_sweeps.values())
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_climb_each_rung_once(ladder: Jurisdiction, now: datetime) -> None:
    complaints = [build_complaint(now=now) for _ in range(6)]

    def sweep() -> None:
        for day in (1, 3, 8, 20):
            climb_ladders(now=now + day * DAY)
        connection.close()

    threads = [Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    climb_ladders(now=now + 90 * DAY)
    for complaint in complaints:
        assert Counter(climbed(complaint)) == Counter(list(REACHED))
