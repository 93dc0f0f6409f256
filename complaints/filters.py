"""The one filter grammar of list, map, downloads, tiles, desk and office (contract.md §3), and which city is meant."""

import base64
import binascii
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.gis.geos import Polygon
from django.db.models import Q
from django.http import Http404, HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from catalogue.models import Jurisdiction
from catalogue.snapshot import Snapshot, snapshot
from complaints.models import Complaint
from complaints.querysets import DISTRICT_SHOWN, UNIT_SHOWN, ComplaintQuerySet
from complaints.search import matches_name, means_number, number_condition, public_words, words_match
from complaints.workflow import CLOSED_STATES, OPEN_STATES, State
from districts.models import District

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000
MAX_SEARCH_LETTERS = 200
# Names that query_string() keeps; all others belong to the page and are not ours to carry along.
PARAMETERS = (
    "jurisdiction", "service", "category", "district", "unit", "state", "late", "from", "to", "bbox", "q", "page_size",
    "cursor",
)  # fmt: skip

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_DATE_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?$")
_UNKNOWN = _("There is no such value here.")


class FilterError(Exception):
    """A value that the grammar refuses. `parameter` names it; `message` is for the person who sent it."""

    def __init__(self, parameter: str, message: str | Promise = _UNKNOWN) -> None:
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
            # Of overlapping boxes the planner knows how many there are; of what is inside one it always guesses a thousandth.
            # The desk's lists need it: they have quicker ways than the index of places. Their box is half a metre wider.
            inside = "bboverlaps" if for_staff else "coveredby"
            conditions &= Q(**{f"{place}__{inside}": Polygon.from_bbox(self.bbox)})
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


def parse_filters(
    query: QueryDict,
    *,
    now: datetime,
    jurisdiction: Jurisdiction | None = None,
    also: Iterable[str] = (),
    districts: "Districts | None" = None,
) -> Filters:
    """Check a query string against the grammar. At most two SQL statements.

    `also`: parameters of a page that its links keep; they are the page's to check. `districts`: as an earlier filter of the
    same city has read them. `jurisdiction` is given where the page settles it (staff pages); else the query or the
    installation's default does. Raises FilterError naming the first
    parameter at fault; unknown names and empty values are ignored.
    """
    given = {name: values for name in (*PARAMETERS, *also) if (values := [v for v in query.getlist(name) if v.strip()])}
    for name, values in given.items():
        # PostgreSQL knows no NUL and no half of a surrogate pair.
        if any("\x00" in value or not _encodable(value) for value in values):
            raise FilterError(name)
    city = jurisdiction or _jurisdiction(given)
    catalogue = snapshot(city.pk, city.catalogue_version)
    zone = catalogue.time_zone
    q = _search_words(given)
    # Who types a number means no category and no district.
    name = "" if means_number(q, city.tracking_prefix) else q
    tree = districts or Districts(city)
    return Filters(
        jurisdiction=city,
        now=now,
        given=given,
        service_ids=_ids("service", given, {s.code: s.pk for s in catalogue.services.values()}),
        category_ids=_ids("category", given, {c.code: c.pk for c in catalogue.categories.values()}),
        district_codes=tree.nested(_values("district", given)) if "district" in given else (),
        unit_ids=_ids("unit", given, {u.code: u.pk for u in catalogue.units.values()}),
        states=_states(given),
        late=_late(given),
        since=_instant("from", given, zone),
        until=_instant("to", given, zone),
        bbox=_bbox(given),
        q=q,
        q_category_ids=_categories_named(catalogue, name),
        q_district_codes=tree.named(name) if name else (),
        districts=tree,
        page_size=_page_size(given),
        cursor=Cursor.parse(given["cursor"][-1]) if "cursor" in given else None,
    )


def jurisdiction_of(request: HttpRequest) -> Jurisdiction:
    """The city of a public page: `?jurisdiction=CODE`, else the default, else the only one. Http404 if none."""
    try:
        return _jurisdiction({"jurisdiction": [code] if (code := request.GET.get("jurisdiction", "").strip()) else []})
    except FilterError:
        raise Http404 from None


def _jurisdiction(given: dict[str, list[str]]) -> Jurisdiction:
    codes = _values("jurisdiction", given)
    wanted = codes[-1] if codes else settings.DEFAULT_JURISDICTION
    found = Jurisdiction.objects.filter(code=wanted).first() if _encodable(wanted) and "\x00" not in wanted else None
    if found is not None:
        return found
    several = [] if codes else list(Jurisdiction.objects.all()[:2])
    if len(several) != 1:
        raise FilterError("jurisdiction", _("Say which city: several are served here.") if several else _UNKNOWN)
    return several[0]


def _values(name: str, given: dict[str, list[str]]) -> list[str]:
    """The values of a parameter that may be repeated or comma-separated."""
    return [part for value in given.get(name, []) for part in (p.strip() for p in value.split(",")) if part]


def _ids(name: str, given: dict[str, list[str]], known: dict[str, int]) -> tuple[int, ...]:
    try:
        return tuple(dict.fromkeys(known[code] for code in _values(name, given)))
    except KeyError:
        raise FilterError(name) from None


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
        active = District.objects.active().filter(jurisdiction=self.city)
        return list(active.values_list("code", "parent_code", "name"))

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


def _categories_named(catalogue: Snapshot, words: str) -> tuple[int, ...]:
    return tuple(
        category.pk
        for category in catalogue.categories.values()
        if words and matches_name(words, [*category.name.values(), *category.keywords])
    )


def _states(given: dict[str, list[str]]) -> frozenset[str]:
    groups = {"open": OPEN_STATES, "closed": CLOSED_STATES}
    states: set[str] = set()
    for value in _values("state", given):
        if value not in groups and value not in State.values:
            raise FilterError("state")
        states |= set(groups.get(value, {value}))
    return frozenset(str(state) for state in states)


def _late(given: dict[str, list[str]]) -> bool:
    value = given.get("late", ["false"])[-1].strip().lower()
    if value not in {"true", "1", "false", "0"}:
        raise FilterError("late", _("Use true or false."))
    return value in {"true", "1"}


def _instant(name: str, given: dict[str, list[str]], zone: ZoneInfo) -> datetime | None:
    if name not in given:
        return None
    # A plus sign that nobody encoded arrives as a space: 2026-11-01T00:00:00 01:00
    text = re.sub(r" (?=\d{2}:?\d{2}$)", "+", given[name][-1].strip())
    refused = FilterError(
        name, _("Use a date such as 2026-11-23, or a date and time such as 2026-11-23T08:00:00+01:00.")
    )
    try:
        if _DATE.match(text):
            instant = datetime.combine(datetime.fromisoformat(text).date(), time.min, tzinfo=zone)
        elif _DATE_TIME.match(text):
            instant = datetime.fromisoformat(text)
            instant = instant if instant.tzinfo else instant.replace(tzinfo=zone)
        else:
            raise refused
        if not 1900 <= instant.year <= 2200:
            raise refused
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise refused from None


def _bbox(given: dict[str, list[str]]) -> tuple[float, float, float, float] | None:
    if "bbox" not in given:
        return None
    refused = FilterError("bbox", _("Use west,south,east,north in degrees, for example -5.45,35.53,-5.27,35.65."))
    parts = given["bbox"][-1].split(",")
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError:
        raise refused from None
    if not all(math.isfinite(number) for number in (west, south, east, north)):
        raise refused
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise refused
    return west, south, east, north


def _search_words(given: dict[str, list[str]]) -> str:
    words = " ".join(given.get("q", [""])[-1].split())
    if len(words) > MAX_SEARCH_LETTERS:
        raise FilterError("q", _("Search for fewer words."))
    return words


def _page_size(given: dict[str, list[str]]) -> int:
    if "page_size" not in given:
        return DEFAULT_PAGE_SIZE
    text = given["page_size"][-1].strip()
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not 1 <= int(text) <= MAX_PAGE_SIZE:
        raise FilterError("page_size", _("Use a number from 1 to 1000."))
    return int(text)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
