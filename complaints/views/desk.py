"""The desk: one's own complaints by time left, as a list and on a map."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import staff_page
from catalogue.models import Category, Jurisdiction
from catalogue.snapshot import Snapshot, snapshot
from catalogue.translated import text_in
from complaints.desk import PAGE_SIZE, Desk
from complaints.disclosure import disclosure
from complaints.filters import FilterError, Filters
from complaints.models import Complaint
from complaints.views.cities import city_page
from complaints.views.staff import DESK_ROLES, cities_of, city_of, desk_filters, staff_user
from complaints.workflow import State, StateGroup, state_group


@staff_page(DESK_ROLES)
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """List, counts and map of the complaints that this person's memberships cover."""
    city, now, fault = city_of(request, DESK_ROLES), timezone.now(), ""
    try:
        filters = desk_filters(request.GET, city, now)
    except FilterError as error:
        fault = _("%(parameter)s: %(message)s The filter was left out.") % {
            "parameter": error.parameter,
            "message": error.message,
        }
        filters = desk_filters(QueryDict(), city, now)
    queue = Desk(staff_user(request), filters)
    page = _Pages(queue).get_page(request.GET.get("page"))
    context = {
        "now": now,
        "fault": fault,
        "rows": [Row.of(complaint, now) for complaint in page.object_list],
        "page": page,
        "total": queue.total,
        "tabs": _tabs(queue),
        "choices": _choices(queue),
        "filters": filters,
        "cities": cities_of(staff_user(request), DESK_ROLES),
        "is_filtered": any(name not in ("state", "late", "jurisdiction") for name in filters.given),
        "several_units": len(queue.counts(lambda group: group.unit_id, ignoring=("unit",))) > 1,
        "map_settings": _map_settings(city, filters),
    }
    return city_page(request, city, "complaints/desk/list.html", context, status=400 if fault else 200)


@staff_page(DESK_ROLES)
@require_safe
def points(request: HttpRequest) -> JsonResponse:
    """What the desk's map shows of its box: pins, or counted cells when there are too many. No words of people."""
    city, now = city_of(request, DESK_ROLES), timezone.now()
    try:
        filters = desk_filters(request.GET, city, now)
    except FilterError as error:
        return JsonResponse({"detail": str(error.message), "parameter": error.parameter}, status=400)
    zoom = request.GET.get("zoom", "")
    user = staff_user(request)
    n, pins, cells = Desk(user, filters).pins(min(max(int(zoom), 0), 22) if zoom.isdecimal() and len(zoom) < 4 else 12)
    answer: dict[str, Any] = {"kind": "cells" if cells else "points", "n": n}
    answer["cells"] = [_cell(cell) for cell in cells]
    answer["points"] = [_point(complaint, disclosure(user, complaint).sees_place, now) for complaint in pins]
    response = JsonResponse(answer)
    response["Cache-Control"] = "private, no-store"
    return response


@dataclass(frozen=True)
class Row:
    """One line of the desk: facts only, no words of people."""

    tracking_number: str
    url: str
    category: Category
    state: str
    state_label: str
    district: dict[str, str] | None
    unit: dict[str, str]
    submitted_at: datetime
    age: str
    due_at: datetime | None
    due_label: str
    paused: bool
    is_open: bool
    late: bool
    urgent: bool
    files: int
    crew_member: str

    @classmethod
    def of(cls, complaint: Complaint, now: datetime) -> "Row":
        due_at = getattr(complaint, "next_due_at", None) if complaint.is_open else None
        answer_next = complaint.answered_at is None and due_at == complaint.answer_due_at
        person = complaint.assigned_to
        return cls(
            tracking_number=complaint.tracking_number,
            url=reverse("desk_complaint", args=[complaint.tracking_number]),
            category=complaint.category,
            state=complaint.state,
            state_label=str(State(complaint.state).label),
            district=complaint.district.name if complaint.district else None,
            unit=complaint.unit.name,
            submitted_at=complaint.submitted_at,
            age=timesince(complaint.submitted_at, now, depth=1),
            due_at=due_at,
            due_label=_("First answer") if answer_next else _("Resolution"),
            paused=complaint.paused_at is not None,
            is_open=complaint.is_open,
            late=complaint.is_late(now),
            urgent=complaint.category.urgent,
            files=getattr(complaint, "file_count", 0),
            crew_member=(person.get_full_name() or person.get_username()) if person else "",
        )


class _Pages(Paginator):  # type: ignore[type-arg]
    """Pages of the desk; the number of complaints is known from the counts already."""

    def __init__(self, queue: Desk) -> None:
        super().__init__([], PAGE_SIZE)
        self.queue = queue

    @cached_property
    def count(self) -> int:
        return self.queue.total

    def page(self, number: int | str) -> Page:  # type: ignore[type-arg]
        valid = self.validate_number(number)
        return Page(self.queue.rows(valid), valid, self)


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    n: int
    current: bool


def _tabs(queue: Desk) -> list[Tab]:
    """The states that a day at the desk is made of, each with its number under the other filters."""
    filters = queue.filters
    by_state = queue.counts(lambda group: group.state, ignoring=("state", "late"))
    given = (",".join(filters.given.get("state", [])), filters.late)

    def tab(label: str, state: str, n: int, *, is_late: bool = False) -> Tab:
        url = "?" + filters.query_string(state=state or None, late="true" if is_late else None, page=None)
        return Tab(label, url, n, given == (state, is_late))

    def group(wanted: StateGroup) -> int:
        return sum(n for state, n in by_state.items() if state_group(str(state)) == wanted)

    return [
        tab(_("Open"), "open", group(StateGroup.OPEN)),
        tab(_("Late"), "", queue.late, is_late=True),
        *(
            tab(str(capfirst(state.label)), state.value, by_state[state.value])
            for state in (State.RECEIVED, State.WAITING_REPORTER, State.REOPENED)
        ),
        tab(_("Closed"), "closed", group(StateGroup.CLOSED)),
    ]


def _choices(queue: Desk) -> list[dict[str, object]]:
    """The selects of the filter form: name, label, options with their numbers."""
    language = get_language() or "fr"
    city = queue.filters.jurisdiction
    catalogue = snapshot(city.pk, city.catalogue_version)
    categories = {c.pk: c for c in catalogue.categories.values()}
    by_category = queue.counts(lambda group: group.category_id, ignoring=("category",))
    by_district = queue.counts(
        lambda group: d.code if (d := queue.districts.get(group.district_id or 0)) else "", ignoring=("district",)
    )
    by_unit = queue.counts(lambda group: group.unit_id, ignoring=("unit",))
    districts = {d.code: text_in(d.name, language) for d in queue.districts.values()}
    selects = [
        _select(
            queue.filters,
            "category",
            _("Category"),
            ((categories[pk].code, text_in(categories[pk].name, language), n) for pk, n in _ids(by_category)),
        ),
        _select(
            queue.filters,
            "district",
            _("District"),
            ((str(code), districts[str(code)], n) for code, n in by_district.items() if code),
        ),
    ]
    if len(by_unit) > 1:
        selects.append(_select(queue.filters, "unit", _("Who answers"), _units(catalogue, by_unit, language)))
    return selects


def _ids(counts: dict[object, int]) -> Iterable[tuple[int, int]]:
    return ((int(str(key)), n) for key, n in counts.items())


def _units(catalogue: Snapshot, counts: dict[object, int], language: str) -> Iterable[tuple[str, str, int]]:
    return ((catalogue.units[pk].code, text_in(catalogue.units[pk].name, language), n) for pk, n in _ids(counts))


def _select(filters: Filters, name: str, label: str, options: Iterable[tuple[str, str, int]]) -> dict[str, object]:
    chosen = {part for value in filters.given.get(name, []) for part in value.split(",")}
    listed = [
        {"value": value, "label": text, "n": n, "chosen": value in chosen}
        for value, text, n in sorted(options, key=lambda option: option[1].casefold())
    ]
    return {"name": name, "label": label, "options": listed}


def _map_settings(city: Jurisdiction, filters: Filters) -> dict[str, object]:
    catalogue = snapshot(city.pk, city.catalogue_version)
    return {
        "url": reverse("desk_points"),
        "query": filters.query_string(jurisdiction=city.code, bbox=None, page_size=None),
        "symbols": {service.code: service.icon for service in catalogue.services.values()},
    }


def _point(complaint: Complaint, exact: bool, now: datetime) -> dict[str, object]:
    place = complaint.point if exact else complaint.public_point
    return {
        "tracking_number": complaint.tracking_number,
        "lon": place.x if place else None,
        "lat": place.y if place else None,
        "service": complaint.category.service.code,
        "category": text_in(complaint.category.name, get_language() or "fr"),
        "state": complaint.state,
        "state_label": str(State(complaint.state).label),
        "late": complaint.is_late(now),
        "url": reverse("desk_complaint", args=[complaint.tracking_number]),
    }


def _cell(cell: dict[str, Any]) -> dict[str, object]:
    return {
        "lon": cell["lon"],
        "lat": cell["lat"],
        "n": cell["n"],
        "open": cell["open"],
        "late": cell["late"],
        "service": cell["first_service"] if cell["first_service"] == cell["last_service"] else None,
        "bbox": [cell["west"], cell["south"], cell["east"], cell["north"]],
    }
