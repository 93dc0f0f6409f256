"""Administration of accounts: an administrator makes people and gives them roles in her own cities."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Role, User
from accounts.services import ScopeInvalid, end_sessions, grant_role, revoke_role
from catalogue.access import city_ids
from catalogue.models import Jurisdiction, Unit

# Rights come from memberships; Django's groups have no meaning here.
admin.site.unregister(Group)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    """Roles are given and taken, never edited: what somebody could do when is then plain."""

    model = Membership
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        ids = city_ids(request)
        rows = super().get_queryset(request)
        return rows if ids is None else rows.filter(jurisdiction__in=ids)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        ids = city_ids(request)
        if ids is not None and db_field.name == "jurisdiction":
            kwargs["queryset"] = Jurisdiction.objects.filter(pk__in=ids)
        elif ids is not None and db_field.name == "unit":
            kwargs["queryset"] = Unit.objects.filter(jurisdiction__in=ids)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return city_ids(request) != []

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return city_ids(request) != []

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return city_ids(request) != []

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class StaffAdmin(UserAdmin):  # type: ignore[type-arg]
    """People of the administrator's own cities, and those without any role yet; superusers only to superusers."""

    list_display = ("username", "first_name", "last_name", "email", "is_active", "last_login")
    list_filter = ("is_active", "memberships__role")
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "is_active")}),
    )
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        ids = city_ids(request)
        rows = super().get_queryset(request)
        if ids is None:
            return rows
        # Somebody who also works in another city is that city's to change as well; so a superuser has to.
        elsewhere = Membership.objects.exclude(jurisdiction__in=ids).values("user")
        own = Q(memberships__jurisdiction__in=ids) | Q(memberships=None)
        return rows.filter(own, is_superuser=False).exclude(pk__in=elsewhere).distinct()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return city_ids(request) != []

    def has_add_permission(self, request: HttpRequest) -> bool:
        return city_ids(request) != []

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self._is_own(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self._is_own(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Accounts are switched off: the history names who did what."""
        return False

    def _is_own(self, request: HttpRequest, obj: User | None) -> bool:
        if obj is None:
            return city_ids(request) != []
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        """A person first, her roles on the page that follows."""
        return self.inlines if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            end_sessions(obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Roles go through the services, which end the person's sessions."""
        assert isinstance(request.user, User)
        formset.save(commit=False)
        for membership in formset.deleted_objects:
            revoke_role(membership, acting_user=request.user)
        for membership in formset.new_objects:
            try:
                grant_role(
                    membership.user,
                    Role(membership.role),
                    membership.jurisdiction,
                    acting_user=request.user,
                    unit=membership.unit,
                    district_code=membership.district_code,
                )
            except ScopeInvalid:
                told = _("This role needs a unit of its own city; it was not given.")
                self.message_user(request, told, messages.ERROR)
