"""Giving and taking roles. Either ends every session of the person: new rights begin with a new sign-in."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from accounts.models import UNIT_ROLES, Membership, Role, User
from catalogue.models import Jurisdiction, Unit


class ScopeInvalid(ValueError):
    """The role needs a unit and got none, or a unit or district of another city."""


@transaction.atomic
def grant_role(
    user: User,
    role: Role,
    jurisdiction: Jurisdiction,
    *,
    acting_user: User | None,
    unit: Unit | None = None,
    district_code: str = "",
) -> Membership:
    """Give `user` a role; the membership she has already is returned, and then no session ends.

    `acting_user` None is a command on the server. Raises ScopeInvalid, or PermissionDenied unless `acting_user`
    administers the city.
    """
    _require_administrator(acting_user, jurisdiction.pk)
    if (role in UNIT_ROLES and unit is None) or (unit is not None and unit.jurisdiction_id != jurisdiction.pk):
        raise ScopeInvalid(role)
    membership, created = Membership.objects.get_or_create(
        user=user, role=role, jurisdiction=jurisdiction, unit=unit, district_code=district_code
    )
    if created:
        end_sessions(user)
    return membership


@transaction.atomic
def revoke_role(membership: Membership, *, acting_user: User | None) -> None:
    """Take a role away. Raises PermissionDenied unless `acting_user` (None: a command) administers the city."""
    _require_administrator(acting_user, membership.jurisdiction_id)
    membership.delete()
    end_sessions(membership.user)


def end_sessions(user: User) -> None:
    """Sign the person out everywhere: a session is valid for one `session_version` only."""
    User.objects.filter(pk=user.pk).update(session_version=F("session_version") + 1)
    user.refresh_from_db(fields=["session_version"])


def _require_administrator(acting_user: User | None, jurisdiction_id: int) -> None:
    if acting_user is not None and not acting_user.administers(jurisdiction_id):
        raise PermissionDenied
