"""Whose complaints: what one person's memberships let her see in one city, and what of it she may read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q

from accounts.models import Membership, Role, User
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.permissions import KNOWING_PLACES, MODERATING
from complaints.querysets import ComplaintQuerySet, scope_of

# Who reads the words of the complaints that she may open, released or not.
READING = MODERATING | {Role.CREW_MEMBER}


@dataclass(frozen=True)
class Scope:
    """One member of staff in one of her cities."""

    user: User
    city: Jurisdiction

    @cached_property
    def memberships(self) -> Sequence[Membership]:
        return [m for m in self.user.memberships.all() if m.jurisdiction_id == self.city.pk]

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(m.role for m in self.memberships)

    @cached_property
    def knows_places(self) -> bool:
        """False for who sees no exact place (the mayor's office): she gets what the public gets."""
        return any(m.role in KNOWING_PLACES for m in self.memberships)

    def complaints(self) -> ComplaintQuerySet:
        """All that she may open in this city."""
        found: ComplaintQuerySet = Complaint.objects.filter(self.of(Role))
        return found

    def readable(self) -> Q:
        """Where she may read words that nobody has released."""
        passed_on = self.of({Role.OPERATOR_USER}) & Q(passed_to_operator=True)
        return self.of(READING) | passed_on

    def always(self, roles: Iterable[str]) -> bool:
        """True if `of(roles)` are all complaints that she may open: conditions about it need not be asked."""
        wanted = frozenset(roles)
        return all(m.role in wanted for m in self.memberships)

    def of(self, roles: Iterable[str]) -> Q:
        """The complaints of her memberships with one of `roles`."""
        wanted = frozenset(roles)
        found = Q(pk__in=[])
        for membership in self.memberships:
            if membership.role in wanted:
                found |= scope_of(membership)
        return found
