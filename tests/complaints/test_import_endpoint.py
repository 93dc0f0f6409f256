"""History from an Open311 endpoint: pages, windows of time, servers that do not page, servers that stumble."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command

from catalogue.models import Jurisdiction
from complaints.history.endpoint import fetch_requests
from complaints.history.mapping import Mapping
from complaints.history.reading import UnreadableFile
from complaints.models import Complaint

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MAPPING = """
format = "open311-json"
source = "somewhere"
[columns]
id = "service_request_id"
longitude = "long"
latitude = "lat"
submitted_at = "requested_datetime"
state = "status"
category = "service_name"
[dates]
formats = ["%Y-%m-%dT%H:%M:%S%z"]
time_zone = "UTC"
[states]
open = "received"
closed = "resolved"
[categories]
"*" = "litter"
[endpoint]
since = 2026-09-01
page_size = 10
"""


class City(BaseHTTPRequestHandler):
    """A server with a request every six hours; `pages` False ignores page and page_size, and shows at most `cap`."""

    pages, cap, stumbles = True, 1000, 0

    def do_GET(self) -> None:
        if type(self).stumbles:
            type(self).stumbles -= 1
            self.send_error(503)
            return
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        assert query["jurisdiction_id"] == "somewhere.example"
        start, end = (datetime.fromisoformat(query[key]) for key in ("start_date", "end_date"))
        found = [row for row in REQUESTS if start <= datetime.fromisoformat(row["requested_datetime"]) <= end]
        if self.pages:
            size = int(query["page_size"])
            found = found[(int(query["page"]) - 1) * size :][:size]
        content = json.dumps(found[: self.cap]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


REQUESTS: list[dict[str, Any]] = [
    {
        "service_request_id": f"r-{number}",
        "requested_datetime": datetime.fromtimestamp(1_788_220_800 + number * 21_600, UTC).isoformat(),
        "status": "open",
        "service_name": "whatever",
        "long": 0.005,
        "lat": 0.005,
    }
    for number in range(200)
]


@pytest.fixture
def address() -> Iterator[str]:
    City.pages, City.cap, City.stumbles = True, 1000, 0
    server = HTTPServer(("127.0.0.1", 0), City)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/open311/v2/requests.json?jurisdiction_id=somewhere.example&page=7"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


def mapping(page_size: int = 10) -> Mapping:
    from zoneinfo import ZoneInfo

    return Mapping(
        format="open311-json", delimiter=",", encoding="utf-8", source="x", columns={"id": "service_request_id"},
        decimal=".", since=date(2026, 9, 1), page_size=page_size, date_formats=(), zone=ZoneInfo("UTC"), states={},
        categories={},
    )  # fmt: skip


def fetched(address: str, tmp_path: Path, **more: Any) -> list[str]:
    file = tmp_path / "requests.json"
    count = fetch_requests(address, mapping(**more), file, now=NOW)
    ids = [row["service_request_id"] for row in json.loads(file.read_text())]
    assert len(ids) == count
    return ids


def test_every_page_of_every_month_is_asked_for(address: str, tmp_path: Path) -> None:
    ids = fetched(address, tmp_path)
    assert set(ids) == {row["service_request_id"] for row in REQUESTS}


def test_a_server_that_does_not_page_hides_nothing(address: str, tmp_path: Path) -> None:
    City.pages, City.cap = False, 25
    assert set(fetched(address, tmp_path)) == {row["service_request_id"] for row in REQUESTS}


def test_a_server_that_stumbles_is_asked_again(address: str, tmp_path: Path, no_waiting: list[float]) -> None:
    City.stumbles = 3
    assert len(set(fetched(address, tmp_path))) == len(REQUESTS)
    assert no_waiting == [2.0, 4.0, 8.0]


def test_a_server_that_stays_away_is_a_fault(address: str, tmp_path: Path) -> None:
    City.stumbles = 100
    with pytest.raises(UnreadableFile, match="503"):
        fetched(address, tmp_path)


def test_the_command_imports_from_an_endpoint(
    gridville: Jurisdiction,
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mapping.toml"
    file.write_text(MAPPING)
    arguments = ("import_complaints", address, "--jurisdiction", "gridville", "--mapping", str(file), "--json")
    call_command(*arguments)
    told = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert told["ok"] and told["counts"]["imported"] == Complaint.objects.count() > 100
    call_command(*arguments)
    again = json.loads(capsys.readouterr().out.strip().splitlines()[-1])["counts"]
    assert (again["imported"], again["rejected"]) == (0, told["counts"]["rejected"])
    assert again["skipped_existing"] == again["read"] - again["rejected"]
