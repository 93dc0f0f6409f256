"""Demo complaints are the same each time, go through the services, and show every state."""

import json
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from accounts.models import Membership, Role, User
from catalogue.models import Jurisdiction
from complaints.demo.story import story
from complaints.models import Complaint, Event, FeedItem, RoutingDecision, Supporter
from complaints.workflow import State
from contracts.demo import play as findings
from contracts.demo.words import GROUNDS, REPLIES
from contracts.models import Clause, Finding, Reply
from notifications.models import OutboxMessage
from tests.builders import build_contract, build_gridville, build_ladder, build_staff


@pytest.fixture
def var(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    return tmp_path


def load(count: int, seed: int = 7) -> None:
    call_command("load_demo", count=count, seed=seed, jurisdiction="gridville")


def facts() -> list[tuple[object, ...]]:
    rows = Complaint.objects.order_by("tracking_number")
    return list(rows.values_list("tracking_number", "category__code", "state", "description", "unit__code"))


def test_the_same_seed_tells_the_same_story(now: datetime) -> None:
    def told() -> list[object]:
        return [story(n, seed=3, until=now, services=["roads", "water"], hot_spots=5) for n in range(50)]

    assert told() == told()


def test_loading_in_two_parts_equals_loading_at_once(gridville: Jurisdiction, var: Path) -> None:
    load(8)
    first = facts()
    load(20)
    assert Complaint.objects.count() == 20
    assert set(first) <= set(facts())
    load(20)
    assert Complaint.objects.count() == 20


def test_it_shows_all_kinds_of_states_gives_the_crew_work_and_nothing_lies_ahead(
    gridville: Jurisdiction, var: Path
) -> None:
    """One load for all three: every complaint of it lives its life through the services."""
    build_ladder(gridville)
    load(120)
    states = set(Complaint.objects.values_list("state", flat=True))
    assert {State.RESOLVED, State.CONFIRMED, State.REJECTED} <= states
    assert RoutingDecision.objects.count() == Complaint.objects.count() == 120
    for complaint in Complaint.objects.exclude(state=State.RECEIVED):
        last = Event.objects.filter(complaint=complaint, kind="state_changed").last()
        assert last is not None
        assert last.to_state == complaint.state
    assert Complaint.objects.filter(assigned_to__username="demo-crew-member").exists()
    assert not FeedItem.objects.exists(), "they are counted"
    letters = OutboxMessage.objects.filter(created_at__lt=timezone.now() - timedelta(days=2))
    assert letters.exists()
    assert not letters.exclude(queue_state="done", sent_at=F("created_at")).exists(), "nobody real waits behind them"
    assert Complaint.objects.filter(assigned_to=None).exists()
    joined = Supporter.objects.select_related("complaint")
    assert joined.exists(), "what several people met shows how readily quarters report"
    for one in joined:
        assert one.complaint.submitted_at < one.joined_at <= (one.complaint.closed_at or timezone.now())
    # Neither to a story of its own nor to one that joins another about the same thing.
    assert not Event.objects.filter(at__gt=timezone.now()).exists()


def test_accounts_are_one_per_role_and_can_sign_in(gridville: Jurisdiction, var: Path) -> None:
    load(1)
    accounts = json.loads((var / "demo-accounts.json").read_text())
    assert {account["role"] for account in accounts} == set(Role.values) - {"api_client"}
    for account in accounts:
        user = User.objects.get(username=account["username"])
        assert user.check_password(account["password"])
        assert Membership.objects.filter(user=user, role=account["role"]).exists()
    assert (var / "demo-accounts.json").stat().st_mode & 0o077 == 0


def test_a_second_city_gets_a_demo_of_its_own(gridville: Jurisdiction, var: Path) -> None:
    build_gridville("other", "OTH", shift=20)
    load(3)
    call_command("load_demo", count=5, seed=7, jurisdiction="other")
    assert Complaint.objects.filter(jurisdiction__code="gridville").count() == 3
    assert Complaint.objects.filter(jurisdiction__code="other").count() == 5


def test_what_is_written_about_a_finding_fits_its_clause_and_each_reply_its_argument(
    gridville: Jurisdiction, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = build_contract(gridville)
    people = findings.People(
        triage=build_staff("amal", Role.TRIAGE_OFFICER, gridville),
        moderator=build_staff("mona", Role.MODERATOR, gridville),
        manager=build_staff("nadia", Role.CONTRACT_MANAGER, gridville),
        treasury=build_staff("younes", Role.TREASURY_OFFICER, gridville),
        operators={contract.unit_id: build_staff("karim", Role.OPERATOR_USER, gridville, unit="waste-north")},
    )
    every = findings._stories
    monkeypatch.setattr(findings, "_stories", lambda *given: islice(every(*given), 2))
    list(findings.play(gridville, people, until=now, seed=1))
    told = Finding.objects.values_list("clause__breach", "grounds")
    assert len({breach for breach, _ in told}) > 1
    assert all(grounds in GROUNDS[Clause.Breach(breach)] for breach, grounds in told)
    replied = Reply.objects.values_list("argument__text", "text")
    assert replied and all(REPLIES[argument] == text for argument, text in replied)
