"""Reads of contracts and findings. Every page, file and API starts from `visible_to(user)`."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.models import Membership, Role, User
from contracts.procedure import FINAL, FindingState

if TYPE_CHECKING:
    from contracts.models import Contract, Finding  # noqa: F401 (the classes below name them in strings)

# Roles that see every contract of their city: its findings, money and statements.
TREASURY_ROLES = frozenset({Role.CONTRACT_MANAGER, Role.TREASURY_OFFICER, Role.ADMINISTRATOR})
# Roles that see every finding of their city, and no money.
FINDING_ROLES = TREASURY_ROLES | {Role.TRIAGE_OFFICER}


class ContractQuerySet(models.QuerySet["Contract"]):
    def visible_to(self, user: User) -> "ContractQuerySet":
        """The contracts whose money a person may see: the treasury's people their city's, an operator its own."""
        allowed = Q(pk__in=[])
        for membership in user.memberships.all():
            allowed |= _scope(membership, TREASURY_ROLES, prefix="")
        return self.filter(allowed)


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, user: User) -> "FindingQuerySet":
        """The findings that a person may open. An operator sees those against itself, whoever answers the complaint now."""
        allowed = Q(pk__in=[])
        for membership in user.memberships.all():
            allowed |= _scope(membership, FINDING_ROLES, prefix="contract__")
        return self.filter(allowed)

    def running(self) -> "FindingQuerySet":
        """Somebody is still to act."""
        return self.exclude(state__in=[*FINAL, FindingState.JUSTIFIED])


def _scope(membership: Membership, roles: frozenset[Role], *, prefix: str) -> Q:
    if membership.role in roles:
        return Q(**{f"{prefix}jurisdiction_id": membership.jurisdiction_id})
    if membership.role == Role.OPERATOR_USER:
        return Q(**{f"{prefix}unit_id": membership.unit_id})
    return Q(pk__in=[])
