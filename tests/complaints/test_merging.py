"""Merging loses nothing: numbers, counts, promises and words are there before, during and after, and everybody is told once."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.access import load_memberships
from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.errors import CannotMerge, ChangedMeanwhile, ComplaintError, MergedAway, NotMerged
from complaints.models import Complaint, Event, GroupPromise
from complaints.replay import replay
from complaints.services.breaches import record_breaches
from complaints.services.correspondence import answer
from complaints.services.joining import join
from complaints.services.merging import merge, separate
from complaints.services.messages import add_reporter_message
from complaints.services.transitions import change_state
from complaints.tracking import secret_token
from complaints.workflow import ActorNotAllowed, State, Verb, WorkflowError
from notifications.models import OutboxMessage
from tests.builders import build_complaint, build_gridville, build_staff
from tests.conftest import SignIn

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def again(complaint: Complaint) -> Complaint:
    return Complaint.objects.get(pk=complaint.pk)


def test_merged_complaints_count_and_show_their_primary(clerk: User, now: datetime) -> None:
    first, second, third = (build_complaint(now=now + n * HOUR) for n in range(3))
    merge(second.pk, first.pk, acting_user=clerk, now=now + 4 * HOUR)
    primary = merge(third.pk, first.pk, acting_user=clerk, now=now + 5 * HOUR)
    assert (primary.merged_count, primary.reports) == (2, 3)
    assert again(second).merged_into_id == again(third).merged_into_id == first.pk
    assert list(Complaint.objects.public()) == [first]
    kinds = second.events.filter(kind=Event.Kind.MERGED).values_list("data__into", "is_public", "actor_role")
    assert list(kinds) == [(first.pk, True, "clerk")]


def test_nobody_acts_on_a_merged_complaint_and_no_clock_of_its_own_runs(clerk: User, now: datetime) -> None:
    first, second = build_complaint(now=now), build_complaint(now=now)
    merge(second.pk, first.pk, acting_user=clerk, now=now)
    with pytest.raises(MergedAway):
        change_state(second.pk, Verb.ACCEPT, acting_user=clerk, now=now)
    with pytest.raises(MergedAway):
        answer(second.pk, "Bonjour", acting_user=clerk, now=now)
    with pytest.raises(MergedAway):
        merge(second.pk, first.pk, acting_user=clerk, now=now)
    assert record_breaches(now=now + 60 * DAY) == 2
    assert not again(second).is_late(now + 60 * DAY)
    assert list(Complaint.objects.late(now + 60 * DAY)) == [first]


def test_the_group_keeps_the_earliest_promise_and_separating_gives_each_its_own_back(
    clerk: User, now: datetime
) -> None:
    old = build_complaint(now=now)
    new = build_complaint(now=now + 3 * DAY)
    merge(old.pk, new.pk, acting_user=clerk, now=now + 3 * DAY + HOUR)
    assert again(new).resolution_due_at == old.resolution_due_at
    told = new.events.filter(kind=Event.Kind.DEADLINE_CHANGED, data__deadline="resolution").get().data
    assert old.resolution_due_at is not None
    assert new.resolution_due_at is not None
    assert told == {
        "deadline": "resolution",
        "old": new.resolution_due_at.isoformat(),
        "new": old.resolution_due_at.isoformat(),
        "cause": "merged",
    }
    separate(old.pk, acting_user=clerk, now=now + 3 * DAY + 2 * HOUR)
    assert again(new).resolution_due_at == new.resolution_due_at
    assert again(new).resolution_due_wall == new.resolution_due_wall
    assert again(old).resolution_due_at == old.resolution_due_at
    assert GroupPromise.objects.count() == 0


def test_a_pause_of_the_group_moves_its_promise_and_not_what_the_merged_one_gets_back(
    clerk: User, now: datetime
) -> None:
    old, new = build_complaint(now=now), build_complaint(now=now + HOUR)
    promised = new.resolution_due_at
    merge(new.pk, old.pk, acting_user=clerk, now=now + 2 * HOUR)
    change_state(old.pk, Verb.ASK, acting_user=clerk, now=now + 3 * HOUR, note="Où ?")
    change_state(old.pk, Verb.REPLY, acting_user=None, now=now + 3 * HOUR + 7 * DAY, note="Là.")
    group = again(old).resolution_due_at
    assert old.resolution_due_at is not None
    assert group == old.resolution_due_at + 7 * DAY
    separate(new.pk, acting_user=clerk, now=now + 8 * DAY)
    assert again(new).resolution_due_at == promised
    assert again(old).resolution_due_at == group


def test_a_pause_counts_for_a_merged_complaint_from_the_merging_on_only(clerk: User, now: datetime) -> None:
    asked, other = build_complaint(now=now), build_complaint(now=now + HOUR)
    change_state(asked.pk, Verb.ASK, acting_user=clerk, now=now + HOUR, note="Où ?")
    merge(other.pk, asked.pk, acting_user=clerk, now=now + HOUR + 2 * DAY)
    assert again(asked).paused_at == now + HOUR + 2 * DAY
    # The other one's clock never stood still, so its promise is the earlier one now.
    assert again(asked).resolution_due_at == other.resolution_due_at
    change_state(asked.pk, Verb.REPLY, acting_user=None, now=now + HOUR + 9 * DAY, note="Là.")
    assert other.resolution_due_at is not None
    assert again(asked).resolution_due_at == other.resolution_due_at + 7 * DAY
    separate(other.pk, acting_user=clerk, now=now + 9 * DAY + 2 * HOUR)
    assert asked.resolution_due_at is not None
    # Alone, the first gets all of its pause: Monday to Wednesday of the next week, seven working days.
    assert again(asked).resolution_due_at == asked.resolution_due_at + 9 * DAY


def test_a_group_that_is_merged_goes_along_and_comes_back_whole(clerk: User, now: datetime) -> None:
    a, b, c, d = (build_complaint(now=now + n * HOUR) for n in range(4))
    merge(c.pk, b.pk, acting_user=clerk, now=now + 5 * HOUR)
    merge(d.pk, b.pk, acting_user=clerk, now=now + 5 * HOUR)
    merge(b.pk, a.pk, acting_user=clerk, now=now + 6 * HOUR)
    assert again(a).merged_count == 3
    assert {row.merged_into_id for row in Complaint.objects.exclude(pk=a.pk)} == {a.pk}
    assert again(b).merged_count == 0
    separate(d.pk, acting_user=clerk, now=now + 7 * HOUR)
    separate(b.pk, acting_user=clerk, now=now + 8 * HOUR)
    assert (again(a).merged_count, again(b).merged_count) == (0, 1)
    assert again(c).merged_into_id == b.pk
    assert again(d).merged_into_id is None


def test_every_reporter_is_told_of_each_public_change_once_under_her_own_number(clerk: User, now: datetime) -> None:
    first = build_complaint(now=now, email="rita@example.org")
    second = build_complaint(now=now, email="said@example.org")
    same_person = build_complaint(now=now, email="Said@example.org")
    for duplicate in (second, same_person):
        merge(duplicate.pk, first.pk, acting_user=clerk, now=now)
    OutboxMessage.objects.all().delete()
    change_state(first.pk, Verb.START, acting_user=clerk, now=now + HOUR)
    answer(first.pk, "Nous passons demain.", acting_user=clerk, now=now + 2 * HOUR)
    change_state(first.pk, Verb.ASK, acting_user=clerk, now=now + 3 * HOUR, note="Chez vous, Madame ?")
    told = {(m.recipient.lower(), m.reference) for m in OutboxMessage.objects.all()}
    assert told == {
        ("rita@example.org", first.tracking_number),
        ("said@example.org", second.tracking_number),
    }
    assert OutboxMessage.objects.count() == 6
    assert OutboxMessage.objects.filter(recipient="said@example.org", body__contains="Nous passons demain.").exists()
    # A question to one of them is not read by the others.
    bodies = OutboxMessage.objects.filter(recipient="said@example.org").values_list("body", flat=True)
    assert not any("Madame" in body for body in bodies)
    assert all(first.tracking_number in body for body in bodies)


def test_the_reporter_learns_that_hers_was_merged_and_separated(clerk: User, now: datetime) -> None:
    first, second = build_complaint(now=now), build_complaint(now=now, email="said@example.org")
    OutboxMessage.objects.all().delete()
    merge(second.pk, first.pk, acting_user=clerk, now=now, note="même trou")
    separate(second.pk, acting_user=clerk, now=now + HOUR)
    merged, separated = OutboxMessage.objects.order_by("pk")
    assert first.tracking_number in merged.body
    assert "même trou" not in merged.body
    assert second.tracking_number in separated.subject


def test_what_cannot_be_merged_is_refused_with_the_reason(
    gridville: Jurisdiction, clerk: User, outsider: User, operator_user: User, now: datetime
) -> None:
    first, second = build_complaint(now=now), build_complaint(now=now)
    with pytest.raises(CannotMerge):
        merge(first.pk, first.pk, acting_user=clerk, now=now)
    for stranger in (outsider, operator_user):
        with pytest.raises(ActorNotAllowed):
            merge(first.pk, second.pk, acting_user=stranger, now=now)
    with pytest.raises(NotMerged):
        separate(first.pk, acting_user=clerk, now=now)
    change_state(first.pk, Verb.RESOLVE, acting_user=clerk, now=now + HOUR, note="Fait", reason="no_trace")
    with pytest.raises(CannotMerge):
        merge(first.pk, second.pk, acting_user=clerk, now=now + HOUR)
    # Filed before that one was closed: the same thing. Filed after it: the thing came back, and is a new matter.
    later = build_complaint(now=now + 2 * HOUR)
    with pytest.raises(CannotMerge):
        merge(later.pk, first.pk, acting_user=clerk, now=now + 3 * HOUR)
    assert merge(second.pk, first.pk, acting_user=clerk, now=now + 3 * HOUR).merged_count == 1


def test_complaints_of_two_cities_are_never_one(gridville: Jurisdiction, clerk: User, now: datetime) -> None:
    elsewhere = build_gridville("farville", "FAR", shift=10.0)
    both = build_staff("bea", Role.TRIAGE_OFFICER, gridville)
    both.memberships.create(role=Role.TRIAGE_OFFICER, jurisdiction=elsewhere)
    there = build_complaint(at=(10.5, 0.5), now=now)
    with pytest.raises(CannotMerge):
        merge(there.pk, build_complaint(now=now).pk, acting_user=both, now=now)


def test_who_joins_is_counted_once_and_comes_along(clerk: User, now: datetime) -> None:
    first, second = build_complaint(now=now), build_complaint(now=now)
    assert join(second.pk, voice="a", now=now)
    assert not join(second.pk, voice="a", now=now)
    merge(second.pk, first.pk, acting_user=clerk, now=now)
    assert join(second.pk, voice="b", now=now)
    assert (again(first).joined_count, again(first).reports) == (2, 4)
    separate(second.pk, acting_user=clerk, now=now)
    assert (again(first).joined_count, again(second).joined_count) == (1, 1)


def test_nobody_joins_what_is_closed_or_not_public(clerk: User, now: datetime) -> None:
    hidden = build_complaint("domestic", now=now)
    closed = build_complaint("pavement", now=now)
    change_state(closed.pk, Verb.RESOLVE, acting_user=clerk, now=now, note="Fait")
    for complaint in (hidden, closed):
        with pytest.raises(ComplaintError):
            join(complaint.pk, voice="a", now=now)


STEPS = st.tuples(
    st.sampled_from(["merge", "separate", "ask", "reply", "answer", "resolve", "contest", "join"]),
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(1, 60),
)


def _step(what: str, one: Complaint, other: Complaint, clerk: User, at: datetime) -> None:
    moves: dict[str, Callable[[], object]] = {
        "merge": lambda: merge(one.pk, other.pk, acting_user=clerk, now=at),
        "separate": lambda: separate(one.pk, acting_user=clerk, now=at),
        "ask": lambda: change_state(one.pk, Verb.ASK, acting_user=clerk, now=at, note="?"),
        "reply": lambda: change_state(one.pk, Verb.REPLY, acting_user=None, now=at, note="!"),
        "answer": lambda: answer(one.pk, "Oui", acting_user=clerk, now=at),
        "resolve": lambda: change_state(one.pk, Verb.RESOLVE, acting_user=clerk, now=at, note="Fait"),
        "contest": lambda: change_state(one.pk, Verb.CONTEST, acting_user=None, now=at, note="Non"),
        "join": lambda: join(one.pk, voice=at.isoformat(), now=at),
    }
    try:
        with transaction.atomic():
            moves[what]()
    except (ComplaintError, WorkflowError):
        pass  # a refusal stores nothing; what is stored is judged below


def _check(complaint: Complaint) -> None:
    standing = replay(complaint.events.order_by("at", "pk"))
    members = list(Complaint.objects.filter(merged_into=complaint))
    assert standing.state == complaint.state
    assert standing.answer_due_at == complaint.answer_due_at
    assert standing.resolution_due_at == complaint.resolution_due_at
    assert standing.paused_at == complaint.paused_at
    assert standing.merged_into == complaint.merged_into_id
    assert standing.members == {member.pk for member in members}
    assert standing.reopened_count == complaint.reopened_count
    assert complaint.merged_count == len(members)
    assert complaint.joined_count == complaint.supporters.count() + sum(m.supporters.count() for m in members)
    assert not (members and complaint.merged_into_id)
    parts = list(GroupPromise.objects.filter(primary=complaint))
    assert {part.holder_id for part in parts} == ({m.pk for m in members} | {complaint.pk} if members else set())
    if parts and complaint.is_open:
        assert complaint.resolution_due_at == min(part.resolution_due_at for part in parts if part.resolution_due_at)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=5, max_size=25))
def test_any_sequence_ends_where_replaying_the_events_ends(
    clerk: User, now: datetime, steps: list[tuple[str, int, int, int]]
) -> None:
    load_memberships(clerk)
    with transaction.atomic():
        rows = [build_complaint("pavement", now=now + n * DAY) for n in range(5)]
        at = now + 5 * DAY
        before: dict[int, tuple[object, ...]] = {}
        for what, one, other, hours in steps:
            at += timedelta(hours=hours)
            _step(what, rows[one], rows[other], clerk, at)
            for complaint in Complaint.objects.filter(pk__in=[row.pk for row in rows]):
                own = (complaint.state, complaint.answer_due_at, complaint.resolution_due_at, complaint.paused_at)
                if complaint.merged_into_id is not None:
                    # What is merged stays as it was when it was merged.
                    assert before.setdefault(complaint.pk, own) == own
                else:
                    before.pop(complaint.pk, None)
        for complaint in Complaint.objects.filter(pk__in=[row.pk for row in rows]):
            _check(complaint)
        for complaint in Complaint.objects.filter(merged_into__isnull=False):
            separate(complaint.pk, acting_user=clerk, now=at)
        assert set(Complaint.objects.values_list("merged_count", flat=True)) == {0}
        assert GroupPromise.objects.count() == 0
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_merging_two_into_each_other_at_once_makes_one_group(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    one, other = build_complaint(now=now), build_complaint(now=now)
    refused: list[str] = []

    def work(first: Complaint, second: Complaint) -> None:
        try:
            merge(first.pk, second.pk, acting_user=clerk, now=now)
        except (MergedAway, ChangedMeanwhile) as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [Thread(target=work, args=pair) for pair in ((one, other), (other, one)) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 5
    assert sorted(Complaint.objects.values_list("merged_count", flat=True)) == [0, 1]
    for complaint in Complaint.objects.all():
        _check(complaint)
    assert Complaint.objects.filter(state=State.RECEIVED).count() == 2


def test_the_desk_merges_by_number_shows_the_group_and_separates(clerk: User, now: datetime, signed_in: SignIn) -> None:
    first = build_complaint(now=now, description="Grand trou")
    second = build_complaint(now=now, description="Trou devant l'école", email="said@example.org")
    client = signed_in(clerk)
    page = f"/fr/desk/{second.tracking_number}/"
    refused = client.post(f"{page}merge/", {"number": "GRI-2222-2222"})
    assert refused.status_code == 422
    assert client.post(f"{page}merge/", {"number": first.tracking_number.lower()}).status_code == 302
    shown = client.get(f"/fr/desk/{first.tracking_number}/").content.decode()
    assert "Trou devant l&#x27;école" in shown
    assert second.tracking_number in shown
    # On the list there is one of them, and a search for the other one's number finds it.
    listed = client.get("/fr/desk/").content.decode()
    assert first.tracking_number in listed
    assert second.tracking_number not in listed
    assert second.tracking_number in client.get("/fr/desk/", {"q": second.tracking_number}).content.decode()
    merged = client.get(page).content.decode()
    assert f"/fr/desk/{first.tracking_number}/" in merged
    assert "action-answer" not in merged
    assert client.post(f"{page}separate/", {}).status_code == 302
    assert again(second).merged_into_id is None


def test_a_group_of_fifty_costs_no_more_statements_than_one_of_two(
    clerk: User, now: datetime, signed_in: SignIn
) -> None:
    first = build_complaint(now=now)
    client = signed_in(clerk)
    counts = []
    for members in (2, 8):
        for _ in range(members):
            merge(build_complaint(now=now, description="x").pk, first.pk, acting_user=clerk, now=now)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/fr/desk/{first.tracking_number}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_her_page_tells_the_reporter_of_a_merged_complaint_what_happens_to_the_primary(
    clerk: User, client: Client, now: datetime
) -> None:
    first, second = build_complaint(now=now, description="privé"), build_complaint(now=now)
    merge(second.pk, first.pk, acting_user=clerk, now=now)
    answer(first.pk, "Nous passons demain.", acting_user=clerk, now=now + HOUR)
    add_reporter_message(first.pk, text="Mon secret", now=now + 2 * HOUR)
    add_reporter_message(second.pk, text="Toujours là", now=now + 3 * HOUR)
    page = client.get(f"/fr/c/{secret_token(second.pk, 1)}/").content.decode()
    assert "Nous passons demain." in page
    assert "Toujours là" in page
    assert "Mon secret" not in page
    assert again(first).updated_at == now + 3 * HOUR


def test_the_public_sees_one_pin_with_the_count(clerk: User, client: Client, now: datetime) -> None:
    first, second = build_complaint(now=now), build_complaint(now=now)
    merge(second.pk, first.pk, acting_user=clerk, now=now)
    join(first.pk, voice="a", now=now)
    box = {"jurisdiction": "gridville", "bbox": "-1,-1,1,1", "zoom": "16"}
    (pin,) = client.get("/api/v1/map.json", box).json()["points"]
    assert pin["reports"] == 3
    properties = client.get(f"/api/v1/complaints/{second.tracking_number}/").json()["properties"]
    assert (properties["merged_count"], properties["joined_count"]) == (1, 1)
    page = client.get(f"/fr/complaints/{second.tracking_number}/").content.decode()
    assert re.search(r"Signalée par</dt>\s*<dd>\s*3 personnes", page)
