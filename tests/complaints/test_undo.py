"""Ten seconds to take back what was done at the desk: everything is as it was, no message left, and history says so."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point

from accounts.models import User
from catalogue.models import Jurisdiction
from complaints.casefile import casefile
from complaints.errors import ChangedMeanwhile, TooLateToUndo
from complaints.models import Attachment, Complaint, Deed, Event, Message
from complaints.replay import replay
from complaints.services import allocation, correspondence, merging, publication
from complaints.services.erasure import erase_reporter
from complaints.services.quarantine import NewFile, media_path
from complaints.services.transitions import change_state
from complaints.services.undo import WINDOW, forget_deeds, undo, undoable
from complaints.timeline import public_timeline, reporter_timeline
from complaints.workflow import Verb
from geoportal.invariants import violations
from notifications.delivery import deliver_due
from notifications.models import OutboxMessage
from tests.builders import build_complaint
from tests.sandbox.files import jpeg

Act = Callable[[Complaint, User, datetime], Any]


def stored(complaint: Complaint) -> dict[str, Any]:
    row: dict[str, Any] = dict(Complaint.objects.filter(pk=complaint.pk).values().get())
    # The search column follows, `updated_at` tells that something happened, the rung is worked out again.
    return {name: value for name, value in row.items() if name not in ("updated_at", "search", "next_rung_at")}


def broken(now: datetime) -> list[str]:
    """Invariants that do not hold; that no worker runs here is no fault."""
    return [v.invariant.code for v in violations(now) if v.invariant.code not in ("work_not_done", "rung_not_climbed")]


def do(complaint: Complaint, act: Act, user: User, now: datetime, also: tuple[int, ...] = ()) -> uuid.UUID:
    batch = uuid.uuid4()
    with undoable(complaint.pk, action="test", acting_user=user, now=now, batch=batch, also=also):
        act(complaint, user, now)
    return batch


def move(verb: Verb, **more: Any) -> Act:
    return lambda c, user, now: change_state(c.pk, verb, acting_user=user, now=now, note="Voilà.", **more)


ACTS: dict[str, Act] = {
    "accept": move(Verb.ACCEPT),
    "ask": move(Verb.ASK),
    "resolve with a photo": move(Verb.RESOLVE, files=[NewFile("after.jpg", jpeg())]),
    "reject": move(Verb.REJECT, reason="not_founded"),
    "out of scope": move(Verb.OUT_OF_SCOPE),
    "answer": lambda c, user, now: correspondence.answer(c.pk, "Nous venons mardi.", acting_user=user, now=now),
    "note": lambda c, user, now: correspondence.add_note(c.pk, "À voir.", acting_user=user, now=now),
    "hand over": lambda c, user, now: allocation.hand_over(
        c.pk, c.jurisdiction.units.get(code="registry"), acting_user=user, now=now, note="À vous."
    ),
    "recategorise": lambda c, user, now: allocation.recategorise(c.pk, "noise", acting_user=user, now=now),
    "never public": lambda c, user, now: allocation.recategorise(c.pk, "domestic", acting_user=user, now=now),
    "hide": lambda c, user, now: publication.hide(c.pk, acting_user=user, now=now),
    "release": lambda c, user, now: publication.review_text(c.pk, release=True, acting_user=user, now=now),
}


@pytest.mark.parametrize("name", ACTS)
def test_whatever_was_done_is_undone_and_no_message_ever_left(
    gridville: Jurisdiction, triage_officer: User, now: datetime, name: str
) -> None:
    complaint = build_complaint(now=now - timedelta(hours=3), email="rita@example.org", description="Un trou")
    OutboxMessage.objects.all().delete()
    before, history = stored(complaint), public_timeline(complaint)
    batch = do(complaint, ACTS[name], triage_officer, now)
    assert deliver_due(now=now + timedelta(seconds=9)) == 0
    later = now + timedelta(seconds=9)
    assert [result.refusal for result in undo(batch, acting_user=triage_officer, now=later)] == [""]
    assert stored(complaint) == before
    assert deliver_due(now=now + timedelta(hours=1)) == 0
    assert not Message.objects.filter(complaint=complaint).exists()
    assert not Attachment.objects.filter(complaint=complaint).exists()
    complaint = Complaint.objects.get(pk=complaint.pk)
    assert public_timeline(complaint) == history, "the world never hears of it"
    assert [entry.title for entry in reporter_timeline(complaint)] == [entry.title for entry in history]
    undone = complaint.events.get(kind=Event.Kind.UNDONE)
    assert set(undone.data["events"]) == set(complaint.events.values_list("pk", flat=True)[1:]) - {undone.pk}
    assert (undone.actor, undone.actor_role) == (triage_officer, "triage_officer")
    told = casefile(Complaint.objects.get(pk=complaint.pk), triage_officer, later).timeline
    assert sum(entry.undone for entry in told) == len(undone.data["events"])
    standing = replay(complaint.events.all())
    assert (standing.state, standing.paused_at) == (complaint.state, complaint.paused_at)
    assert standing.resolution_due_at == complaint.resolution_due_at
    assert broken(later) == []


def test_after_ten_seconds_it_stands_and_the_message_leaves(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    complaint = build_complaint(now=now - timedelta(hours=3), email="rita@example.org")
    OutboxMessage.objects.all().delete()
    batch = do(complaint, ACTS["answer"], clerk, now)
    assert deliver_due(now=now + WINDOW) == 1
    [late] = undo(batch, acting_user=clerk, now=now + WINDOW)
    assert late.refusal == TooLateToUndo.message, "it has left in the very last moment"
    second = do(complaint, ACTS["reject"], clerk, now)
    [late] = undo(second, acting_user=clerk, now=now + WINDOW + timedelta(microseconds=1))
    assert late.refusal == TooLateToUndo.message
    complaint.refresh_from_db()
    assert complaint.state == "rejected" and complaint.messages.count() == 2


def test_only_who_did_it_undoes_it_and_only_once(
    gridville: Jurisdiction, clerk: User, manager: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    batch = do(complaint, ACTS["accept"], clerk, now)
    assert undo(batch, acting_user=manager, now=now) == []
    undo(batch, acting_user=clerk, now=now)
    undo(batch, acting_user=clerk, now=now)
    assert complaint.events.filter(kind="undone").count() == 1


def test_what_somebody_did_after_it_is_never_overwritten(
    gridville: Jurisdiction, clerk: User, manager: User, now: datetime
) -> None:
    complaint = build_complaint(now=now)
    batch = do(complaint, ACTS["accept"], clerk, now)
    change_state(complaint.pk, Verb.START, acting_user=manager, now=now + timedelta(seconds=3))
    [result] = undo(batch, acting_user=clerk, now=now + timedelta(seconds=5))
    assert result.refusal == ChangedMeanwhile.message
    complaint.refresh_from_db()
    assert complaint.state == "in_progress"


def test_a_breach_that_was_noticed_on_the_way_stays_one(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now - timedelta(days=30))
    batch = do(complaint, ACTS["reject"], clerk, now)
    undo(batch, acting_user=clerk, now=now)
    [undone] = complaint.events.filter(kind="undone")
    kinds = set(complaint.events.exclude(pk__in=undone.data["events"]).values_list("kind", flat=True))
    assert "breached" in kinds


def test_merging_is_undone_with_all_that_it_moved(gridville: Jurisdiction, triage_officer: User, now: datetime) -> None:
    early = build_complaint(now=now - timedelta(days=2), email="rita@example.org")
    one, two = (build_complaint(now=now - timedelta(hours=n), email=f"n{n}@example.org") for n in (1, 2))
    OutboxMessage.objects.all().delete()
    before = [stored(c) for c in (early, one, two)]
    batch = uuid.uuid4()
    for complaint in (one, two):
        with undoable(complaint.pk, action="merge", acting_user=triage_officer, now=now, batch=batch, also=[early.pk]):
            merging.merge(complaint.pk, early.pk, acting_user=triage_officer, now=now)
    early.refresh_from_db()
    assert early.merged_count == 2
    results = undo(batch, acting_user=triage_officer, now=now + timedelta(seconds=4))
    assert [result.refusal for result in results] == ["", ""]
    assert [stored(c) for c in (early, one, two)] == before
    assert replay(early.events.all()).members == frozenset()
    assert deliver_due(now=now + timedelta(hours=1)) == 0
    assert broken(now) == []


def test_deeds_are_forgotten_after_a_minute_and_by_an_erasure_at_once(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    complaint, other = build_complaint(now=now, description="Rita, 12 rue X"), build_complaint(now=now)
    for each in (complaint, other):
        do(each, ACTS["accept"], clerk, now)
    assert forget_deeds(now=now + timedelta(seconds=30)) == 0
    erase_reporter(complaint.pk, now=now)
    assert [deed.complaint_id for deed in Deed.objects.all()] == [other.pk]
    assert forget_deeds(now=now + timedelta(seconds=90)) == 1


def test_a_pin_comes_back_to_the_millimetre(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    complaint = build_complaint(now=now, at=(0.123456789, 0.987654321))

    def shift(c: Complaint, user: User, now: datetime) -> None:
        Complaint.objects.filter(pk=c.pk).update(point=Point(0.001, 0.002, srid=4326))

    before = stored(complaint)
    undo(do(complaint, shift, clerk, now), acting_user=clerk, now=now)
    assert stored(complaint) == before


def test_files_that_came_with_it_go_with_it(
    gridville: Jurisdiction, clerk: User, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    complaint = build_complaint(now=now)
    batch = do(complaint, ACTS["resolve with a photo"], clerk, now)
    path = media_path(complaint.attachments.get().quarantine_path)
    assert path.exists()
    with django_capture_on_commit_callbacks(execute=True):
        undo(batch, acting_user=clerk, now=now)
    assert not path.exists()
