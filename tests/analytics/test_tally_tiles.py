"""Tiles that the counts answer say what the complaints say, under every filter."""

from collections import Counter
from datetime import date, datetime
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analytics.feed import consume
from analytics.tally import tiles as tally_tiles
from analytics.tally.asking import Question, counted_squares, months_and_days
from analytics.tally.spots import Square
from api import rows, tiles
from api.cells import cells
from api.grid import around
from catalogue.models import Jurisdiction
from complaints.filter_grammar import parse_filters
from complaints.models import Complaint
from tests.builders import build_complaint

pytestmark = pytest.mark.django_db
FILTERS = (
    "", "service=roads", "service=roads,cleanliness", "state=open", "state=closed", "state=resolved", "state=received",
    "state=received&late=true", "late=true", "late=true&state=closed", "state=open&late=true", "category=pothole",
    "category=noise", "unit=roads-dept", "unit=waste-north", "district=w1", "district=west&service=roads",
    "district=e2", "from=2026-09-01&to=2026-11-01", "from=2026-09-10&to=2026-11-20", "from=2026-10-03&to=2026-10-09",
    "from=2026-09-03&to=2026-10-30&state=open", "from=2026-09-02&to=2026-09-29", "from=2026-10-02&late=true&district=w1",
    "category=pothole,noise&from=2026-09-03&to=2026-10-29&state=closed", "from=2026-10-15", "to=2026-10-15",
    "to=2026-08-01", "from=2026-11-20&to=2026-09-01",
    "service=roads&state=open&from=2026-09-15", "category=pothole&district=w1&from=2026-08-02&to=2026-10-31",
)  # fmt: skip


def _counts(query: str, now: datetime, tile: Square) -> Counter[tuple[Any, ...]]:
    """What the counts say of a tile's squares."""
    question = Question.of(parse_filters(QueryDict(query), now=now))
    assert question is not None
    sql, values = counted_squares(question.bounded(now), tile, tally_tiles.shown_zoom(tile.zoom))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(n), sum(open), sum(late) FROM ({sql}) r WHERE n > 0 GROUP BY square", values)
        return Counter(tuple(int(value) for value in row) for row in cursor.fetchall())


def test_squares_say_what_the_complaints_say(city: Jurisdiction, now: datetime) -> None:
    for query, zoom in product(FILTERS, (0, 5, 9, 11, 12, 13, 14, 15, 16, 17, 18)):
        found = rows.located(parse_filters(QueryDict(query), now=now).apply(Complaint.objects.public()))
        tile = Square(zoom, 2**zoom // 2, max(0, 2**zoom // 2 - 1))
        inside = found.filter(public_point__coveredby=around(tile.zoom, tile.x, tile.y))
        expected = Counter((c.n, c.open, c.late) for c in cells(inside, zoom=tally_tiles.shown_zoom(zoom), now=now))
        assert _counts(query, now, tile) == expected, (query, zoom)


def test_a_tile_is_the_same_read_or_counted(
    city: Jurisdiction, client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Frozen:
        now = staticmethod(lambda: now)

    monkeypatch.setattr(tiles, "timezone", Frozen)
    monkeypatch.setattr(tiles, "FEW", 6)
    for query, address in product(FILTERS, ("10/512/511", "14/8192/8191")):
        address = f"/tiles/complaints/{address}.mvt"
        monkeypatch.setattr(tiles, "READ", 0)
        with CaptureQueriesContext(connection) as queries:
            counted = client.get(f"{address}?{query}").content
        assert len([query for query in queries if "catalogue_" not in query["sql"]]) <= 7
        monkeypatch.setattr(tiles, "READ", 10_000)
        read = client.get(f"{address}?{query}").content
        assert (b"complaints" in counted, len(counted) > 0) == (b"complaints" in read, len(read) > 0)
        if b"complaints" in read:
            assert sorted(counted) == sorted(read)


def test_pins_are_looked_for_only_where_that_is_quick(
    city: Jurisdiction, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "/tiles/complaints/10/512/511.mvt?category=noise"
    monkeypatch.setattr(tiles, "READ", 0)
    monkeypatch.setattr(tiles, "LOOKED_THROUGH", 10)
    assert b"cells" in client.get(address).content
    monkeypatch.setattr(tiles, "LOOKED_THROUGH", 10_000)
    assert b"complaints" in client.get(address).content


def test_a_copy_is_good_until_something_is_counted(
    city: Jurisdiction, client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "READ", 0)
    monkeypatch.setattr(tiles, "FEW", 3)
    address = "/tiles/complaints/10/512/511.mvt"
    tag = client.get(address)["ETag"]
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert not any("squarecount" in query["sql"] for query in queries)
    build_complaint(at=(0.2, 0.3), now=now)
    consume(now=now)
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("first", "last", "months", "added", "taken"),
    [
        ("2026-01-01", "2026-02-28", [202601, 202602], [], []),
        ("2026-01-02", "2026-02-28", [202601, 202602], [], [("2026-01-01", "2026-01-01")]),
        ("2026-01-02", "2026-01-09", [], [("2026-01-02", "2026-01-09")], []),
        ("2026-01-03", "2026-01-29", [202601], [], [("2026-01-01", "2026-01-02"), ("2026-01-30", "2026-01-31")]),
        ("2025-12-31", "2026-01-01", [], [("2025-12-31", "2025-12-31"), ("2026-01-01", "2026-01-01")], []),
        ("2025-12-02", "2026-01-30", [202512, 202601], [], [("2025-12-01", "2025-12-01"), ("2026-01-31", "2026-01-31")]),
        ("2025-11-30", "2026-01-31", [202512, 202601], [("2025-11-30", "2025-11-30")], []),
        ("2026-02-01", "2026-01-01", [], [], []),
    ],
)  # fmt: skip
def test_a_period_is_months_and_the_fewer_days_of_what_is_no_whole_month(
    first: str, last: str, months: list[int], added: list[Any], taken: list[Any]
) -> None:
    def stretches(some: list[Any]) -> list[Any]:
        return [tuple(map(date.fromisoformat, stretch)) for stretch in some]

    asked = months_and_days(date.fromisoformat(first), date.fromisoformat(last))
    assert asked == (months, stretches(added), stretches(taken))
