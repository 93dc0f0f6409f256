"""Fetching old complaints from an Open311 endpoint (GeoReport v2, requests.json) into a file that the import reads.

Servers answer with a part only: the first page, the last 90 days, at most a thousand. So time is asked for window by window
and each window page by page; where a server does not page, its windows are halved until nothing can be hidden in them.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from complaints.history.mapping import Mapping
from complaints.history.reading import UnreadableFile
from reporting.commands import progress

WINDOW = timedelta(days=30)
SHORTEST = timedelta(hours=1)
# A server that does not page and shows fewer than these has shown all.
_SURELY_ALL = 20
_TIMEOUT_SECONDS, _MOST_BYTES, _ATTEMPTS = 60, 200 * 1024 * 1024, 6
_MOST_PAGES = 100_000

Fetch = Callable[[str], list[dict[str, Any]]]


def is_endpoint(name: str) -> bool:
    return name.startswith(("http://", "https://"))


def fetch_requests(address: str, mapping: Mapping, into: Path, *, now: datetime, fetch: Fetch | None = None) -> int:
    """Write every request since `mapping.since` as one JSON array; how many there were.

    Raises UnreadableFile naming the fault.
    """
    count = 0
    begin = datetime(mapping.since.year, mapping.since.month, mapping.since.day, tzinfo=UTC)
    with into.open("w", encoding="utf-8") as stream:
        stream.write("[")
        for window in progress(list(_windows(begin, now)), label="months asked for"):
            for row in _window(address, mapping, *window, fetch or _fetch):
                stream.write((",\n" if count else "\n") + json.dumps(row, ensure_ascii=False))
                count += 1
        stream.write("]\n")
    return count


def _windows(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while begin < end:
        yield begin, min(begin + WINDOW, end)
        begin += WINDOW


def _window(address: str, mapping: Mapping, begin: datetime, end: datetime, fetch: Fetch) -> Iterator[dict[str, Any]]:
    """The requests of one window, each once."""
    seen: set[str] = set()
    first: list[dict[str, Any]] = []
    for page in range(1, _MOST_PAGES):
        asked = {"start_date": _instant(begin), "end_date": _instant(end), "page": page, "page_size": mapping.page_size}
        rows = fetch(_with(address, asked))
        fresh = [row for row in rows if str(row.get(mapping.columns["id"], "")) not in seen]
        if page == 2 and rows and not fresh and len(first) >= _SURELY_ALL and end - begin > SHORTEST:
            middle = begin + (end - begin) / 2
            yield from _unseen(seen, mapping, _window(address, mapping, begin, middle, fetch))
            yield from _unseen(seen, mapping, _window(address, mapping, middle, end, fetch))
            return
        if not fresh:
            return
        first = first or rows
        seen.update(str(row.get(mapping.columns["id"], "")) for row in fresh)
        yield from fresh


def _unseen(seen: set[str], mapping: Mapping, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        key = str(row.get(mapping.columns["id"], ""))
        if key not in seen:
            seen.add(key)
            yield row


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _with(address: str, asked: dict[str, object]) -> str:
    parts = urlsplit(address)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in asked]
    return urlunsplit(parts._replace(query=urlencode([*query, *((key, str(value)) for key, value in asked.items())])))


def _fetch(address: str) -> list[dict[str, Any]]:
    """One page. Waits and asks again when the server is busy or away."""
    request = Request(address, headers={"Accept": "application/json", "User-Agent": "Geoportal import"})  # noqa: S310
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 - is_endpoint let http(s) in only
                return _rows(address, response)
        except HTTPError as error:
            if attempt == _ATTEMPTS or error.code not in (429, 500, 502, 503, 504):
                raise UnreadableFile(f"{address}: {error.code} {error.reason}") from error
            time.sleep(_wait(error.headers.get("Retry-After"), attempt))
        except (URLError, TimeoutError, OSError) as error:
            if attempt == _ATTEMPTS:
                raise UnreadableFile(f"{address}: {error}") from error
            time.sleep(_wait(None, attempt))
    raise AssertionError("unreachable")


def _wait(told: str | None, attempt: int) -> float:
    return min(float(told), 120.0) if told and told.isdecimal() else 2.0**attempt


def _rows(address: str, response: IO[bytes]) -> list[dict[str, Any]]:
    content = response.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise UnreadableFile(f"{address}: the answer is larger than {_MOST_BYTES >> 20} MB")
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{address}: not valid JSON: {error}") from error
    if isinstance(data, dict):
        data = next((value for value in data.values() if isinstance(value, list)), None)
    if not isinstance(data, list):
        raise UnreadableFile(f"{address}: no list of requests")
    return [row for row in data if isinstance(row, dict)]
