"""The feed is consumed exactly once in effect: whatever is killed, doubled or late, the rows say what a rebuild says."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Role, User
from analytics import timing
from analytics.feed import consume, rebuild
from analytics.models import Timing
from catalogue.models import Jurisdiction
from complaints.models import Complaint, FeedItem
from complaints.services.allocation import recategorise
from complaints.services.transitions import change_state
from complaints.workflow import RejectReason, Verb, WorkflowError
from tests.builders import build_complaint, build_gridville, build_staff
from tests.conftest import NOW


def facts() -> dict[int, tuple[Any, ...]]:
    rows = Timing.objects.values_list(
        "pk", "answer_due_unpaused", "resolution_due_unpaused", "paused_seconds", "contested"
    )
    return {row[0]: row[1:] for row in rows}


def test_a_pause_is_kept_apart_from_the_promise(gridville: Jurisdiction, now: datetime, triage_officer: User) -> None:
    complaint = build_complaint(now=now)
    promised = complaint.resolution_due_at
    change_state(complaint.pk, Verb.ASK, acting_user=triage_officer, now=now + timedelta(hours=2), note="where?")
    change_state(complaint.pk, Verb.RESUME, acting_user=triage_officer, now=now + timedelta(hours=26))
    consume(now=now + timedelta(days=2))
    row = Timing.objects.get()
    complaint.refresh_from_db()
    assert complaint.resolution_due_at != promised and row.resolution_due_unpaused == promised
    assert row.paused_seconds == 24 * 3600
    assert not FeedItem.objects.exists()


def test_a_worker_that_dies_leaves_its_items(
    gridville: Jurisdiction, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_complaint(now=now)

    def die(ids: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(timing, "work_out", die)
        with pytest.raises(KeyboardInterrupt):
            consume(now=now)
    assert consume(now=now + timedelta(seconds=30)) == 0  # still leased
    assert consume(now=now + timedelta(seconds=90)) == 1
    assert Timing.objects.count() == 1 and not FeedItem.objects.exists()


def test_items_written_meanwhile_are_not_lost(
    gridville: Jurisdiction, now: datetime, triage_officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = build_complaint(now=now)
    real = timing.work_out

    def and_then_it_changes(ids: set[int]) -> None:
        real(ids)
        change_state(complaint.pk, Verb.ACCEPT, acting_user=triage_officer, now=now)

    with monkeypatch.context() as patched:
        patched.setattr(timing, "work_out", and_then_it_changes)
        assert consume(now=now) == 1
    assert FeedItem.objects.count() == 1


def test_the_command_finds_nothing_to_correct(gridville: Jurisdiction, capsys: pytest.CaptureFixture[str]) -> None:
    now = timezone.now()
    build_complaint(now=now)
    consume(now=now)
    call_command("rebuild_analytics", "--json")
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert counts == {"complaints": 1, "rows_added": 0, "rows_corrected": 0}


STEP = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["ask", "reply", "resume", "resolve", "contest", "reopen", "reject", "move", "consume", "twice"]),
    st.integers(1, 200),
)


class RandomHistories(TestCase):
    """Hypothesis resets the database between examples only in Django's own test case."""

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=st.lists(STEP, max_size=14))
    def test_rebuild_equals_what_the_feed_made(self, steps: list[tuple[int, str, int]]) -> None:
        officer = build_staff("tarik", Role.TRIAGE_OFFICER, build_gridville())
        filed = [build_complaint("pavement", at=(0.3 + i, 0.5), now=NOW) for i in range(3)]
        clock = NOW
        for which, what, hours in steps:
            clock += timedelta(hours=hours)
            play(filed[which], what, officer, clock)
        while consume(now=clock + timedelta(days=1), limit=3):
            pass
        made = facts()
        assert sum(batch.complaints for batch in rebuild(now=clock)) == 3
        assert facts() == made and len(made) == 3


def play(complaint: Complaint, what: str, officer: User, clock: datetime) -> None:
    """One step of a history; what the workflow refuses does not happen."""
    if what == "consume":
        consume(now=clock, limit=2)
    elif what == "twice":
        timing.work_out([complaint.pk])
        timing.work_out([complaint.pk])
    elif what == "move":
        complaint.refresh_from_db()
        if complaint.is_open:
            other = "pothole" if complaint.category.code == "pavement" else "pavement"
            recategorise(complaint.pk, other, acting_user=officer, now=clock)
    else:
        user = None if what in ("reply", "contest") else officer
        reason = RejectReason.NOT_FOUNDED.value if what == "reject" else "no_trace"
        try:
            change_state(complaint.pk, Verb(what), acting_user=user, now=clock, note="words", reason=reason)
        except WorkflowError:
            return
