"""What if another unit answered, in an area or where none does? Tried on former complaints first, then put in force."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from catalogue.models import Jurisdiction, Schedule, Service, Unit
from catalogue.pages import city_page
from catalogue.translated import text_in
from complaints.models import Simulation
from complaints.rule_changes import (
    Change,
    DefaultChange,
    RuleChange,
    RuleGone,
    apply_change,
    as_data,
    change_of,
    current_rule,
)
from complaints.services.routing_jobs import request_rerouting, request_trial
from complaints.views.rules.cities import cities_of, city_of, rules_page
from complaints.views.rules.simulation import ADMINISTRATORS, MonthsForm, result_of
from complaints.views.staff import staff_user
from districts.models import ServiceArea
from queueing.models import QueueState

_Choices = list[tuple[str, str]]
# What a rule is about. Areas are chosen by their key, services (where no area answers) by this and their code.
_Subject = ServiceArea | Service
_WHERE_NO_AREA = "default:"
_RULE = ("unit", "priority", "schedule", "fallback_unit")


class DefaultForm(MonthsForm):
    """Who would answer for a service where no area does, and how far back to try it."""

    unit = forms.ChoiceField(label=gettext_lazy("Unit"), required=False)
    field_order = ("unit", "months")

    def __init__(self, city: Jurisdiction, service: Service, data: Any = None) -> None:
        super().__init__(data)
        self.service, self.now = service, current_rule(service)
        nobody = ("", _("nobody: the triage unit decides"))
        self.fields["unit"].choices = [nobody, *_named(Unit.objects.filter(jurisdiction=city))]  # type: ignore[attr-defined]
        self.initial["unit"] = self.now.unit

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and self.change == self.now:
            self.add_error(None, _("That is the rule in force: change something."))
        return given

    @property
    def change(self) -> DefaultChange:
        """What was typed; the form must be valid."""
        return DefaultChange(self.service.code, self.cleaned_data["unit"])


class RuleForm(MonthsForm):
    """The rule of an area as it would be, and how far back to try it."""

    unit = forms.ChoiceField(label=gettext_lazy("Unit"))
    priority = forms.IntegerField(
        label=gettext_lazy("Priority"),
        min_value=-(2**31),
        max_value=2**31 - 1,
        help_text=gettext_lazy("Of two areas that cover a place, the one with the higher number answers."),
    )
    schedule = forms.ChoiceField(label=gettext_lazy("Hours"), required=False)
    fallback_unit = forms.ChoiceField(label=gettext_lazy("Unit for other hours"), required=False)
    field_order = ("unit", "priority", "schedule", "fallback_unit", "months")

    def __init__(self, city: Jurisdiction, area: ServiceArea, data: Any = None) -> None:
        super().__init__(data)
        self.area, self.now = area, current_rule(area)
        units = _named(Unit.objects.filter(jurisdiction=city))
        offered = {
            "unit": units,
            "schedule": [("", _("at any hour")), *_named(Schedule.objects.filter(jurisdiction=city))],
            "fallback_unit": [("", "—"), *units],
        }
        for name, choices in offered.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        self.initial.update({name: getattr(self.now, name) for name in _RULE})

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("fallback_unit") and not given.get("schedule"):
            self.add_error("schedule", _("A fallback unit answers outside the hours of a schedule: choose one."))
        elif not self.errors and self.change == self.now:
            self.add_error(None, _("That is the rule in force: change something."))
        return given

    @property
    def change(self) -> RuleChange:
        """What was typed; the form must be valid."""
        return RuleChange(self.area.pk, **{name: self.cleaned_data[name] for name in _RULE})


def _named(rows: Any) -> _Choices:
    language = get_language() or "fr"
    return sorted(((row.code, text_in(row.name, language) or row.code) for row in rows), key=lambda pair: pair[1])


@rules_page(ADMINISTRATORS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def what_if(request: HttpRequest) -> HttpResponse:
    """What it is about is chosen, then its rule; POST asks the worker what that would move."""
    city = city_of(request, ADMINISTRATORS)
    subjects = _subjects(city)
    subject = subjects.get(request.GET.get("rule", ""))
    form = _form(city, subject, request.POST if request.method == "POST" else None) if subject else None
    if request.method == "POST" and form is not None and form.is_valid():
        name = request.user.get_username()[:150]
        months = form.cleaned_data["months"]
        row = request_trial(city, form.change, months=months, requested_by=name, now=timezone.now())
        return redirect("what_if_result", row.pk)
    context = {
        "groups": _by_service(subjects),
        "chosen": _key(subject) if subject else "",
        "name": _name_of(subject) if subject else "",
        "form": form,
        "cities": cities_of(staff_user(request), ADMINISTRATORS),
    }
    status = 400 if form is not None and form.errors else 200
    return city_page(request, city, "complaints/rules/what_if.html", context, status=status)


@rules_page(ADMINISTRATORS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def what_if_result(request: HttpRequest, pk: int) -> HttpResponse:
    """What the change would move; POST puts it in force, and has the open complaints routed again if that is wished."""
    user = staff_user(request)
    rows = Simulation.objects.select_related("jurisdiction").exclude(change={})
    row = rows.filter(pk=pk, jurisdiction__in=cities_of(user, ADMINISTRATORS)).first()
    change = change_of(row.change) if row else None
    if row is None or change is None:
        raise Http404
    city = row.jurisdiction
    subject = _subjects(city).get(_key_of(change))
    if request.method == "POST":
        return _put_in_force(user, city, change, reroute=bool(request.POST.get("reroute_open")))
    waiting = row.queue_state == QueueState.DUE
    context: dict[str, Any] = {
        "last": row,
        "chosen": _key(subject) if subject else "",
        "name": _name_of(subject) if subject else "",
        "waiting": waiting,
        "failed": row.queue_state == QueueState.FAILED,
        "rules": _differences(city, current_rule(subject), change) if subject else [],
        "is_in_force": subject is not None and current_rule(subject) == change,
    }
    if row.queue_state == QueueState.DONE:
        context |= result_of(row, city)
    response = city_page(request, city, "complaints/rules/what_if_result.html", context)
    if waiting:
        response["Refresh"] = "2"
    return response


def _put_in_force(user: User, city: Jurisdiction, change: Change, *, reroute: bool) -> HttpResponse:
    try:
        with transaction.atomic():
            changed = apply_change(city, change)
            LogEntry.objects.create(
                user=user,
                content_type=ContentType.objects.get_for_model(changed),
                object_id=str(changed.pk),
                object_repr=str(changed)[:200],
                action_flag=CHANGE,
                change_message=", ".join(f"{name}: {value}" for name, value in as_data(change).items()),
            )
            if reroute:
                request_rerouting(city, requested_by=user.get_username()[:150], now=timezone.now())
    except RuleGone:
        raise Http404 from None
    return redirect(f"{reverse('rerouting')}?jurisdiction={city.code}")


def _subjects(city: Jurisdiction) -> dict[str, _Subject]:
    """What rules are about now, by key, service by service: its areas in force, then the rest of the city. Two statements."""
    rows = ServiceArea.objects.filter(jurisdiction=city, edition__is_active=True).defer("geometry")
    areas = list(rows.select_related("service", "category", "unit", "schedule", "fallback_unit").order_by("code"))
    found: dict[str, _Subject] = {}
    for service in Service.objects.filter(jurisdiction=city, is_active=True).select_related("default_unit"):
        found |= {_key(area): area for area in areas if area.service_id == service.pk}
        found[_key(service)] = service
    return found


def _key(subject: _Subject) -> str:
    return f"{_WHERE_NO_AREA}{subject.code}" if isinstance(subject, Service) else str(subject.pk)


def _key_of(change: Change) -> str:
    return f"{_WHERE_NO_AREA}{change.service}" if isinstance(change, DefaultChange) else str(change.area_id)


def _name_of(subject: _Subject) -> str:
    name = text_in(subject.name, get_language() or "fr")
    return _("%(service)s: where no area answers") % {"service": name} if isinstance(subject, Service) else name


def _form(city: Jurisdiction, subject: _Subject, data: Any) -> RuleForm | DefaultForm:
    return DefaultForm(city, subject, data) if isinstance(subject, Service) else RuleForm(city, subject, data)


def _by_service(subjects: Mapping[str, _Subject]) -> list[tuple[str, _Choices]]:
    """Choices with the unit that answers today, in groups by service."""
    language, groups = get_language() or "fr", dict[str, _Choices]()
    for key, subject in subjects.items():
        if isinstance(subject, Service):
            service, what, unit = subject, _("Where no area answers"), subject.default_unit
        else:
            service, what, unit = subject.service, text_in(subject.name, language), subject.unit
        label = f"{what} · {text_in(unit.name, language) if unit else _('nobody: the triage unit decides')}"
        groups.setdefault(text_in(service.name, language), []).append((key, label))
    return list(groups.items())


def _differences(city: Jurisdiction, now: Change, then: Change) -> list[tuple[str, str, str]]:
    """(what, today, then)."""
    units = dict(_named(Unit.objects.filter(jurisdiction=city)))
    nobody = _("nobody: the triage unit decides")
    lines = [(_("Unit"), units.get(now.unit, now.unit) or nobody, units.get(then.unit, then.unit) or nobody)]
    if isinstance(now, RuleChange) and isinstance(then, RuleChange):
        schedules: Mapping[str, str] = {"": _("at any hour")} | dict(_named(Schedule.objects.filter(jurisdiction=city)))
        lines += [
            (_("Priority"), str(now.priority), str(then.priority)),
            (_("Hours"), schedules.get(now.schedule, now.schedule), schedules.get(then.schedule, then.schedule)),
            (_("Unit for other hours"), units.get(now.fallback_unit, "—"), units.get(then.fallback_unit, "—")),
        ]
    return [line for line in lines if line[1] != line[2]]
