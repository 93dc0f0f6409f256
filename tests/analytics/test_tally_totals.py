"""Totals and heat: what the complaints say this instant, under every filter and box, also while changes wait to be counted."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from analytics import heat
from analytics.feed import consume
from analytics.measures import Measure
from analytics.tally import waiting
from analytics.tally.totals import figures, matched
from catalogue.models import Jurisdiction
from complaints.filter_grammar import parse_filters
from complaints.models import Complaint
from complaints.services.publication import hide
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.analytics.test_tally_tiles import FILTERS
from tests.builders import build_complaint

pytestmark = pytest.mark.django_db


def _assert_right(query: str, now: datetime) -> None:
    filters = parse_filters(QueryDict(query), now=now)
    found = filters.apply(Complaint.objects.public())
    told = figures(filters, found)
    assert (told.total, told.open, told.late) == (found.count(), found.open().count(), found.late(now).count()), query
    assert matched(filters, found) == found.count(), query


def test_they_are_right_under_every_filter(city: Jurisdiction, now: datetime) -> None:
    for query in FILTERS:
        _assert_right(query, now)
    _assert_right("q=roads", now)
    _assert_right("from=2026-10-01T08:00:00Z", now)


def test_they_are_right_in_every_box(city: Jurisdiction, now: datetime) -> None:
    draw = random.Random(3)
    places = [c.public_point for c in Complaint.objects.exclude(public_point=None)[:20] if c.public_point]
    boxes = ["-180,-85,180,85", "0.001,0.001,0.03,0.02", "10,10,11,11"]
    for place in places:
        # Edges that run through a place: what lies on them is in.
        boxes.append(f"{place.x},{place.y},{place.x + draw.random() / 100},{place.y + draw.random() / 100}")
        boxes.append(f"{place.x - draw.random() / 50},{place.y - draw.random() / 50},{place.x},{place.y}")
    for number, box in enumerate(boxes):
        _assert_right(f"bbox={box}&{FILTERS[number % len(FILTERS)]}", now)
        _assert_right(f"bbox={box}", now)


def test_what_has_changed_since_is_put_right(
    city: Jurisdiction,
    now: datetime,
    moderator: User,
    triage_officer: User,
) -> None:
    pavement = build_complaint("pavement", at=(0.6, 0.3), now=now)
    consume(now=now)
    change_state(pavement.pk, Verb.ACCEPT, acting_user=triage_officer, now=now)
    hide(Complaint.objects.public().exclude(pk=pavement.pk).latest("pk").pk, acting_user=moderator, now=now)
    build_complaint("litter", at=(0.2, 0.3), now=now - timedelta(days=40))
    for query in (*FILTERS, "bbox=0,0,0.01,0.01", "state=accepted&bbox=0,0,0.01,0.01"):
        _assert_right(query, now)


def _heat(query: str, measure: Measure, zoom: int, now: datetime) -> dict[str, Any]:
    return heat.heat(parse_filters(QueryDict(query), now=now), measure, zoom, now=now).as_json()


def _assert_heat_right(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells from the counts are those of the complaints."""
    for number, query in enumerate(FILTERS):
        for measure in (Measure.COUNT, Measure.LATE_SHARE):
            zoom = (5, 9, 11, 13, 14)[number % 5]
            told = _heat(query, measure, zoom, now)
            with monkeypatch.context() as patched:
                patched.setattr(heat, "_counted", lambda *_: None)
                assert told == _heat(query, measure, zoom, now), (query, measure)


def test_heat_is_that_of_the_complaints(
    city: Jurisdiction, now: datetime, moderator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_complaint("vagrancy", at=(0.6, 0.3), now=now)
    consume(now=now)
    _assert_heat_right(now, monkeypatch)
    # Changes that wait, also what only the clock made late.
    hide(Complaint.objects.public().latest("pk").pk, acting_user=moderator, now=now)
    build_complaint("pothole", at=(0.6, 0.3), now=now - timedelta(days=20))
    _assert_heat_right(now + timedelta(days=9), monkeypatch)


def test_heat_of_a_whole_city_reads_no_complaints(city: Jurisdiction, now: datetime) -> None:
    with CaptureQueriesContext(connection) as captured:
        _heat("state=open&from=2026-09-01&to=2026-11-01", Measure.COUNT, 11, now)
    assert not [q["sql"] for q in captured if "ST_X" in q["sql"]]


def test_after_an_outage_the_complaints_are_counted(
    city: Jurisdiction,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "MOST", 1)
    for _ in range(3):
        build_complaint(now=now)
    for query in ("", "state=open", "bbox=0,0,0.01,0.01"):
        _assert_right(query, now)


def test_the_home_page_and_the_list_tell_the_exact_number(city: Jurisdiction, client: Client) -> None:
    there = Complaint.objects.public().count()
    assert f"<strong>{there} complaints</strong>" in client.get("/en/").content.decode()
    assert client.get("/api/v1/complaints.geojson?page_size=3").json()["numberMatched"] == there
