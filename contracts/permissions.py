"""Who may do what about contracts and findings. Rows are the querysets' business (`visible_to`); this is about verbs."""

from accounts.models import Role, User
from catalogue.models import Unit
from complaints.models import Complaint
from contracts.models import Contract, Finding
from contracts.procedure import LINK, OPENING, FindingVerb, PersonNotAllowed, verbs_for

# Month's figures that caps and indexes refer to; statements and orders; money that came in.
ENTERING = frozenset({Role.CONTRACT_MANAGER})
ISSUING = frozenset({Role.CONTRACT_MANAGER, Role.TREASURY_OFFICER})
CASHING = frozenset({Role.TREASURY_OFFICER})
CITY_SIDE = frozenset({Role.CONTRACT_MANAGER, Role.TREASURY_OFFICER, Role.TRIAGE_OFFICER, Role.ADMINISTRATOR})


# What a second person does with a decision: never the one who made it.
_SECOND = frozenset({FindingVerb.SIGN, FindingVerb.SEND_BACK})


def hats(user: User | None, contract: Contract) -> frozenset[str]:
    """The roles a person wears for a contract; None came by the operator's single-case link.

    Who works for the operator wears that hat alone, whatever else she is: nobody sits on both sides.
    """
    if user is None:
        return frozenset({LINK})
    worn = frozenset(
        membership.role
        for membership in user.memberships.all()
        if membership.jurisdiction_id == contract.jurisdiction_id
        and membership.unit_id in (None, contract.unit_id)
        and (membership.role in CITY_SIDE or membership.role == Role.OPERATOR_USER)
    )
    return frozenset({Role.OPERATOR_USER.value}) if Role.OPERATOR_USER in worn else worn


def city_hats(user: User, jurisdiction_id: int) -> frozenset[str]:
    """The roles on the city's side that a person wears in a city, whichever contract it is about."""
    return frozenset(
        membership.role
        for membership in user.memberships.all()
        if membership.jurisdiction_id == jurisdiction_id and membership.role in CITY_SIDE
    )


def verbs_of(user: User | None, finding: Finding) -> list[FindingVerb]:
    """What this person may do about a finding now (buttons)."""
    allowed = verbs_for(finding.state, actors=hats(user, finding.contract), silence=finding.version.silence)
    return [verb for verb in allowed if verb not in _SECOND or _may_sign(user, finding)]


def can_open(user: User, complaint: Complaint) -> bool:
    """Allege a breach by the operator that answers for a complaint. Its own people never do."""
    if complaint.unit.kind != Unit.Kind.OPERATOR:
        return False
    own = any(m.role == Role.OPERATOR_USER and m.unit_id == complaint.unit_id for m in user.memberships.all())
    return not own and bool(OPENING & city_hats(user, complaint.jurisdiction_id))


def acting_role(allowed: frozenset[str], worn: frozenset[str]) -> str:
    """The hat under which something is signed: the first, by name, that allows it. Raises PersonNotAllowed."""
    fitting = sorted(allowed & worn)
    if not fitting:
        raise PersonNotAllowed
    return fitting[0]


def require(allowed: frozenset[Role], user: User, jurisdiction_id: int) -> str:
    """The role that allows it, in a city. Raises PersonNotAllowed."""
    return acting_role(frozenset(allowed), city_hats(user, jurisdiction_id))


def _may_sign(user: User | None, finding: Finding) -> bool:
    pending = finding.decisions.filter(signature=None, needs_second=True).last()
    return pending is not None and user is not None and pending.decided_by_id != user.pk
