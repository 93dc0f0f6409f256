"""Every verb from every state by every role: what the table allows happens, everything else changes nothing."""

from datetime import datetime, timedelta
from itertools import product

import pytest

from accounts.models import Role, User
from catalogue.models import Jurisdiction
from complaints.models import Complaint, Event
from complaints.services.allocation import assign
from complaints.services.transitions import change_state
from complaints.workflow import (
    CLOSED_STATES,
    OPEN_STATES,
    TRANSITIONS,
    ActorNotAllowed,
    NoteRequired,
    ReasonRequired,
    State,
    TransitionNotAllowed,
    Verb,
    WorkflowError,
    check,
    verbs_for,
)
from tests.builders import build_complaint

WORKED_ON = {"received", "accepted", "in_progress", "reopened"}
OPEN = {str(state) for state in OPEN_STATES}
DESK = {"clerk", "unit_manager", "triage_officer", "administrator"}
ANSWERING = DESK | {"operator_user"}
WORKING = ANSWERING | {"crew_member"}
ENDED = {str(state) for state in CLOSED_STATES} - {"withdrawn"}

# Written out a second time, from product.md and not from the code: verb, from, to, who, and what it asks for.
TABLE: list[tuple[str, set[str], str, set[str], set[str]]] = [
    ("accept", {"received", "reopened"}, "accepted", ANSWERING, set()),
    ("start", {"received", "accepted", "reopened"}, "in_progress", WORKING, set()),
    ("ask", WORKED_ON, "waiting_reporter", ANSWERING, {"note"}),
    ("reply", {"waiting_reporter"}, "accepted", {"reporter"}, {"note"}),
    ("resume", {"waiting_reporter"}, "in_progress", ANSWERING, set()),
    ("resolve", WORKED_ON, "resolved", WORKING, {"note"}),
    ("reject", OPEN, "rejected", DESK, {"note", "reason"}),
    ("out_of_scope", OPEN, "out_of_scope", DESK, {"note"}),
    ("withdraw", OPEN, "withdrawn", {"reporter"}, set()),
    ("confirm", {"resolved"}, "confirmed", {"reporter"}, set()),
    ("contest", {"resolved", "rejected", "out_of_scope"}, "reopened", {"reporter"}, {"note"}),
    ("reopen", ENDED, "reopened", DESK, {"note"}),
]
ACTORS = [*Role.values, "reporter", "system"]


def test_the_table_names_every_verb() -> None:
    assert {row[0] for row in TABLE} | {"undo"} == set(Verb) == set(TRANSITIONS)


def test_undoing_leads_back_from_anywhere_by_who_works_on_it_and_is_no_step_of_its_own(
    gridville: Jurisdiction, clerk: User, now: datetime
) -> None:
    undo = TRANSITIONS[Verb.UNDO]
    assert (undo.sources, undo.target) == (frozenset(State), None)
    assert undo.actors == WORKING | {"moderator"}
    complaint = build_complaint(now=now)
    for state in State.values:
        assert Verb.UNDO not in verbs_for(state, frozenset(ACTORS))
    with pytest.raises(TransitionNotAllowed):
        change_state(complaint.pk, Verb.UNDO, acting_user=clerk, now=now)


@pytest.mark.parametrize(("verb", "sources", "target", "actors", "needs"), TABLE, ids=[row[0] for row in TABLE])
def test_a_verb_works_from_its_states_by_its_actors_only(
    verb: str, sources: set[str], target: str, actors: set[str], needs: set[str]
) -> None:
    for state, actor in product(State.values, ACTORS):
        worn = frozenset({actor})
        allowed = state in sources and actor in actors
        assert (Verb(verb) in verbs_for(state, worn)) == allowed, (state, actor)
        if allowed:
            step = check(Verb(verb), state, actors=worn, note="words", reason="other")
            assert step.target == target
            continue
        with pytest.raises(ActorNotAllowed if actor not in actors else TransitionNotAllowed):
            check(Verb(verb), state, actors=worn, note="words", reason="other")


@pytest.mark.parametrize(("verb", "sources", "target", "actors", "needs"), TABLE, ids=[row[0] for row in TABLE])
def test_a_verb_asks_for_what_it_needs(
    verb: str, sources: set[str], target: str, actors: set[str], needs: set[str]
) -> None:
    state, worn = min(sources), frozenset({min(actors)})
    for blank in ("", "   ", "\n\t"):
        if "note" in needs:
            with pytest.raises(NoteRequired):
                check(Verb(verb), state, actors=worn, note=blank, reason="other")
        else:
            check(Verb(verb), state, actors=worn, note=blank, reason="other")
    if "reason" in needs:
        with pytest.raises(ReasonRequired):
            check(Verb(verb), state, actors=worn, note="words", reason="")


# The shortest way from a new complaint into each state, by a clerk (c) or the reporter (r).
WAYS: dict[str, list[tuple[str, str]]] = {
    "received": [],
    "accepted": [("accept", "c")],
    "in_progress": [("start", "c")],
    "waiting_reporter": [("ask", "c")],
    "resolved": [("resolve", "c")],
    "confirmed": [("resolve", "c"), ("confirm", "r")],
    "rejected": [("reject", "c")],
    "out_of_scope": [("out_of_scope", "c")],
    "withdrawn": [("withdraw", "r")],
    "reopened": [("resolve", "c"), ("contest", "r")],
}


@pytest.mark.parametrize("state", State.values)
def test_each_refused_verb_leaves_the_complaint_as_it_was(
    gridville: Jurisdiction,
    clerk: User,
    crew_member: User,
    office_user: User,
    moderator: User,
    outsider: User,
    now: datetime,
    state: str,
) -> None:
    complaint = build_complaint("pavement", now=now)
    assign(complaint.pk, crew_member, acting_user=clerk, now=now)
    for number, (verb, who) in enumerate(WAYS[state], start=1):
        actor = clerk if who == "c" else None
        at = now + timedelta(hours=number)
        change_state(complaint.pk, Verb(verb), acting_user=actor, now=at, note="words", reason="not_founded")
    later = now + timedelta(hours=9)
    before = Complaint.objects.filter(pk=complaint.pk).values().get()
    events = Event.objects.count()
    people: dict[str, User | None] = {
        "clerk": clerk,
        "crew_member": crew_member,
        "office": office_user,
        "moderator": moderator,
        "nobody": outsider,
        "reporter": None,
    }
    for (verb, sources, _target, actors, _needs), (role, person) in product(TABLE, people.items()):
        if state in sources and role in actors:
            continue
        with pytest.raises(WorkflowError):
            change_state(complaint.pk, Verb(verb), acting_user=person, now=later, note="words", reason="not_founded")
    assert Complaint.objects.filter(pk=complaint.pk).values().get() == before
    assert Event.objects.count() == events
    assert before["state"] == state
