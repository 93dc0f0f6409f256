"""The one filter of list, map, downloads, tiles, desk and office: what it restricts, and its pages."""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from django.db import connection
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from catalogue.models import Jurisdiction
from catalogue.snapshot import Snapshot, snapshot
from complaints.models import Complaint
from complaints.querysets import DISTRICT_SHOWN, UNIT_SHOWN, ComplaintQuerySet, in_box_condition
from complaints.search import matches_name, number_condition, public_words, words_match
from districts.models import District

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000
UNKNOWN = _("There is no such value here.")


class FilterError(Exception):
    """A value that the grammar refuses. `parameter` names it; `message` is for the person who sent it."""

    def __init__(self, parameter: str, message: str | Promise = UNKNOWN) -> None:
        super().__init__(parameter)
        self.parameter = parameter
        self.message = message


@dataclass(frozen=True)
class Cursor:
    """The last row of the page before: pages go on below it, so a row filed meanwhile shifts nothing."""

    submitted_at: datetime
    complaint_id: int

    def __str__(self) -> str:
        microseconds = (self.submitted_at - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(f"{microseconds}.{self.complaint_id}".encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """The cursor as `str()` wrote it. Raises FilterError for anything else."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
            found = re.fullmatch(r"(-?\d{1,17})\.(\d{1,18})", raw, re.ASCII)
            if found is None:
                raise ValueError(text)
            return cls(_EPOCH + timedelta(microseconds=int(found[1])), int(found[2]))
        except (ValueError, OverflowError, binascii.Error):
            raise FilterError("cursor") from None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Page:
    """Some rows, newest first, and where the next ones begin (None at the end)."""

    rows: list[Complaint]
    next: Cursor | None


@dataclass(frozen=True)
class Filters:
    """A checked filter. Empty tuples and None do not restrict. `q` was typed; the ids beside it are what it names."""

    jurisdiction: Jurisdiction
    now: datetime
    given: dict[str, list[str]]
    service_ids: tuple[int, ...] = ()
    category_ids: tuple[int, ...] = ()
    district_codes: tuple[str, ...] = ()
    unit_ids: tuple[int, ...] = ()
    states: frozenset[str] = frozenset()
    late: bool = False
    since: datetime | None = None
    until: datetime | None = None
    bbox: tuple[float, float, float, float] | None = None
    q: str = ""
    q_category_ids: tuple[int, ...] = ()
    q_district_codes: tuple[str, ...] = ()
    # The city's districts, read when first asked for; a page hands them to whatever else it parses.
    districts: "Districts | None" = field(default=None, compare=False)
    page_size: int = DEFAULT_PAGE_SIZE
    cursor: Cursor | None = None

    @cached_property
    def catalogue(self) -> Snapshot:
        """The city's catalogue as this filter was checked against."""
        return snapshot(self.jurisdiction.pk, self.jurisdiction.catalogue_version)

    def apply(
        self, queryset: ComplaintQuerySet, *, for_staff: bool = False, knows_places: bool | None = None
    ) -> ComplaintQuerySet:
        """The rows of `queryset` (public() or visible_to()) that pass, in no order, the cursor left aside.

        `for_staff`: words are searched in unreleased texts too; district and unit are the real ones, else those that are
        shown: a filter must not tell what a row does not. `knows_places` (else as `for_staff`): the box is compared with
        the exact place.
        """
        found = self.apply_without_words(queryset, for_staff=for_staff, knows_places=knows_places)
        return self._search(found, for_staff=for_staff) if self.q else found

    def apply_without_words(
        self, queryset: ComplaintQuerySet, *, for_staff: bool = False, knows_places: bool | None = None
    ) -> ComplaintQuerySet:
        """The same, `q` left aside: the desk has a search of its own (complaints.desk.finding)."""
        knows_places = for_staff if knows_places is None else knows_places
        conditions = Q(jurisdiction=self.jurisdiction)
        if self.service_ids:
            conditions &= Q(service_id__in=self.service_ids)
        if self.category_ids:
            conditions &= Q(category_id__in=self.category_ids)
        if self.district_codes:
            conditions &= self._in_districts(self.district_codes, for_staff=for_staff)
        if self.unit_ids:
            conditions &= Q(unit_id__in=self.unit_ids) & (Q() if for_staff else Q(place_shown__in=UNIT_SHOWN))
        if self.states:
            conditions &= Q(state__in=sorted(self.states))
        if self.since is not None:
            conditions &= Q(submitted_at__gte=self.since)
        if self.until is not None:
            conditions &= Q(submitted_at__lt=self.until)
        if self.bbox is not None:
            place = "point" if knows_places else "public_point"
            conditions &= in_box_condition(place, self.bbox)
            # Where an office's default stands in for the place, the world is shown none.
            conditions &= Q() if knows_places else Q(default_point_suspect=False)
        found = queryset.filter(conditions)
        return found.late(self.now) if self.late else found

    def page(self, queryset: ComplaintQuerySet) -> Page:
        """One page of an applied queryset, newest first, by keyset on (submitted_at, id)."""
        rows = list(self.after_cursor(queryset).order_by("-submitted_at", "-id")[: self.page_size + 1])
        if len(rows) <= self.page_size:
            return Page(rows, None)
        last = rows[self.page_size - 1]
        return Page(rows[: self.page_size], Cursor(last.submitted_at, last.pk))

    def after_cursor(self, queryset: ComplaintQuerySet) -> ComplaintQuerySet:
        """The rows below the cursor; all without one."""
        if self.cursor is None:
            return queryset
        at, pk = self.cursor.submitted_at, self.cursor.complaint_id
        # The first condition says nothing new: it lets the index on time jump to the place.
        return queryset.filter(Q(submitted_at__lte=at) & (Q(submitted_at__lt=at) | Q(pk__lt=pk)))

    def query_string(self, **changes: object) -> str:
        """The filter as a query string, with parameters replaced, or left out where the change is None or empty.

        The cursor is left out unless it is among the changes: another filter begins at its first page.
        """
        values: dict[str, list[str]] = {name: list(items) for name, items in self.given.items() if name != "cursor"}
        for name, value in changes.items():
            items = value if isinstance(value, list | tuple | set | frozenset) else [value]
            values[name] = [str(item) for item in items if item is not None and str(item) != ""]
        return urlencode(values, doseq=True)

    def _in_districts(self, codes: Iterable[str], *, for_staff: bool) -> Q:
        # By code over all editions: a complaint keeps the district of the edition it was routed with.
        named = Q(district__in=District.objects.filter(jurisdiction=self.jurisdiction, code__in=codes).values("pk"))
        return named if for_staff else named & Q(place_shown__in=DISTRICT_SHOWN)

    def _search(self, queryset: ComplaintQuerySet, *, for_staff: bool) -> ComplaintQuerySet:
        text = words_match(self.q) if for_staff else public_words(self.q)
        number = number_condition(self.q)
        found = text if number is None else text | number
        if self.q_category_ids:
            found |= Q(category_id__in=self.q_category_ids)
        if self.q_district_codes:
            found |= self._in_districts(self.q_district_codes, for_staff=for_staff)
        return queryset.filter(found)


_DISTRICTS = """SELECT d.code, d.parent_code, d.name::text
FROM districts_district d JOIN districts_boundaryedition e ON e.id = d.edition_id AND e.is_active
WHERE d.jurisdiction_id = %s ORDER BY d.level, d.code"""


class Districts:
    """Codes and names of a city's districts in its active edition, and what is nested in what. One statement, when asked."""

    def __init__(self, city: Jurisdiction) -> None:
        self.city = city

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        return {code: name for code, _parent, name in self._rows}

    @cached_property
    def children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for code, parent, _name in self._rows:
            found.setdefault(parent, []).append(code)
        return found

    @cached_property
    def _rows(self) -> list[tuple[str, str, dict[str, str]]]:
        # To build this statement from models takes three times as long as to ask it, and nearly every staff page does.
        with connection.cursor() as cursor:
            cursor.execute(_DISTRICTS, [self.city.pk])
            return [(code, parent, json.loads(name)) for code, parent, name in cursor.fetchall()]

    def nested(self, codes: Iterable[str]) -> tuple[str, ...]:
        """These districts and everything inside them. Raises FilterError for a code that is none."""
        found: dict[str, None] = {}
        waiting = list(codes)
        if any(code not in self.names for code in waiting):
            raise FilterError("district")
        while waiting:
            code = waiting.pop()
            if code not in found:
                found[code] = None
                waiting.extend(self.children.get(code, []))
        return tuple(found)

    def named(self, words: str) -> tuple[str, ...]:
        return self.nested(code for code, name in self.names.items() if matches_name(words, name.values()))
