"""What if another unit answered in an area? Tried on former complaints first, put in force by who looked at the answer."""

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

from accounts.access import staff_page
from accounts.models import User
from catalogue.models import Jurisdiction, Schedule, Unit
from catalogue.pages import city_page
from catalogue.translated import text_in
from complaints.models import Simulation
from complaints.rule_changes import AreaGone, RuleChange, apply_change, change_of, current_rule
from complaints.services.routing_jobs import request_rerouting, request_trial
from complaints.views.rules.simulation import ADMINISTRATORS, MonthsForm, result_of
from complaints.views.staff import cities_of, city_of, staff_user
from districts.models import ServiceArea
from queueing.models import QueueState

_Choices = list[tuple[str, str]]
_RULE = ("unit", "priority", "schedule", "fallback_unit")


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


@staff_page(ADMINISTRATORS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def what_if(request: HttpRequest) -> HttpResponse:
    """An area is chosen, then its rule; POST asks the worker what that would move."""
    city = city_of(request, ADMINISTRATORS)
    areas = _areas(city)
    chosen = request.GET.get("area", "")
    area = next((one for one in areas if str(one.pk) == chosen), None)
    form = RuleForm(city, area, request.POST if request.method == "POST" else None) if area else None
    if request.method == "POST" and form is not None and form.is_valid():
        name = request.user.get_username()[:150]
        months = form.cleaned_data["months"]
        row = request_trial(city, form.change, months=months, requested_by=name, now=timezone.now())
        return redirect("what_if_result", row.pk)
    context = {
        "areas": _by_service(areas),
        "area": area,
        "form": form,
        "cities": cities_of(staff_user(request), ADMINISTRATORS),
    }
    status = 400 if form is not None and form.errors else 200
    return city_page(request, city, "complaints/rules/what_if.html", context, status=status)


@staff_page(ADMINISTRATORS)
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
    area = next((one for one in _areas(city) if one.pk == change.area_id), None)
    if request.method == "POST":
        return _put_in_force(user, city, change, reroute=bool(request.POST.get("reroute_open")))
    waiting = row.queue_state == QueueState.DUE
    context: dict[str, Any] = {
        "last": row,
        "area": area,
        "waiting": waiting,
        "failed": row.queue_state == QueueState.FAILED,
        "rules": _rules(city, current_rule(area), change) if area else [],
        "is_in_force": area is not None and current_rule(area) == change,
    }
    if row.queue_state == QueueState.DONE:
        context |= result_of(row, city)
    response = city_page(request, city, "complaints/rules/what_if_result.html", context)
    if waiting:
        response["Refresh"] = "2"
    return response


def _put_in_force(user: User, city: Jurisdiction, change: RuleChange, *, reroute: bool) -> HttpResponse:
    try:
        with transaction.atomic():
            area = apply_change(city, change)
            LogEntry.objects.create(
                user=user,
                content_type=ContentType.objects.get_for_model(area),
                object_id=str(area.pk),
                object_repr=str(area)[:200],
                action_flag=CHANGE,
                change_message=f"{change.unit}, {change.priority}, {change.schedule}, {change.fallback_unit}",
            )
            if reroute:
                request_rerouting(city, requested_by=user.get_username()[:150], now=timezone.now())
    except AreaGone:
        raise Http404 from None
    return redirect(f"{reverse('rerouting')}?jurisdiction={city.code}")


def _areas(city: Jurisdiction) -> list[ServiceArea]:
    """Those in force. One statement."""
    rows = ServiceArea.objects.filter(jurisdiction=city, edition__is_active=True).defer("geometry")
    return list(
        rows.select_related("service", "category", "unit", "schedule", "fallback_unit").order_by("service", "code")
    )


def _by_service(areas: list[ServiceArea]) -> list[tuple[str, _Choices]]:
    language, groups = get_language() or "fr", dict[str, _Choices]()
    for area in areas:
        label = f"{text_in(area.name, language)} · {text_in(area.unit.name, language)}"
        groups.setdefault(text_in(area.service.name, language), []).append((str(area.pk), label))
    return list(groups.items())


def _rules(city: Jurisdiction, now: RuleChange, then: RuleChange) -> list[tuple[str, str, str]]:
    """What differs: (what, today, then)."""
    units = dict(_named(Unit.objects.filter(jurisdiction=city)))
    schedules: Mapping[str, str] = {"": _("at any hour")} | dict(_named(Schedule.objects.filter(jurisdiction=city)))
    lines = [
        (_("Unit"), units.get(now.unit, now.unit), units.get(then.unit, then.unit)),
        (_("Priority"), str(now.priority), str(then.priority)),
        (_("Hours"), schedules.get(now.schedule, now.schedule), schedules.get(then.schedule, then.schedule)),
        (_("Unit for other hours"), units.get(now.fallback_unit, "—"), units.get(then.fallback_unit, "—")),
    ]
    return [line for line in lines if line[1] != line[2]]
