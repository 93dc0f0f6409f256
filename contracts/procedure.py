"""States of a finding, which verb leads from where to where, and who may use it. Data and pure functions, no database.

A finding alleges a breach; the operator is heard; a contract manager decides; a second person signs where the contract asks
for it; an appeal may reverse it. Nothing here knows money: a penalty follows from a decision in force, never from a state.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Role
from complaints.errors import Refusal


class FindingState(TextChoices):
    NOTIFIED = "notified", pgettext_lazy("finding state", "waiting for the operator")
    ACCEPTED = "accepted", pgettext_lazy("finding state", "accepted by the operator")
    CONTESTED = "contested", pgettext_lazy("finding state", "contested")
    LAPSED = "lapsed", pgettext_lazy("finding state", "not answered in time")
    TO_SIGN = "to_sign", pgettext_lazy("finding state", "waiting for a second signature")
    JUSTIFIED = "justified", pgettext_lazy("finding state", "justified")
    NOT_JUSTIFIED = "not_justified", pgettext_lazy("finding state", "not justified")
    APPEALED = "appealed", pgettext_lazy("finding state", "under appeal")
    UPHELD = "upheld", pgettext_lazy("finding state", "upheld on appeal")
    REVERSED = "reversed", pgettext_lazy("finding state", "reversed on appeal")
    WAIVED = "waived", pgettext_lazy("finding state", "penalty waived")
    WITHDRAWN = "withdrawn", pgettext_lazy("finding state", "withdrawn")


_S = FindingState
# The operator has had its say, or its time: the city's turn.
HEARD = frozenset({_S.ACCEPTED, _S.CONTESTED, _S.LAPSED})
# Nobody is waited for.
FINAL = frozenset({_S.NOT_JUSTIFIED, _S.UPHELD, _S.REVERSED, _S.WAIVED, _S.WITHDRAWN})
OPEN = frozenset(_S) - FINAL - {_S.JUSTIFIED}
# States in which a penalty stands.
PENALISED = frozenset({_S.JUSTIFIED, _S.APPEALED, _S.UPHELD, _S.WAIVED})


class Silence(TextChoices):
    """What it means that an operator did not answer in time; each contract says."""

    ACCEPTS = "accepts", pgettext_lazy("silence", "counts as acceptance")
    DISPUTES = "disputes", pgettext_lazy("silence", "counts as a contest without arguments")


class FindingVerb(StrEnum):
    ACCEPT = "accept"
    CONTEST = "contest"
    LAPSE = "lapse"
    WITHDRAW = "withdraw"
    JUSTIFY = "justify"
    DISMISS = "dismiss"
    SIGN = "sign"
    SEND_BACK = "send_back"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    REVERSE = "reverse"
    WAIVE = "waive"


# Beside the staff roles two more act: whoever came by the operator's single-case link, and the system (sweeps).
LINK = "operator_link"
SYSTEM = "system"

# Who may do what. Reading is for all of them in their city; an operator's people read their own contracts.
OPENING = frozenset({Role.CONTRACT_MANAGER, Role.TRIAGE_OFFICER, Role.ADMINISTRATOR})
DECIDING = frozenset({Role.CONTRACT_MANAGER})
SIGNING = frozenset({Role.CONTRACT_MANAGER, Role.TREASURY_OFFICER})
OPERATOR = frozenset({Role.OPERATOR_USER.value, LINK})


@dataclass(frozen=True)
class Step:
    """One verb: allowed from `sources`, leads to `target`, by `actors`. `target` None: a pending decision says where."""

    sources: frozenset[FindingState]
    target: FindingState | None
    actors: frozenset[str]
    words_required: bool = False


STEPS: dict[FindingVerb, Step] = {
    FindingVerb.ACCEPT: Step(frozenset({_S.NOTIFIED}), _S.ACCEPTED, OPERATOR),
    FindingVerb.CONTEST: Step(frozenset({_S.NOTIFIED, _S.LAPSED}), _S.CONTESTED, OPERATOR, words_required=True),
    FindingVerb.LAPSE: Step(frozenset({_S.NOTIFIED}), _S.LAPSED, frozenset({SYSTEM})),
    FindingVerb.WITHDRAW: Step(HEARD | {_S.NOTIFIED}, _S.WITHDRAWN, DECIDING, words_required=True),
    FindingVerb.JUSTIFY: Step(HEARD, _S.JUSTIFIED, DECIDING, words_required=True),
    FindingVerb.DISMISS: Step(HEARD, _S.NOT_JUSTIFIED, DECIDING, words_required=True),
    FindingVerb.SIGN: Step(frozenset({_S.TO_SIGN}), None, SIGNING),
    FindingVerb.SEND_BACK: Step(frozenset({_S.TO_SIGN}), None, SIGNING, words_required=True),
    FindingVerb.APPEAL: Step(frozenset({_S.JUSTIFIED}), _S.APPEALED, OPERATOR, words_required=True),
    FindingVerb.UPHOLD: Step(frozenset({_S.APPEALED}), _S.UPHELD, DECIDING, words_required=True),
    FindingVerb.REVERSE: Step(frozenset({_S.APPEALED}), _S.REVERSED, DECIDING, words_required=True),
    FindingVerb.WAIVE: Step(frozenset({_S.JUSTIFIED, _S.UPHELD}), _S.WAIVED, DECIDING, words_required=True),
}
# What ends money that is owed always needs two people, whatever the contract's thresholds say (threat T3).
ALWAYS_TWO = frozenset({FindingVerb.REVERSE, FindingVerb.WAIVE})


class ProcedureError(Refusal):
    """A move that the procedure refuses."""

    code = "conflict"
    message = _("This cannot be done.")


class StepNotAllowed(ProcedureError):
    code = "step_not_allowed"
    message = _("This cannot be done in the finding's present state.")


class PersonNotAllowed(ProcedureError):
    code = "person_not_allowed"
    message = _("Your role does not allow this.")


class WordsRequired(ProcedureError):
    code = "words_required"
    message = _("Please give your reasons.")
    field = "words"


class SamePerson(ProcedureError):
    code = "same_person"
    message = _("A second person must sign: not the one who decided.")


def check_step(verb: FindingVerb, state: str, *, actors: frozenset[str], words: str, silence: str) -> Step:
    """The step that `verb` makes from `state`; `actors` are all hats that the acting person wears for this finding.

    An operator that let its time pass may still contest only where the contract counts silence as a contest.
    Raises PersonNotAllowed, StepNotAllowed or WordsRequired.
    """
    step = STEPS[verb]
    if not step.actors & actors:
        raise PersonNotAllowed
    if state not in step.sources or (verb == FindingVerb.CONTEST and too_late(state, silence)):
        raise StepNotAllowed
    if step.words_required and not words.strip():
        raise WordsRequired
    return step


def too_late(state: str, silence: str) -> bool:
    """The time to answer has passed, and the contract takes silence for acceptance."""
    return state == FindingState.LAPSED and silence == Silence.ACCEPTS


def verbs_for(state: str, *, actors: frozenset[str], silence: str) -> list[FindingVerb]:
    """The verbs that a person wearing these hats may use now, in the table's order (buttons on pages)."""
    return [
        verb
        for verb, step in STEPS.items()
        if state in step.sources
        and step.actors & actors
        and not (verb == FindingVerb.CONTEST and too_late(state, silence))
    ]
