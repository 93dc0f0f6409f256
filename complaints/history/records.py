"""From a file's row to a record: what was read, or the reason why the row is refused. Pure."""

from dataclasses import dataclass
from datetime import datetime

from complaints.history.mapping import Mapping
from complaints.history.reading import BEYOND, Row
from complaints.workflow import CLOSED_STATES, State
from districts.gate import PointRefused, accept_point

MAX_DESCRIPTION = 4000
# Where the mapping names no columns for it, GeoJSON's points come under these.
_PLACE = ("longitude", "latitude")


class RowRefused(Exception):
    """One row cannot be taken; `code` and `message` go to the file of rejected rows."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Record:
    """One old complaint. Degrees WGS 84; instants aware."""

    source_id: str
    longitude: float
    latitude: float
    submitted_at: datetime
    closed_at: datetime | None
    state: State
    category: str
    description: str
    location_text: str
    stated_district: str


def record_of(row: Row, mapping: Mapping, *, now: datetime) -> Record:
    """Read one row. Raises RowRefused: unlocated, bad_coordinates, missing_id, bad_date, unknown_state, unknown_category…"""

    def cell(name: str) -> str:
        return _text(row, mapping, name)

    if any(str(value).strip() for value in row.get(BEYOND) or ()):
        raise RowRefused("wrong_columns", "the row has more cells than the file has columns")
    source_id = cell("id")
    if not source_id or len(source_id) > 100:
        raise RowRefused("missing_id", "the row has no usable id")
    state = mapping.state_of(cell("state"))
    if state is None:
        raise RowRefused("unknown_state", f"state {cell('state')!r} is not in the mapping")
    category = mapping.category_of(cell("category"))
    if category is None:
        raise RowRefused("unknown_category", f"category {cell('category')!r} is not in the mapping")
    submitted, closed = _dates(row, mapping, state, now)
    longitude, latitude = place_of(row, mapping)
    return Record(
        source_id=source_id,
        longitude=longitude,
        latitude=latitude,
        submitted_at=submitted,
        closed_at=closed,
        state=state,
        category=category,
        description=cell("description")[:MAX_DESCRIPTION],
        location_text=cell("location_text")[:300],
        stated_district=cell("stated_district"),
    )


def _dates(row: Row, mapping: Mapping, state: State, now: datetime) -> tuple[datetime, datetime | None]:
    submitted = mapping.instant_of(row.get(mapping.columns["submitted_at"]) or "")
    if submitted is None:
        raise RowRefused("bad_date", f"{row.get(mapping.columns['submitted_at'])!r} fits no date format of the mapping")
    if submitted > now:
        raise RowRefused("date_in_future", "the complaint was filed after today")
    raw = row.get(mapping.columns.get("closed_at", ""))
    if state not in CLOSED_STATES or raw is None or not str(raw).strip():
        return submitted, None
    closed = mapping.instant_of(raw)
    if closed is None:
        raise RowRefused("bad_date", f"{raw!r} fits no date format of the mapping")
    if closed < submitted:
        raise RowRefused("closed_before_submitted", "it was closed before it was filed")
    return submitted, closed


def place_of(row: Row, mapping: Mapping) -> tuple[float, float]:
    """Longitude and latitude of a row, degrees WGS 84. Raises RowRefused: unlocated or bad_coordinates."""
    longitude, latitude = _text(row, mapping, "longitude"), _text(row, mapping, "latitude")
    if not longitude or not latitude:
        raise RowRefused("unlocated", "the row has no coordinates")
    if mapping.decimal == ",":
        longitude, latitude = longitude.replace(",", "."), latitude.replace(",", ".")
    try:
        place = accept_point(longitude, latitude)
    except PointRefused as refused:
        raise RowRefused("bad_coordinates", f"{refused.field}: {refused.message}") from refused
    if place == (0.0, 0.0):
        raise RowRefused("unlocated", "longitude and latitude are both 0")
    return place


def _text(row: Row, mapping: Mapping, name: str) -> str:
    value = row.get(mapping.columns[name]) if name in mapping.columns else row.get(name) if name in _PLACE else None
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and name not in _PLACE:
        value = int(value)  # a spreadsheet's number of a record
    return str(value).replace("\x00", "").strip()
