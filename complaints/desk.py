"""The desk's list: a person's complaints by time left, counts for every filter, words searched as far as she may read."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import (
    Avg,
    Case,
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Floor, Least

from accounts.models import Membership, Role, User
from complaints.filters import Filters
from complaints.models import Attachment, Complaint
from complaints.permissions import DESK, MODERATING, WORKING
from complaints.querysets import ComplaintQuerySet, late_condition, scope_of
from complaints.search import number_condition, released_text, words_match
from complaints.workflow import OPEN_STATES
from districts.models import District

PAGE_SIZE = 50
# So many pins are readable on one screen; beyond them the map counts.
MAX_PINS = 400
_CELL_PIXELS = 80
_LEAST_LETTERS = 3


@dataclass(frozen=True)
class _Group:
    """How many complaints share state, category, district and unit, and how many of them are late."""

    state: str
    category_id: int
    district_id: int | None
    unit_id: int
    n: int
    late: int


@dataclass(frozen=True)
class Desk:
    """One person's complaints in one city under a filter. Two statements give all counts; rows are read page by page."""

    user: User
    filters: Filters

    @cached_property
    def memberships(self) -> Sequence[Membership]:
        return [m for m in self.user.memberships.all() if m.jurisdiction_id == self.filters.jurisdiction.pk]

    @cached_property
    def knows_places(self) -> bool:
        """False for who sees no exact place (the mayor's office): she gets what the public gets."""
        known = WORKING | {Role.MODERATOR}
        return any(m.role in known for m in self.memberships)

    def rows(self, page: int) -> list[Complaint]:
        """One page (from 1), least time left first; closed ones, which have none, by their closing, newest first.

        Each row carries `next_due_at` (None without promise), `next_due_is_answer` and `file_count`.
        """
        files = (
            Attachment.objects.filter(complaint=OuterRef("pk"))
            .exclude(status=Attachment.Status.REFUSED)
            .order_by()
            .values("complaint")
            .annotate(n=Count("pk"))
            .values("n")
        )
        found = (
            self._found()
            .select_related("category__service", "district", "unit", "assigned_to")
            .annotate(file_count=Coalesce(Subquery(files, output_field=IntegerField()), 0), next_due_at=_next_due())
            .annotate(left=_standing_still(self.filters))
            .order_by(F("closed_at").desc(nulls_first=True), F("left").asc(nulls_last=True), "pk")
            .defer("description", "answers", "point", "public_point")
        )
        return list(found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])

    @cached_property
    def total(self) -> int:
        return sum(self.counts(lambda group: "all", ignoring=()).values())

    def counts(self, key: Callable[[_Group], object], *, ignoring: Iterable[str]) -> Counter[object]:
        """Complaints by `key`, under all of the filter but the dimensions in `ignoring`: what choosing another gives."""
        counter: Counter[object] = Counter()
        for group in self._groups:
            if n := self._passing(group, frozenset(ignoring)):
                counter[key(group)] += n
        return counter

    @cached_property
    def late(self) -> int:
        """The late ones under the filter, whatever state it names."""
        chosen = frozenset({"state", "late"})
        return sum(group.late for group in self._groups if self._passing(group, chosen))

    @cached_property
    def districts(self) -> dict[int, District]:
        """The districts that occur, by id, of whatever edition. One statement."""
        ids = {group.district_id for group in self._groups if group.district_id is not None}
        return District.objects.defer("geometry").in_bulk(ids)

    def pins(self, zoom: int) -> tuple[int, list[Complaint], list[dict[str, object]]]:
        """What the map shows of the filter's box: the number, and either each complaint or counted cells."""
        found = self._found()
        place = "point" if self.knows_places else "public_point"
        found = found.filter(**{f"{place}__isnull": False})
        rows = list(found.select_related("category__service", "district")[: MAX_PINS + 1])
        if len(rows) <= MAX_PINS:
            return len(rows), rows, []
        cells = self._cells(found, place, zoom)
        return sum(int(str(cell["n"])) for cell in cells), [], cells

    def _cells(self, found: ComplaintQuerySet, place: str, zoom: int) -> list[dict[str, Any]]:
        size = 360 / 2 ** (zoom + 8) * _CELL_PIXELS
        x, y = (_coordinate(place, function) for function in ("ST_X", "ST_Y"))
        rows: Iterable[Any] = (
            found.annotate(cx=Floor(x / Value(size)), cy=Floor(y / Value(size)))
            .order_by()
            .values("cx", "cy")
            .annotate(
                n=Count("pk"),
                open=Count("pk", filter=Q(state__in=OPEN_STATES)),
                late=Count("pk", filter=late_condition(self.filters.now)),
                lon=Avg(x),
                lat=Avg(y),
                west=Min(x),
                south=Min(y),
                east=Max(x),
                north=Max(y),
                first_service=Min("service__code"),
                last_service=Max("service__code"),
            )
        )
        return list(rows)

    @cached_property
    def _groups(self) -> list[_Group]:
        found = self._searched(
            replace(
                self.filters,
                states=frozenset(),
                late=False,
                category_ids=(),
                service_ids=(),
                district_codes=(),
                unit_ids=(),
                q="",
            )
        )
        rows = (
            found.order_by()
            .values_list("state", "category_id", "district_id", "unit_id")
            .annotate(n=Count("pk"), late=Count("pk", filter=late_condition(self.filters.now)))
        )
        return [_Group(*row) for row in rows]

    def _passing(self, group: _Group, ignoring: frozenset[str]) -> int:
        """How many of a group pass the filter, some of its dimensions ignored."""
        filters = self.filters
        district = self.districts.get(group.district_id or 0)
        chosen = {
            "state": not filters.states or group.state in filters.states,
            "category": not filters.category_ids or group.category_id in filters.category_ids,
            "district": not filters.district_codes
            or (district is not None and district.code in filters.district_codes),
            "unit": not filters.unit_ids or group.unit_id in filters.unit_ids,
        }
        if not all(passes for name, passes in chosen.items() if name not in ignoring):
            return 0
        if filters.service_ids and "category" not in ignoring and not self._of_chosen_service(group):
            return 0
        return group.late if filters.late and "late" not in ignoring else group.n

    def _of_chosen_service(self, group: _Group) -> bool:
        return group.category_id in self._categories_of_services

    @cached_property
    def _categories_of_services(self) -> frozenset[int]:
        services = Q(service_id__in=self.filters.service_ids)
        return frozenset(self.filters.jurisdiction.categories.filter(services).values_list("pk", flat=True))

    def _found(self) -> ComplaintQuerySet:
        return self._searched(replace(self.filters, q=""))

    def _searched(self, filters: Filters) -> ComplaintQuerySet:
        found = filters.apply(Complaint.objects.visible_to(self.user), for_staff=True, knows_places=self.knows_places)
        words = self.filters.q
        # One row for each thing; a search finds merged ones too, by their number and words.
        return found.filter(self._search(words)) if words else found.primary()

    def _search(self, words: str) -> Q:
        """Numbers, names of things, and words of people only where this person may read them: a search tells, too."""
        found = number_condition(words) | Q(words_match(words)) & (released_text() | self._readable())
        if self.filters.q_category_ids:
            found |= Q(category_id__in=self.filters.q_category_ids)
        if self.filters.q_district_codes:
            city = self.filters.jurisdiction
            named = District.objects.filter(jurisdiction=city, code__in=self.filters.q_district_codes)
            found |= Q(district__in=named.values("pk"))
        if len(words) >= _LEAST_LETTERS:
            person = (
                Q(reporter__name__icontains=words)
                | Q(reporter__email__icontains=words)
                | Q(reporter__phone__contains=words.replace(" ", ""))
            )
            found |= person & self._scopes(DESK)
        return found

    def _readable(self) -> Q:
        passed_on = self._scopes({Role.OPERATOR_USER}) & Q(passed_to_operator=True)
        return self._scopes(MODERATING | {Role.CREW_MEMBER}) | passed_on

    def _scopes(self, roles: Iterable[str]) -> Q:
        found = Q(pk__in=[])
        for membership in self.memberships:
            if membership.role in frozenset(roles):
                found |= scope_of(membership)
        return found


def _next_due() -> Case:
    """The promise that comes next: the first answer until it was given, then the resolution."""
    return Case(
        When(answered_at=None, then=Least("answer_due_at", "resolution_due_at")), default=F("resolution_due_at")
    )


def _standing_still(filters: Filters) -> "ExpressionWrapper[Any]":
    """The next promise, moved on by as long as the clock has stood still: sorts by time left."""
    paused_for = Value(filters.now, output_field=DateTimeField()) - Coalesce(F("paused_at"), Value(filters.now))
    return ExpressionWrapper(F("next_due_at") + paused_for, output_field=DateTimeField())


def _coordinate(place: str, function: str) -> Func:
    return Func(F(place), function=function, output_field=FloatField())
