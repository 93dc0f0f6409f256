"""Administration of a city's catalogue: each administrator sees and edits her own cities only."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalogue.access import city_ids
from catalogue.duration_field import DurationField
from catalogue.durations import duration_in_words
from catalogue.models import Body, Calendar, Category, Closure, Jurisdiction, Question, Rung, Schedule, Service, Unit
from catalogue.reach_field import ReachField
from catalogue.rows_field import NamedRowsField
from catalogue.schedules import parse_schedule
from catalogue.seasons_field import SeasonsField, seasons_in_words
from catalogue.translated import TranslatedTextField
from catalogue.week_field import WeekField, week_in_words
from catalogue.working_time import parse_week


class TranslatedWidget(forms.MultiWidget):
    """One input per language of the site."""

    def __init__(self, *, long: bool = False) -> None:
        self.codes = [code for code, _name in settings.LANGUAGES]
        kind = forms.Textarea if long else forms.TextInput
        attrs = {"rows": 3, "dir": "auto"} if long else {"size": 60, "dir": "auto"}
        named = {
            code: attrs | {"lang": code, "aria-label": name, "placeholder": name} for code, name in settings.LANGUAGES
        }
        super().__init__({code: kind(attrs=named[code]) for code in self.codes})

    def decompress(self, value: Any) -> list[str]:
        texts = value if isinstance(value, dict) else {}
        return [texts.get(code, "") for code in self.codes]


class TranslatedFormField(forms.MultiValueField):
    """A text in the site's languages as a {code: text} object. Texts in further languages are kept by the form."""

    def __init__(self, *, long: bool = False, required: bool = True, **options: Any) -> None:
        fields = [forms.CharField(required=False) for _code in settings.LANGUAGES]
        options = {key: options[key] for key in ("label", "help_text") if key in options}
        super().__init__(
            fields, widget=TranslatedWidget(long=long), required=required, require_all_fields=False, **options
        )

    def compress(self, data_list: list[str]) -> dict[str, str]:
        codes = (code for code, _name in settings.LANGUAGES)
        return {code: text for code, text in zip(codes, data_list or [], strict=False) if text}


_CHECKS: dict[str, Callable[[Any], object]] = {
    "week": parse_week,
    "ramadan": parse_week,
}


class CatalogueForm(forms.ModelForm):  # type: ignore[type-arg]
    """Keeps texts in languages that the page does not show, and refuses what the services could not read."""

    checks: Mapping[str, Callable[[Any], object]] = _CHECKS

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        shown = {code for code, _name in settings.LANGUAGES}
        for field in self.instance._meta.fields:
            if isinstance(field, TranslatedTextField) and field.name in cleaned:
                old = getattr(self.instance, field.name) or {}
                cleaned[field.name] = {k: v for k, v in old.items() if k not in shown} | cleaned[field.name]
        for name, shown_field in self.fields.items():
            if isinstance(shown_field, NamedRowsField) and name in cleaned:
                cleaned[name] = shown_field.keeping(cleaned[name], getattr(self.instance, name) or ())
        for name, check in self.checks.items():
            if cleaned.get(name):
                try:
                    check(cleaned[name])
                except (ValueError, TypeError, AttributeError) as fault:
                    self.add_error(name, ValidationError(str(fault)))
        return cleaned


class CityAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows of the administrator's own cities. `city_path` leads from the row to its jurisdiction."""

    form = CatalogueForm
    city_path = "jurisdiction"
    deletable = False
    long_texts: tuple[str, ...] = ("help", "consent_text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        ids = city_ids(request)
        rows = super().get_queryset(request)
        return rows if ids is None else rows.filter(**{f"{self.city_path}__in": ids})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return city_ids(request) != []

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._is_own(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._is_own(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return city_ids(request) != []

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.deletable and self._is_own(request, obj)

    def _is_own(self, request: HttpRequest, obj: Model | None) -> bool:
        ids = city_ids(request)
        if ids is None or obj is None:
            return ids != []
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the rows of her own cities only."""
        ids = city_ids(request)
        related = db_field.remote_field.model
        if ids is not None and "queryset" not in kwargs:
            path = "pk" if related is Jurisdiction else _PATHS.get(related)
            if path is not None:
                kwargs["queryset"] = related._default_manager.filter(**{f"{path}__in": ids})
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, TranslatedTextField):
            return TranslatedFormField(
                label=capfirst(db_field.verbose_name),
                required=not db_field.blank,
                long=db_field.name in self.long_texts,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)


_PATHS: dict[type[Model], str] = {
    Unit: "jurisdiction",
    Schedule: "jurisdiction",
    Calendar: "jurisdiction",
    Service: "jurisdiction",
    Category: "jurisdiction",
}


@admin.display(description=pgettext_lazy("field", "phone"))
def shown_phone(row: Unit | Body) -> SafeString:
    """A number is read from the left in Arabic lines too."""
    return format_html('<bdi dir="ltr">{}</bdi>', row.phone or "–")


@admin.register(Jurisdiction)
class JurisdictionAdmin(CityAdmin):
    city_path = "pk"
    list_display = ("__str__", "code", "country", "time_zone")
    readonly_fields = ("code", "tracking_prefix", "languages", "time_zone", "shown_bounds")
    exclude = ("bounds",)

    @admin.display(description=pgettext_lazy("field", "first view of the map"))
    def shown_bounds(self, row: Jurisdiction) -> SafeString:
        """Numbers with a sign are read from the left in Arabic, too."""
        return format_html('<bdi dir="ltr">{}</bdi>', ", ".join(map(str, row.bounds)))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "emergency":
            digits = RegexValidator(r"^\+?[0-9 ]{1,20}$", _("A phone number is written in digits."))
            return NamedRowsField(
                "number", _("Number"), form=digits, label=capfirst(db_field.verbose_name), required=False
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A city comes with `load_city`."""
        return False


@admin.register(Calendar)
class CalendarAdmin(CityAdmin):
    list_display = ("__str__", "code", "jurisdiction")
    deletable = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("week", "ramadan"):
            return WeekField(label=capfirst(db_field.verbose_name), required=not db_field.blank)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class ScheduleForm(CatalogueForm):
    """Each field has looked at its own hours and days; here one of the two must be there."""

    checks = {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and not cleaned.get("week") and not cleaned.get("seasons"):
            self.add_error(
                "week", ValidationError(_("Give hours, seasons, or both: without any it restricts nothing."))
            )
        return cleaned


@admin.register(Schedule)
class ScheduleAdmin(CityAdmin):
    form = ScheduleForm
    list_display = ("__str__", "code", "hours", "days", "jurisdiction")
    deletable = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "week":
            told = _("Hours of each day, such as 20:00-06:00; they may cross midnight. No hours at all: day and night.")
            return WeekField(
                read=lambda week: parse_schedule(week, ()),
                label=capfirst(db_field.verbose_name),
                required=False,
                help_text=told,
            )
        if db_field.name == "seasons":
            return SeasonsField(label=capfirst(db_field.verbose_name), required=False)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=pgettext_lazy("field", "opening hours by day"))
    def hours(self, row: Schedule) -> str:
        return week_in_words(row.week)

    @admin.display(description=pgettext_lazy("field", "seasons"))
    def days(self, row: Schedule) -> str:
        return seasons_in_words(row.seasons)


@admin.register(Closure)
class ClosureAdmin(CityAdmin):
    list_display = ("__str__", "kind", "jurisdiction", "first_day", "last_day")
    list_filter = ("kind",)
    deletable = True


@admin.register(Unit)
class UnitAdmin(CityAdmin):
    list_display = ("__str__", "code", "kind", "calendar", "email", shown_phone)
    list_filter = ("kind",)
    search_fields = ("code", "name", "email")


@admin.register(Body)
class BodyAdmin(CityAdmin):
    list_display = ("__str__", "code", "email", shown_phone, "website", "is_active")
    search_fields = ("code", "name", "email")


class CityInline(admin.StackedInline):  # type: ignore[type-arg]
    """Rows that belong to a row of the administrator's own city."""

    form = CatalogueForm
    extra = 0

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, TranslatedTextField):
            return TranslatedFormField(label=capfirst(_("label")), required=not db_field.blank)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return city_ids(request) != []

    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return city_ids(request) != []


class RungInline(CityInline):
    model = Rung
    ordering = ("order", "code")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "at":
            return ReachField(label=capfirst(db_field.verbose_name))
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Service)
class ServiceAdmin(CityAdmin):
    list_display = ("__str__", "code", "order", "default_unit", "is_active")
    list_filter = ("is_active",)
    inlines = (RungInline,)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "colour":
            kwargs["widget"] = forms.TextInput(attrs={"type": "color"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)


_QUESTION_KINDS = (
    (Question.Kind.TEXT, pgettext_lazy("question", "a text")),
    (Question.Kind.NUMBER, pgettext_lazy("question", "a number")),
    (Question.Kind.DATE, pgettext_lazy("question", "a date")),
    (Question.Kind.CHOICE, pgettext_lazy("question", "one of several choices")),
    (Question.Kind.MULTICHOICE, pgettext_lazy("question", "any of several choices")),
)


class QuestionInline(CityInline):
    model = Question

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "choices":
            code = RegexValidator(r"^[a-z0-9-]+$", _("Codes use a-z, 0-9 and hyphens."))
            label = pgettext_lazy("field", "code")
            return NamedRowsField("code", label, form=code, label=capfirst(db_field.verbose_name), required=False)
        if db_field.name == "kind":
            kwargs["choices"] = _QUESTION_KINDS
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Category)
class CategoryAdmin(CityAdmin):
    list_display = (
        "__str__",
        "code",
        "service",
        "first_answer",
        "resolution",
        "publication",
        "urgent",
        "is_active",
    )
    list_filter = ("is_active", "urgent", "publication", "service")
    search_fields = ("code", "name", "keywords")
    readonly_fields = ("policy_version",)
    inlines = (QuestionInline,)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in ("answer_within", "resolve_within"):
            return DurationField(label=capfirst(db_field.verbose_name))
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=pgettext_lazy("field", "first answer within"))
    def first_answer(self, row: Category) -> str:
        return duration_in_words(row.answer_within)

    @admin.display(description=pgettext_lazy("field", "resolution within"))
    def resolution(self, row: Category) -> str:
        return duration_in_words(row.resolve_within)

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        """New deadlines are a new policy: promises made before keep the version they were made under."""
        if change and {"answer_within", "resolve_within"} & set(form.changed_data):
            obj.policy_version += 1
        super().save_model(request, obj, form, change)
