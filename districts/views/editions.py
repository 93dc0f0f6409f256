"""One edition: where it comes from, what it changes on the map, and when it is in force."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from catalogue.pages import city_page
from catalogue.translated import text_in
from districts.editions import (
    EditionError,
    activate,
    cancel_planned,
    edition_before,
    plan_activation,
    roll_back,
)  # fmt: skip
from districts.forms import ActivationForm
from districts.importing.comparing import ensure_comparison
from districts.importing.words.facts import area_text
from districts.layers import layer_name, layer_names
from districts.models import (
    DISTRICTS_LAYER,
    BoundaryEdition,
    District,
    EditionActivation,
    EditionChange,
    EditionComparison,
    ServiceArea,
)  # fmt: skip
from districts.views.access import administrators_page, edition_of, name_of
from queueing.models import QueueState

_Kind = EditionChange.Kind
_ORDER = (_Kind.CHANGED, _Kind.ADDED, _Kind.REMOVED, _Kind.SAME)


@dataclass(frozen=True)
class ChangeShown:
    """One line of old against new; areas and populations as they are shown."""

    kind: str
    label: str
    code: str
    name: str
    before: str
    after: str
    moved: str
    residents_before: int | None
    residents_after: int | None
    # Who answers in a service area, and by which rule; empty for districts.
    answers_before: str
    answers_after: str


@dataclass(frozen=True)
class _Facts:
    """What an edition says of a code beside its shape."""

    name: dict[str, str]
    residents: int | None = None
    rule: tuple[str, ...] = ()

    @property
    def answers(self) -> str:
        return " · ".join(part for part in self.rule if part)


@administrators_page
@never_cache
@require_safe
def edition(request: HttpRequest, pk: int) -> HttpResponse:
    row = edition_of(request, pk)
    return _page(request, row, ActivationForm(row.jurisdiction))


def _page(request: HttpRequest, row: BoundaryEdition, form: ActivationForm, *, status: int = 200) -> HttpResponse:
    layer = BoundaryEdition.objects.filter(jurisdiction_id=row.jurisdiction_id, layer=row.layer)
    active = layer.filter(is_active=True).first()
    before = edition_before(row) if row.is_active else None
    against = before if row.is_active else active
    comparison = ensure_comparison(row, against, now=timezone.now()) if against is not None else None
    plans = EditionActivation.objects.filter(edition__in=layer, queue_state=QueueState.DUE)
    context: dict[str, Any] = {
        "now": timezone.now(),
        "edition": row,
        "layer": layer_name(row.layer, layer_names(row.jurisdiction)),
        "form": form,
        "against": against,
        "before": before,
        "comparing": comparison is not None and comparison.queue_state == QueueState.DUE,
        "comparison_failed": comparison is not None and comparison.queue_state == QueueState.FAILED,
        "planned": plans.select_related("edition").first(),
        "history": EditionActivation.objects.filter(edition__in=layer, done_at__isnull=False).select_related(
            "edition", "replaced"
        )[:20],
        "is_districts": row.layer == DISTRICTS_LAYER,
        **_totals(row),
    }
    if comparison is not None and comparison.queue_state == QueueState.DONE:
        context |= _changes(comparison)
    context["map_settings"] = {
        "url": reverse("boundary_edition_shapes", args=[row.pk]),
        "failed": _("The shapes could not be loaded. The table says the same."),
    }
    response = city_page(request, row.jurisdiction, "districts/edition.html", context, status=status)
    if context["comparing"]:
        response["Refresh"] = "3"
    return response


def _totals(row: BoundaryEdition) -> dict[str, Any]:
    if row.layer != DISTRICTS_LAYER:
        return {"feature_count": ServiceArea.objects.filter(edition=row).count(), "area": "", "residents": None}
    rows = District.objects.filter(edition=row)
    top = rows.filter(level=1).aggregate(area=Sum("area_m2"), residents=Sum("population"))
    return {"feature_count": rows.count(), "area": area_text(top["area"]), "residents": top["residents"]}


def _changes(comparison: EditionComparison) -> dict[str, Any]:
    """The table of what differs, the largest first, and how many are the same."""
    facts = {edition_id: _facts(edition_id) for edition_id in (comparison.edition_id, comparison.against_id)}
    new, old = facts[comparison.edition_id], facts[comparison.against_id]
    language = get_language() or "fr"
    lines, counts = [], dict.fromkeys([*_Kind.values, "other"], 0)
    rows = sorted(
        comparison.changes.defer("moved"), key=lambda change: (_ORDER.index(_Kind(change.kind)), -change.moved_m2)
    )
    for change in rows:
        before, after = old.get(change.code), new.get(change.code)
        kind, label = change.kind, str(_Kind(change.kind).label)
        if kind == _Kind.SAME and before and after and before != after:
            kind = "other"
            label = _("other words or figures") if before.rule == after.rule else _("other unit or rule")
        counts[kind] += 1
        if kind == _Kind.SAME:
            continue
        lines.append(
            ChangeShown(
                kind=kind,
                label=label,
                code=change.code,
                name=text_in((after or before or _Facts({})).name, language),
                before=area_text(change.before_m2),
                after=area_text(change.after_m2),
                moved=area_text(change.moved_m2) if change.moved_m2 else "",
                residents_before=before.residents if before else None,
                residents_after=after.residents if after else None,
                answers_before=before.answers if before else "",
                answers_after=after.answers if after else "",
            )
        )
    return {"changes": lines, "counts": counts}


def _facts(edition_id: int) -> dict[str, _Facts]:
    """By code. Two statements."""
    districts = District.objects.filter(edition=edition_id).values_list("code", "name", "population")
    found = {code: _Facts(name, residents) for code, name, residents in districts}
    areas = ServiceArea.objects.filter(edition=edition_id).defer("geometry")
    areas = areas.select_related("unit", "category", "schedule", "fallback_unit")
    return found or {area.code: _Facts(area.name, rule=_rule(area)) for area in areas}


def _rule(area: ServiceArea) -> tuple[str, ...]:
    language = get_language() or "fr"
    return (
        text_in(area.unit.name, language),
        text_in(area.category.name, language) if area.category else "",
        _("priority %(n)d") % {"n": area.priority},
        text_in(area.schedule.name, language) if area.schedule else "",
        text_in(area.fallback_unit.name, language) if area.fallback_unit else "",
    )


@administrators_page
@require_POST
def put_in_force(request: HttpRequest, pk: int) -> HttpResponse:
    """At once, or on a date."""
    row = edition_of(request, pk)
    form = ActivationForm(row.jurisdiction, request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=400)
    by, now, reroute = name_of(request), timezone.now(), form.cleaned_data["reroute_open"]
    try:
        if form.at is None:
            activate(row, requested_by=by, now=now, reroute_open=reroute)
            messages.success(request, _("Edition %(number)d is in force.") % {"number": row.number})
        else:
            plan_activation(row, at=form.at, requested_by=by, now=now, reroute_open=reroute)
            day = date_format(form.at, "DATE_FORMAT")
            messages.success(
                request, _("Edition %(number)d comes into force on %(day)s.") % {"number": row.number, "day": day}
            )
    except EditionError as error:
        form.add_error(None, _ERRORS[error.code]())
        return _page(request, row, form, status=400)
    return redirect("boundary_edition", pk=row.pk)


_ERRORS = {
    "already_active": lambda: _("This edition is in force already."),
    "date_has_passed": lambda: _("This day has begun or passed; choose a later one, or “at once”."),
    "nothing_to_go_back_to": lambda: _("There is no earlier edition to go back to."),
}


@administrators_page
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what is planned for the layer."""
    row = edition_of(request, pk)
    if cancel_planned(row):
        messages.success(request, _("The plan was cancelled; nothing changed."))
    return redirect("boundary_edition", pk=row.pk)


@administrators_page
@require_POST
def go_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the edition in force that this one replaced."""
    row = edition_of(request, pk)
    try:
        again = bool(request.POST.get("reroute_open"))
        done = roll_back(row, requested_by=name_of(request), now=timezone.now(), reroute_open=again)
    except EditionError as error:
        messages.error(request, _ERRORS[error.code]())
        return redirect("boundary_edition", pk=row.pk)
    messages.success(request, _("Edition %(number)d is in force again.") % {"number": done.edition.number})
    return redirect("boundary_edition", pk=done.edition_id)
