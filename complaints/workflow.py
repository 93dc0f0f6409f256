"""States of a complaint, which verb leads from where to where, and who may use it. Data and pure functions, no database."""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Role


class State(TextChoices):
    RECEIVED = "received", pgettext_lazy("state", "received")
    ACCEPTED = "accepted", pgettext_lazy("state", "accepted")
    IN_PROGRESS = "in_progress", pgettext_lazy("state", "in progress")
    WAITING_REPORTER = "waiting_reporter", pgettext_lazy("state", "waiting for the reporter")
    REOPENED = "reopened", pgettext_lazy("state", "reopened")
    RESOLVED = "resolved", pgettext_lazy("state", "resolved")
    CONFIRMED = "confirmed", pgettext_lazy("state", "confirmed")
    REJECTED = "rejected", pgettext_lazy("state", "rejected")
    OUT_OF_SCOPE = "out_of_scope", pgettext_lazy("state", "out of scope")
    WITHDRAWN = "withdrawn", pgettext_lazy("state", "withdrawn")


def state_label(state: str, *, to_reporter: bool = False) -> str | Promise:
    """A state in words. The reporter is not told that the reporter is waited for, but that she is."""
    if to_reporter and state == State.WAITING_REPORTER:
        return _("waiting for your answer")
    return State(state).label


OPEN_STATES = frozenset({State.RECEIVED, State.ACCEPTED, State.IN_PROGRESS, State.WAITING_REPORTER, State.REOPENED})
CLOSED_STATES = frozenset(State) - OPEN_STATES
# Closed, and the promise of a resolution with it.
LAPSED_STATES = frozenset({State.REJECTED, State.OUT_OF_SCOPE, State.WITHDRAWN})


class StateGroup(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


def state_group(state: str) -> StateGroup:
    return StateGroup.OPEN if state in OPEN_STATES else StateGroup.CLOSED


class Verb(StrEnum):
    ACCEPT = "accept"
    START = "start"
    ASK = "ask"
    REPLY = "reply"
    RESUME = "resume"
    RESOLVE = "resolve"
    REJECT = "reject"
    OUT_OF_SCOPE = "out_of_scope"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    CONTEST = "contest"
    REOPEN = "reopen"
    UNDO = "undo"


# Beside the staff roles two more act: the reporter (by her secret link) and the system (sweeps).
REPORTER = "reporter"
SYSTEM = "system"
# Whoever follows a complaint may say what she thinks of its closing (services/verdicts.py); she moves nothing else.
FOLLOWER = "follower"

_DESK = frozenset({Role.CLERK, Role.UNIT_MANAGER, Role.TRIAGE_OFFICER, Role.ADMINISTRATOR})
_ANSWERING = _DESK | {Role.OPERATOR_USER}
_WORKING = _ANSWERING | {Role.CREW_MEMBER}


@dataclass(frozen=True)
class Transition:
    """One verb: allowed from `sources`, leads to `target`, by `actors` (roles, REPORTER or SYSTEM).

    `target` None: back to where the complaint was (undoing, services/undo.py; no button of its own).
    """

    sources: frozenset[State]
    target: State | None
    actors: frozenset[str]
    note_required: bool = False
    reason_required: bool = False
    evidence: bool = False


_AT_WORK = frozenset({State.RECEIVED, State.ACCEPTED, State.IN_PROGRESS, State.REOPENED})

TRANSITIONS: dict[Verb, Transition] = {
    Verb.ACCEPT: Transition(frozenset({State.RECEIVED, State.REOPENED}), State.ACCEPTED, _ANSWERING),
    Verb.START: Transition(frozenset({State.RECEIVED, State.ACCEPTED, State.REOPENED}), State.IN_PROGRESS, _WORKING),
    Verb.ASK: Transition(_AT_WORK, State.WAITING_REPORTER, _ANSWERING, note_required=True),
    Verb.REPLY: Transition(
        frozenset({State.WAITING_REPORTER}), State.ACCEPTED, frozenset({REPORTER}), note_required=True
    ),
    Verb.RESUME: Transition(frozenset({State.WAITING_REPORTER}), State.IN_PROGRESS, _ANSWERING),
    Verb.RESOLVE: Transition(_AT_WORK, State.RESOLVED, _WORKING, note_required=True, evidence=True),
    Verb.REJECT: Transition(OPEN_STATES, State.REJECTED, _DESK, note_required=True, reason_required=True),
    Verb.OUT_OF_SCOPE: Transition(OPEN_STATES, State.OUT_OF_SCOPE, _DESK, note_required=True),
    Verb.WITHDRAW: Transition(OPEN_STATES, State.WITHDRAWN, frozenset({REPORTER})),
    Verb.CONFIRM: Transition(frozenset({State.RESOLVED}), State.CONFIRMED, frozenset({REPORTER})),
    Verb.CONTEST: Transition(
        frozenset({State.RESOLVED, State.REJECTED, State.OUT_OF_SCOPE}),
        State.REOPENED,
        frozenset({REPORTER}),
        note_required=True,
    ),
    Verb.REOPEN: Transition(CLOSED_STATES - {State.WITHDRAWN}, State.REOPENED, _DESK, note_required=True),
    # Within ten seconds, by whoever did what is undone.
    Verb.UNDO: Transition(frozenset(State), None, _WORKING | {Role.MODERATOR}),
}


class RejectReason(TextChoices):
    NOT_FOUNDED = "not_founded", pgettext_lazy("reject reason", "not founded: nothing to see on site")
    NOT_ENOUGH = "not_enough", pgettext_lazy("reject reason", "not enough information")
    PRIVATE_MATTER = "private_matter", pgettext_lazy("reject reason", "private matter")
    ABUSIVE = "abusive", pgettext_lazy("reject reason", "abusive or not serious")
    OTHER = "other", pgettext_lazy("reject reason", "other reason")


class EvidenceReason(TextChoices):
    """Why a complaint was closed without a photo, where its category asks for a photo or a reason."""

    NO_TRACE = "no_trace", pgettext_lazy("evidence reason", "the work leaves nothing to photograph")
    UNSAFE = "unsafe", pgettext_lazy("evidence reason", "a photo was not safe to take")
    PRIVACY = "privacy", pgettext_lazy("evidence reason", "a photo would show people or a home")
    CHECKED = "checked", pgettext_lazy("evidence reason", "checked on site: it is settled")
    ALREADY_GONE = "already_gone", pgettext_lazy("evidence reason", "it was settled before we came")
    AT_THE_DESK = "at_the_desk", pgettext_lazy("evidence reason", "settled from the office: nothing to see on site")


class WorkflowError(Exception):
    """A move that the table refuses. `code` is stable; `message` is for the person who tried."""

    code = "conflict"
    message: "str | Promise" = _("This cannot be done.")

    def __init__(self) -> None:
        super().__init__(str(self.code))


class TransitionNotAllowed(WorkflowError):
    code = "transition_not_allowed"
    message = _("This cannot be done in the complaint's present state.")


class ActorNotAllowed(WorkflowError):
    code = "actor_not_allowed"
    message = _("Your role does not allow this.")


class NoteRequired(WorkflowError):
    code = "note_required"
    message = _("Please write a few words: this step needs an explanation.")


class ReasonRequired(WorkflowError):
    code = "reason_required"
    message = _("Please choose a reason.")


class EvidenceRequired(WorkflowError):
    code = "evidence_required"
    message = _("This category asks for a photo of the finished work, or the reason why there is none.")


class EvidenceElsewhere(WorkflowError):
    code = "evidence_elsewhere"

    def __init__(self, metres: int) -> None:
        super().__init__()
        self.message = _(
            "The photo was taken %(metres)d m away from the place. Take one on site, or say why there is none."
        ) % {"metres": metres}


class EvidenceReused(WorkflowError):
    code = "evidence_reused"
    message = _("This photo was sent before the work: it cannot prove it. Take one of the finished work.")


def check(verb: Verb, state: str, *, actors: frozenset[str], note: str, reason: str = "") -> Transition:
    """The transition that `verb` makes from `state`; `actors` are all hats that the acting person wears for this complaint.

    Raises TransitionNotAllowed, ActorNotAllowed, NoteRequired or ReasonRequired. Evidence is checked by the service,
    which knows the category and the photos.
    """
    transition = TRANSITIONS[verb]
    if not transition.actors & actors:
        raise ActorNotAllowed
    if state not in transition.sources:
        raise TransitionNotAllowed
    if transition.note_required and not note.strip():
        raise NoteRequired
    if transition.reason_required and not reason:
        raise ReasonRequired
    return transition


def verbs_for(state: str, actors: frozenset[str]) -> list[Verb]:
    """The verbs that a person wearing these hats may use now, in the table's order (buttons on pages)."""
    steps = ((verb, step) for verb, step in TRANSITIONS.items() if step.target is not None)
    return [verb for verb, step in steps if state in step.sources and step.actors & actors]
