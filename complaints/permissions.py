"""Who may do what to a complaint. Rows are the querysets' business (`visible_to`); this is about verbs.

A person wears hats: the roles of her memberships whose scope covers the complaint. Every rule asks for a hat.
"""

from accounts.models import Membership, Role, User
from catalogue.models import Unit
from complaints.models import Complaint
from complaints.workflow import REPORTER, ActorNotAllowed, State, Verb, verbs_for

DESK = frozenset({Role.CLERK, Role.UNIT_MANAGER, Role.TRIAGE_OFFICER, Role.ADMINISTRATOR})
ANSWERING = DESK | {Role.OPERATOR_USER}
WORKING = ANSWERING | {Role.CREW_MEMBER}
MODERATING = DESK | {Role.MODERATOR}
# Where exactly it is; others (the mayor's office) know what the public knows.
KNOWING_PLACES = WORKING | {Role.MODERATOR}
# Who is shown the rules themselves: areas, priorities, hours.
READING_RULES = frozenset({Role.ADMINISTRATOR, Role.TRIAGE_OFFICER})


def hats(user: User | None, complaint: Complaint) -> frozenset[str]:
    """The roles a person wears for this complaint; None is the reporter, who came by her secret link."""
    if user is None:
        return frozenset({REPORTER})
    return frozenset(m.role for m in user.memberships.all() if _covers(m, user, complaint))


def _covers(membership: Membership, user: User, complaint: Complaint) -> bool:
    if membership.jurisdiction_id != complaint.jurisdiction_id:
        return False
    if membership.district_code and not _in_district(complaint, membership.district_code):
        return False
    if membership.role == Role.CREW_MEMBER:
        return membership.unit_id == complaint.unit_id and complaint.assigned_to_id == user.pk
    return membership.unit_id is None or membership.unit_id == complaint.unit_id


def _in_district(complaint: Complaint, code: str) -> bool:
    district = complaint.district
    return district is not None and code in (district.code, district.parent_code)


def can_move(user: User, complaint: Complaint) -> list[Verb]:
    """The verbs of the workflow that this person may use on it now; none on what is merged into another one."""
    if complaint.merged_into_id is not None:
        return []
    return verbs_for(complaint.state, hats(user, complaint))


def can_answer(user: User, complaint: Complaint) -> bool:
    """Tell the reporter and the public something. A withdrawn complaint has nobody left to tell."""
    told = complaint.state != State.WITHDRAWN and _acts_for_itself(complaint)
    return told and bool(ANSWERING & hats(user, complaint))


def can_note(user: User, complaint: Complaint) -> bool:
    return bool((WORKING | MODERATING) & hats(user, complaint))


def can_hand_over(user: User, complaint: Complaint) -> bool:
    """Give it to another unit, or to another category (which routes it again)."""
    return bool(DESK & hats(user, complaint)) and complaint.is_open and _acts_for_itself(complaint)


def can_assign(user: User, complaint: Complaint) -> bool:
    return bool(ANSWERING & hats(user, complaint)) and complaint.is_open and _acts_for_itself(complaint)


def can_add_photos(user: User, complaint: Complaint) -> bool:
    """Photos before and after the work."""
    return bool(WORKING & hats(user, complaint)) and complaint.is_open and _acts_for_itself(complaint)


def can_pass_to_operator(user: User, complaint: Complaint) -> bool:
    """Let the operator that answers see text and photos that no moderator has released."""
    is_operators = complaint.unit.kind == Unit.Kind.OPERATOR and _acts_for_itself(complaint)
    return is_operators and not complaint.passed_to_operator and bool(DESK & hats(user, complaint))


def can_merge(user: User, complaint: Complaint) -> bool:
    """Say that it is about the same thing as another one. Operators may not: what is merged loses its own clock."""
    return bool(DESK & hats(user, complaint)) and complaint.is_open and _acts_for_itself(complaint)


def can_split(user: User, complaint: Complaint) -> bool:
    """File a part of it as a complaint of its own, in the reporter's name."""
    return bool(DESK & hats(user, complaint)) and complaint.is_open and _acts_for_itself(complaint)


def can_separate(user: User, complaint: Complaint) -> bool:
    return bool(DESK & hats(user, complaint)) and not _acts_for_itself(complaint)


def _acts_for_itself(complaint: Complaint) -> bool:
    return complaint.merged_into_id is None


def can_moderate(user: User, complaint: Complaint) -> bool:
    """Release or withhold its text and photos; hide it from the public."""
    return bool(MODERATING & hats(user, complaint))


def require(allowed: bool) -> None:
    """Raises ActorNotAllowed unless `allowed`."""
    if not allowed:
        raise ActorNotAllowed
