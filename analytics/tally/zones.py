"""Days of a city in SQL without PostgreSQL's own copy of the time zones: its clock's changes, worked out here."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=32)
def clock_changes(zone_name: str) -> tuple[list[datetime], list[int]]:
    """Since when (the first since ever) the zone's clocks are how many seconds ahead of UTC."""
    zone = ZoneInfo(zone_name)
    starts, offsets = [datetime(1, 1, 2, tzinfo=UTC)], [_offset(_FIRST, zone)]
    step = timedelta(days=7)
    at = _FIRST
    while at < _LAST:
        if _offset(at + step, zone) != offsets[-1] or _offset(at + step / 2, zone) != offsets[-1]:
            _walk(at, at + step, zone, starts, offsets)
        at += step
    return starts, offsets


def _walk(start: datetime, end: datetime, zone: ZoneInfo, starts: list[datetime], offsets: list[int]) -> None:
    """Add the changes of one week, to the minute."""
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    at = start
    while at < end:
        if _offset(at + hour, zone) != offsets[-1]:
            while _offset(at + minute, zone) == offsets[-1]:
                at += minute
            starts.append(at + minute)
            offsets.append(_offset(at + minute, zone))
            at += minute
        else:
            at += hour


def _offset(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())
