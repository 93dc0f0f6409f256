"""A clock that stands still, and time zones whose rules do not depend on the machine that runs the tests."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from unittest.mock import patch
from zoneinfo import ZoneInfo


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """What asks Django for the time is told this moment: pages and endpoints, which pass it on to all services."""
    with patch("django.utils.timezone.now", return_value=moment):
        yield


def locked_zone(key: str) -> ZoneInfo:
    """The zone as the `tzdata` package of our lock file has it (the machine's own data may be years older)."""
    with resources.files("tzdata").joinpath("zoneinfo", *key.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=key)


def zone_with_changes(key: str, first_offset: int, changes: list[tuple[str, int]]) -> ZoneInfo:
    """A zone from its first offset and, at each UTC instant, the offset in hours that begins then.

    Written as a TZif file (RFC 9636, version 2), where the first kind of time holds before the first change.
    """
    kinds = [first_offset, *sorted({hours for _, hours in changes} - {first_offset})]
    instants = [int(datetime.fromisoformat(at).timestamp()) for at, _ in changes]
    head = b"TZif2" + bytes(15)
    empty_version_1 = head + struct.pack(">6l", 0, 0, 0, 0, 1, 1) + struct.pack(">lbb", 0, 0, 0) + b"\0"
    counts = struct.pack(">6l", 0, 0, 0, len(instants), len(kinds), 1)
    body = struct.pack(f">{len(instants)}q", *instants) + bytes(kinds.index(hours) for _, hours in changes)
    types = b"".join(struct.pack(">lbb", hours * 3600, 0, 0) for hours in kinds)
    return ZoneInfo.from_file(io.BytesIO(empty_version_1 + head + counts + body + types + b"\0\n\n"), key=key)


# Morocco as the law stands: UTC+1 with a return to UTC in Ramadan until 20 September 2026, plain UTC since.
CASABLANCA = locked_zone("Africa/Casablanca")

# Morocco as it was expected to go on until that was decided (IANA data up to 2026b): compared, change by change, with tzdata
# 2025.2; tests/complaints/test_clock_changes.py holds them to the computed Ramadans.
CASABLANCA_AS_FORESEEN = zone_with_changes(
    "Africa/Casablanca",
    1,
    [
        ("2026-02-15T02:00:00+00:00", 0),
        ("2026-03-22T02:00:00+00:00", 1),
        ("2027-02-07T02:00:00+00:00", 0),
        ("2027-03-14T02:00:00+00:00", 1),
        ("2028-01-23T02:00:00+00:00", 0),
        ("2028-03-05T02:00:00+00:00", 1),
        ("2029-01-14T02:00:00+00:00", 0),
        ("2029-02-18T02:00:00+00:00", 1),
        ("2029-12-30T02:00:00+00:00", 0),
        ("2030-02-10T02:00:00+00:00", 1),
        ("2030-12-22T02:00:00+00:00", 0),
        ("2031-01-26T02:00:00+00:00", 1),
        ("2031-12-14T02:00:00+00:00", 0),
        ("2032-01-18T02:00:00+00:00", 1),
        ("2032-11-28T02:00:00+00:00", 0),
    ],
)
