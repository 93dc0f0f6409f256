"""Long tables: asked for on the page, made by a task, the same rows as complaints.csv, found again by who asks the same."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from analytics import exports
from analytics.exports import KEPT, remove_old_exports, rows_done
from analytics.models import Export
from api.exports import make_due_exports
from catalogue.models import Jurisdiction
from queueing.models import QueueState
from tests.builders import build_complaint


@pytest.fixture
def filed(gridville: Jurisdiction, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(exports, "LONG", 2)
    for _ in range(3):
        build_complaint("pothole", now=timezone.now())
    build_complaint("litter", at=(0.5, 1.5), now=timezone.now())


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode())))


def read(client: Client, url: str) -> bytes:
    response = client.get(url)
    assert response.status_code == 200, url
    return b"".join(response)


@pytest.mark.usefixtures("filed")
def test_a_long_table_is_made_in_the_background_and_offered(client: Client) -> None:
    page = client.get("/en/data/?service=roads").content.decode()
    assert "/api/v1/complaints.csv" not in page
    query = re.search(r'name="query" value="([^"]+)"', page)
    assert query is not None
    watched = client.post("/en/data/exports/", {"query": unescape(query[1])})["Location"]
    waiting = client.get(watched)
    assert waiting["Refresh"] and '<progress class="export-progress" max="3" value="0">' in waiting.content.decode()
    assert watched in client.get("/en/data/?service=roads").content.decode(), "who comes back finds it"
    assert make_due_exports(now=timezone.now()) == 1
    ready = client.get(watched)
    assert "Refresh" not in ready
    [link] = re.findall(r'href="([^"]+complaints\.csv)"', ready.content.decode())
    assert table(read(client, link)) == table(read(client, "/api/v1/complaints.csv?service=roads"))
    row = Export.objects.get()
    assert (row.total, rows_done(row), row.queue_state) == (3, 3, QueueState.DONE)


@pytest.mark.usefixtures("filed")
def test_a_short_table_comes_at_once(client: Client) -> None:
    assert "/api/v1/complaints.csv" in client.get("/en/data/?service=cleanliness").content.decode()


@pytest.mark.usefixtures("filed")
def test_who_asks_the_same_gets_the_same_file_for_an_hour(client: Client) -> None:
    first = client.post("/en/data/exports/", {"query": "service=roads"})["Location"]
    assert client.post("/en/data/exports/", {"query": "service=roads"})["Location"] == first
    assert client.post("/en/data/exports/", {"query": ""})["Location"] != first
    Export.objects.update(requested_at=timezone.now() - timedelta(hours=2))
    assert client.post("/en/data/exports/", {"query": "service=roads"})["Location"] != first


@pytest.mark.usefixtures("filed")
def test_too_many_at_a_time_are_asked_to_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_WAITING", 1)
    client.post("/en/data/exports/", {"query": ""})
    refused = client.post("/en/data/exports/", {"query": "service=roads"}, follow=True)
    assert "Other files have to be made first" in refused.content.decode()
    assert Export.objects.count() == 1


@pytest.mark.usefixtures("filed")
def test_a_filter_that_no_longer_means_anything_fails_for_good(client: Client) -> None:
    assert client.post("/en/data/exports/", {"query": "service=atlantis"})["Location"] == "/en/data/"
    watched = client.post("/en/data/exports/", {"query": "service=roads"})["Location"]
    Export.objects.update(query="service=atlantis")
    assert make_due_exports(now=timezone.now()) == 0
    assert "could not be made" in client.get(watched).content.decode()
    assert client.get(f"{watched}complaints.csv").status_code == 404


@pytest.mark.usefixtures("filed")
def test_files_are_removed_after_a_day(client: Client, tmp_path: Path) -> None:
    watched = client.post("/en/data/exports/", {"query": ""})["Location"]
    make_due_exports(now=timezone.now())
    assert len(list(tmp_path.rglob("*.csv"))) == 1
    assert remove_old_exports(now=timezone.now()) == 0
    assert remove_old_exports(now=timezone.now() + KEPT + timedelta(minutes=1)) == 1
    assert not list(tmp_path.rglob("*.csv")) and client.get(watched).status_code == 404
