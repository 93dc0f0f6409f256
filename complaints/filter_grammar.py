"""How a query string says a filter, and which city is meant: the grammar of contract.md §3, checked value by value."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from catalogue.models import Jurisdiction
from catalogue.snapshot import Snapshot, served_cities, snapshot
from complaints.filters import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, UNKNOWN, Cursor, Districts, FilterError, Filters
from complaints.search import matches_name, means_number
from complaints.workflow import CLOSED_STATES, OPEN_STATES, State

MAX_SEARCH_LETTERS = 200
# Names that query_string() keeps; all others belong to the page and are not ours to carry along.
PARAMETERS = (
    "jurisdiction", "service", "category", "district", "unit", "state", "late", "from", "to", "bbox", "q", "page_size",
    "cursor",
)  # fmt: skip

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_DATE_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?$")


def parse_filters(
    query: QueryDict,
    *,
    now: datetime,
    jurisdiction: Jurisdiction | None = None,
    also: Iterable[str] = (),
    districts: Districts | None = None,
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
    if wanted and _encodable(wanted) and "\x00" not in wanted:
        found = served_cities(wanted)
        if found:
            return found[0]
    several = [] if codes else served_cities()
    if len(several) != 1:
        raise FilterError("jurisdiction", _("Say which city: several are served here.") if several else UNKNOWN)
    return several[0]


def _values(name: str, given: dict[str, list[str]]) -> list[str]:
    """The values of a parameter that may be repeated or comma-separated."""
    return [part for value in given.get(name, []) for part in (p.strip() for p in value.split(",")) if part]


def _ids(name: str, given: dict[str, list[str]], known: dict[str, int]) -> tuple[int, ...]:
    try:
        return tuple(dict.fromkeys(known[code] for code in _values(name, given)))
    except KeyError:
        raise FilterError(name) from None


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
