"""Who someone is and what they may see: a user, and memberships (role + scope)."""

from collections.abc import Iterable, Iterator

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from catalogue.models import Jurisdiction, Unit


class Role(models.TextChoices):
    CLERK = "clerk", pgettext_lazy("role", "Clerk")
    UNIT_MANAGER = "unit_manager", pgettext_lazy("role", "Unit manager")
    TRIAGE_OFFICER = "triage_officer", pgettext_lazy("role", "Triage officer")
    CREW_MEMBER = "crew_member", pgettext_lazy("role", "Crew member")
    OPERATOR_USER = "operator_user", pgettext_lazy("role", "Operator user")
    CONTRACT_MANAGER = "contract_manager", pgettext_lazy("role", "Contract manager")
    TREASURY_OFFICER = "treasury_officer", pgettext_lazy("role", "Treasury officer")
    MODERATOR = "moderator", pgettext_lazy("role", "Moderator")
    OFFICE = "office", pgettext_lazy("role", "Mayor's office")
    ADMINISTRATOR = "administrator", pgettext_lazy("role", "Administrator")
    API_CLIENT = "api_client", pgettext_lazy("role", "API client")


# Roles that act for one unit; the others act for the whole jurisdiction.
UNIT_ROLES = frozenset({Role.CLERK, Role.UNIT_MANAGER, Role.CREW_MEMBER, Role.OPERATOR_USER})


class User(AbstractUser):
    """A member of staff (citizens need no account). `session_version` rises when rights change: all sessions end."""

    session_version = models.PositiveIntegerField(default=0)
    # How this person likes pages to look, by page: {"desk": {"columns": […]}}. Nothing that decides anything.
    preferences = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("thing", "member of staff")
        verbose_name_plural = pgettext_lazy("thing", "members of staff")

    def get_session_auth_hash(self) -> str:
        return f"{super().get_session_auth_hash()}:{self.session_version}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under older secret keys, so that changing the key signs nobody out."""
        for old in super().get_session_auth_fallback_hash():
            yield f"{old}:{self.session_version}"

    def administered_city_ids(self) -> list[int] | None:
        """The jurisdictions this person administers; None is all of them (a superuser)."""
        if self.is_superuser:
            return None
        return [m.jurisdiction_id for m in self.memberships.all() if m.role == Role.ADMINISTRATOR]

    def in_her_order(self, cities: Iterable[Jurisdiction]) -> list[Jurisdiction]:
        """`cities`, those where this person works first, in the order in which she got her roles."""
        own = list(dict.fromkeys(m.jurisdiction_id for m in sorted(self.memberships.all(), key=lambda m: m.pk)))
        return sorted(cities, key=lambda city: own.index(city.pk) if city.pk in own else len(own))

    def administers(self, jurisdiction_id: int) -> bool:
        ids = self.administered_city_ids()
        return ids is None or jurisdiction_id in ids

    @property
    def has_admin(self) -> bool:
        """True for who may open the administration pages."""
        return self.is_active and self.administered_city_ids() != []


class Membership(models.Model):
    """A role and its scope: a jurisdiction and, where the role acts for one, a unit or a district."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    district_code = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("thing", "role")
        verbose_name_plural = pgettext_lazy("thing", "roles")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "jurisdiction", "unit", "district_code"],
                name="membership_unique",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=~Q(role__in=sorted(UNIT_ROLES)) | Q(unit__isnull=False), name="unit_roles_name_a_unit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.role}"


class QuotaWindow(models.Model):
    """How often one client used one thing in one window of time; counted atomically by one upsert (see quotas.py)."""

    key = models.CharField(max_length=160)
    window_start = models.DateTimeField()
    used = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window_start"], name="quota_window_unique")]
        # The nightly sweep deletes windows that have passed.
        indexes = [models.Index(fields=["window_start"], name="quota_window_start")]

    def __str__(self) -> str:
        return f"{self.key} {self.used}"
