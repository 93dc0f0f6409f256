"""A complaint's life: who may move it, what the clock does meanwhile, what closing needs, and what is written down."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.models import Complaint, Event, Message
from complaints.services.transitions import change_state
from complaints.workflow import (
    ActorNotAllowed,
    EvidenceReason,
    EvidenceRequired,
    NoteRequired,
    ReasonRequired,
    RejectReason,
    TransitionNotAllowed,
    Verb,
)
from notifications.models import OutboxMessage
from tests.builders import build_complaint

DAY = timedelta(days=1)


def events(complaint: Complaint, kind: str) -> list[Event]:
    return list(Event.objects.filter(complaint=complaint, kind=kind))


def test_from_report_to_confirmation_every_step_is_an_event(clerk: User, now: datetime) -> None:
    complaint = build_complaint("pavement", now=now, email="rita@example.org")
    steps = [(Verb.ACCEPT, clerk), (Verb.START, clerk), (Verb.RESOLVE, clerk), (Verb.CONFIRM, None)]
    for hours, (verb, who) in enumerate(steps, start=1):
        at = now + timedelta(hours=hours)
        complaint = change_state(complaint.pk, verb, acting_user=who, now=at, note="Fait." if who else "")
    history = events(complaint, "state_changed")
    assert [event.to_state for event in history] == ["accepted", "in_progress", "resolved", "confirmed"]
    assert all(one.to_state == next_.from_state for one, next_ in pairwise(history))
    assert complaint.closed_at == now + timedelta(hours=3)
    assert complaint.answered_at == now + timedelta(hours=3)
    # One confirmation of receipt and one message for each step of the staff; none for the reporter's own.
    assert OutboxMessage.objects.count() == 4


def test_asking_stops_the_clock_and_the_reply_gives_the_time_back(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    promised = complaint.resolution_due_at
    assert promised is not None
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=now, note="Où exactement ?")
    waiting = Complaint.objects.get(pk=complaint.pk)
    assert waiting.paused_at == now
    assert not waiting.is_late(promised + 30 * DAY)
    after = change_state(complaint.pk, Verb.REPLY, acting_user=None, now=now + 7 * DAY, note="Devant l'école.")
    # Asked on a Monday and answered on the next: a week of opening hours later, at the same time.
    assert after.resolution_due_at == promised + 7 * DAY
    assert after.paused_at is None
    changed = [event.data["deadline"] for event in events(complaint, "deadline_changed")]
    assert changed == ["answer", "resolution"]
    assert {event.data["cause"] for event in events(complaint, "deadline_changed")} == {"resumed"}


def test_asking_after_the_promise_was_missed_heals_nothing(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    late = now + 30 * DAY
    change_state(complaint.pk, Verb.ASK, acting_user=clerk, now=late, note="Où ?")
    waiting = Complaint.objects.get(pk=complaint.pk)
    assert waiting.is_late(late + DAY)
    assert Complaint.objects.late(late + DAY).filter(pk=complaint.pk).exists()
    after = change_state(complaint.pk, Verb.RESUME, acting_user=clerk, now=late + DAY)
    assert after.resolution_due_at == complaint.resolution_due_at


def test_contesting_reopens_with_a_new_clock_and_is_counted(clerk: User, now: datetime) -> None:
    complaint = build_complaint("pavement", now=now)
    change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now + DAY, note="Fait.")
    with pytest.raises(NoteRequired):
        change_state(complaint.pk, Verb.CONTEST, acting_user=None, now=now + 2 * DAY)
    again = change_state(complaint.pk, Verb.CONTEST, acting_user=None, now=now + 20 * DAY, note="Rien n'a changé.")
    assert (again.state, again.reopened_count, again.closed_at) == ("reopened", 1, None)
    assert again.resolution_due_at is not None
    assert again.resolution_due_at > now + 20 * DAY
    assert events(complaint, "deadline_changed")[0].data["cause"] == "reopened"


def test_closing_needs_the_evidence_that_the_category_asks_for(clerk: User, now: datetime) -> None:
    complaint = build_complaint("pothole", now=now)
    with pytest.raises(EvidenceRequired):
        change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now, note="Rebouché.")
    assert Complaint.objects.get(pk=complaint.pk).state == "received"
    assert not Message.objects.exists()
    reason = EvidenceReason.UNSAFE.value
    done = change_state(complaint.pk, Verb.RESOLVE, acting_user=clerk, now=now, note="Rebouché.", reason=reason)
    assert done.state == "resolved"
    assert events(complaint, "state_changed")[0].data["reason"] == "unsafe"


def test_rejecting_needs_words_and_a_reason(clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    with pytest.raises(NoteRequired):
        change_state(complaint.pk, Verb.REJECT, acting_user=clerk, now=now, reason=RejectReason.OTHER)
    with pytest.raises(ReasonRequired):
        change_state(complaint.pk, Verb.REJECT, acting_user=clerk, now=now, note="Rien vu.")


def test_outsiders_and_reporters_cannot_do_the_staffs_work(outsider: User, office_user: User, now: datetime) -> None:
    complaint = build_complaint(now=now)
    for person in (outsider, office_user, None):
        with pytest.raises(ActorNotAllowed):
            change_state(complaint.pk, Verb.ACCEPT, acting_user=person, now=now)


def test_what_is_closed_stays_closed_for_the_crew(clerk: User, now: datetime) -> None:
    complaint = build_complaint("pavement", now=now)
    change_state(complaint.pk, Verb.WITHDRAW, acting_user=None, now=now)
    for verb in (Verb.ACCEPT, Verb.START, Verb.RESOLVE):
        with pytest.raises(TransitionNotAllowed):
            change_state(complaint.pk, verb, acting_user=clerk, now=now, note="…")


def test_replaying_the_events_gives_the_state(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint("pavement", now=now)
    for hours, verb in enumerate([Verb.START, Verb.RESOLVE, Verb.REOPEN, Verb.RESOLVE]):
        change_state(complaint.pk, verb, acting_user=clerk, now=now + timedelta(hours=hours), note="…")
    state = ""
    for event in Event.objects.filter(complaint=complaint).exclude(to_state=""):
        assert event.from_state == state
        state = event.to_state
    assert state == Complaint.objects.get(pk=complaint.pk).state == "resolved"
