"""Hot spots on a made-up city: those that were planted are found, chance is hardly ever named, and the page says so."""

import json
import random
from datetime import date, datetime, timedelta
from math import exp
from typing import TYPE_CHECKING

import pytest
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from analytics.hotspots import searching
from analytics.hotspots.grid import Grid, grid_of
from analytics.hotspots.naming import Kind, kind_of
from analytics.hotspots.searching import ask_for_search, ask_for_the_latest, hot_on, last_full_month, work_off_searches
from analytics.hotspots.shown import clusters
from analytics.models import HotSpotSearch, HotSquare, SquareCount, TallyVersion
from analytics.periods import months_until
from analytics.tally.keeping import SQUARE_ZOOMS
from analytics.tally.spots import Square
from catalogue.models import Jurisdiction
from queueing.models import QueueState

if TYPE_CHECKING:
    from tests.conftest import SignIn

SIDE, MONTHS, NULL_MAPS = 16, 12, 20
PERSISTENT, EMERGING, COOLING = (3, 3), (11, 4), (6, 12)
# How many times as much as elsewhere is complained about in a planted spot of nine squares.
TIMES = 4.0


def poisson(draw: random.Random, mean: float) -> int:
    """Knuth's: multiply chances until they fall below that of nothing."""
    least, product, n = exp(-mean), draw.random(), 0
    while product > least:
        product *= draw.random()
        n += 1
    return n


def in_spot(place: tuple[int, int], spot: tuple[int, int]) -> bool:
    return abs(place[0] - spot[0]) <= 1 and abs(place[1] - spot[1]) <= 1


@pytest.fixture(scope="module")
def made_up() -> tuple[Grid, list[dict[int, tuple[float, float]]]]:
    """A city with unequal residents and equal rates but for three planted spots, and maps with no effect at all.

    One child for all of it: PySAL takes five seconds to import.
    """
    draw = random.Random(20_261)
    places = [(x, y) for x in range(SIDE) for y in range(SIDE)]
    residents = [draw.uniform(150, 1500) for _ in places]
    grid = Grid(16, places, residents)

    def counts(month: int | None) -> list[int]:
        found = []
        for place, living in zip(places, residents, strict=True):
            hot = month is not None and (
                in_spot(place, PERSISTENT)
                or (in_spot(place, EMERGING) and month >= MONTHS - 3)
                or (in_spot(place, COOLING) and month < 7)
            )
            found.append(poisson(draw, living * 0.003 * (TIMES if hot else 1)))
        return found

    months = [counts(month) for month in range(MONTHS)]
    together = [sum(column) for column in zip(*months, strict=True)]
    nothing = [counts(None) for _ in range(NULL_MAPS)]
    return grid, hot_on(grid, [together, *months, *nothing], permutations=4999)


def kinds(grid: Grid, hot: list[dict[int, tuple[float, float]]]) -> dict[tuple[int, int], Kind]:
    found = {}
    for at, place in enumerate(grid.places):
        kind = kind_of([at in month for month in hot[1:]], overall=at in hot[0])
        if kind is not None:
            found[place] = kind
    return found


def test_planted_spots_are_found_where_they_are_and_called_by_what_they_do(
    made_up: tuple[Grid, list[dict[int, tuple[float, float]]]],
) -> None:
    grid, hot = made_up
    found = kinds(grid, hot[: MONTHS + 1])
    assert found[PERSISTENT] == Kind.PERSISTENT
    assert found[EMERGING] == Kind.EMERGING
    assert found[COOLING] == Kind.COOLING
    # Tolerance: of the nine squares of each spot at least five (a corner has four of nine around it).
    for spot in (PERSISTENT, EMERGING, COOLING):
        assert sum(in_spot(place, spot) for place in found) >= 5
    # A neighbour of a spot has part of it around itself; nothing further away is named, but for two squares.
    far = [
        p for p in found if all(max(abs(p[0] - s[0]), abs(p[1] - s[1])) > 2 for s in (PERSISTENT, EMERGING, COOLING))
    ]
    assert len(far) <= 2


def test_where_nothing_is_planted_almost_nothing_is_named(
    made_up: tuple[Grid, list[dict[int, tuple[float, float]]]],
) -> None:
    grid, hot = made_up
    nothing = hot[MONTHS + 1 :]
    assert len(nothing) == NULL_MAPS
    # The procedure lets one map in twenty name something; tolerance: three maps, and 1 in 500 of all squares.
    assert sum(bool(found) for found in nothing) <= 3
    assert sum(len(found) for found in nothing) <= NULL_MAPS * len(grid.places) / 500
    # Taken for months they make no emerging, persistent or cooling spot.
    assert not set(kinds(grid, [{}, *nothing[:MONTHS]]).values())


@pytest.mark.parametrize(
    "months, overall, kind",
    [
        ("000000000111", True, Kind.EMERGING),
        ("010000000101", False, Kind.EMERGING),
        ("111110111101", True, Kind.PERSISTENT),
        ("111101000000", True, Kind.COOLING),
        ("010010000010", True, Kind.OVERALL),
        ("010010000010", False, None),
        ("111", True, Kind.OVERALL),  # three months are no history
    ],
)
def test_months_have_names(months: str, overall: bool, kind: Kind | None) -> None:
    assert kind_of([month == "1" for month in months], overall=overall) == kind


@pytest.fixture
def counted(gridville: Jurisdiction, monkeypatch: pytest.MonkeyPatch) -> Jurisdiction:
    """Three complaints a month in each of 20 squares; two touching ones and a third are hot, says what stands for the child."""
    grid = grid_of(gridville)
    service = gridville.services.order_by("code")[0]
    for month in months_until(last_full_month(gridville, timezone.now()), 12)[:-1]:
        SquareCount.objects.bulk_create(
            SquareCount(
                jurisdiction_id=gridville.pk, zoom=zoom, month=month.year * 100 + month.month, detailed=False,
                square=number, service_id=service.pk, category_id=0, district_id=0, unit_id=0,
                anchored=False, sum_x=0, sum_y=0, n=n, **dict.fromkeys(STATES, 0), late=0, promised=0, missed=0,
            )
            for zoom, number, n in [
                *((grid.zoom, Square(grid.zoom, x, y).number, 3) for x, y in grid.places[:20]), (SQUARE_ZOOMS[0], 1, 60),
            ]
        )  # fmt: skip
    TallyVersion.objects.create(jurisdiction=gridville, version=7)

    def child(function: str, payload: bytes, **_limits: object) -> bytes:
        asked = json.loads(payload)
        assert asked["residents"] is not None and len(asked["maps"]) % 13 == 0
        return json.dumps([[[0, 4.2, 0.0001], [1, 4.0, 0.0002], [7, 3.9, 0.0003]] for _ in asked["maps"]]).encode()

    monkeypatch.setattr(searching, "run_limited", child)
    return gridville


STATES = (
    "received", "accepted", "in_progress", "waiting_reporter", "reopened", "resolved", "confirmed", "rejected",
    "out_of_scope", "withdrawn",
)  # fmt: skip


def test_a_search_is_asked_for_once_and_its_spots_are_on_the_page_and_in_the_file(
    signed_in: "SignIn", office_user: User, counted: Jurisdiction
) -> None:
    client = signed_in(office_user)
    assert "Nobody has looked for hot spots" in client.get("/en/office/").content.decode()
    response = client.post("/en/office/hot-spots/", {"query": ""})
    assert response.status_code == 302 and response["Location"].endswith("#hot-spots-title")
    client.post("/en/office/hot-spots/", {"query": ""})
    assert "They are being looked for" in client.get("/en/office/").content.decode()
    assert work_off_searches(now=timezone.now()) == 1
    search = HotSpotSearch.objects.get()
    assert (search.queue_state, search.version, search.n, len(search.months)) == (QueueState.DONE, 7, 20 * 36, 12)
    page = client.get("/en/office/")
    spots = page.context["hot_spots"].spots
    assert [(spot.kind, len(spot.squares), spot.n) for spot in spots] in (
        [(Kind.PERSISTENT, 2, 72), (Kind.PERSISTENT, 1, 36)],
        [(Kind.PERSISTENT, 3, 108)],
    )
    text = page.content.decode()
    assert text.count('<rect class="hot-square hot-square--persistent"\n') == 3
    assert "Benjamini-Hochberg" in text and "9,999 times" in text and "20 residents" in text
    listed = client.get(spots[0].url)
    assert listed.status_code == 200
    rows = client.get("/en/office/hot-spots.csv").content.decode("utf-8-sig").splitlines()
    assert len(rows) == 4 and rows[1].split(",")[1] == "persistent"
    assert rows[1].split(",")[8] == "36"


def test_the_latest_month_is_asked_for_by_itself_and_again_when_the_counts_have_changed(
    counted: Jurisdiction, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    asked = ask_for_the_latest(now=now)
    assert asked == 1 + counted.services.count()
    assert ask_for_the_latest(now=now) == 0
    # No more than a child does in a minute; the others are put off, so that nobody takes them for stuck.
    monkeypatch.setattr(searching, "_AT_ONCE", 1)
    done = 0
    while work_off_searches(now=now + done * timedelta(minutes=1)):
        done += 1
        assert not HotSpotSearch.objects.filter(queue_state="due", next_attempt_at__lte=now).exists()
    assert done == asked
    assert set(HotSpotSearch.objects.values_list("queue_state", flat=True)) == {"done"}
    assert HotSquare.objects.values("search").distinct().count() == 2  # all services, and the one with complaints
    later = now + searching.LOOKED_AT_AGAIN_AFTER * 1.1
    assert last_full_month(counted, later) != last_full_month(counted, now) or ask_for_the_latest(now=later) == 0
    TallyVersion.objects.update(version=8)
    if last_full_month(counted, later) == last_full_month(counted, now):
        assert ask_for_the_latest(now=later) == asked


def test_a_city_that_has_grown_by_much_is_looked_at_again_soon(counted: Jurisdiction) -> None:
    """Its history was loaded meanwhile: what was found among its first complaints is not about it."""
    now = timezone.now()
    asked = ask_for_the_latest(now=now)
    while work_off_searches(now=now):
        now += timedelta(minutes=1)
    assert ask_for_the_latest(now=now) == 0
    SquareCount.objects.filter(zoom=SQUARE_ZOOMS[0]).update(n=F("n") + 7)
    assert ask_for_the_latest(now=now) == 0, "not at once: more may come"
    if last_full_month(counted, now + searching.MANY_AFTER) == last_full_month(counted, now):
        later = now + 1.1 * searching.MANY_AFTER
        assert ask_for_the_latest(now=later) == 2 < asked, "all services, and the one that grew"
        while work_off_searches(now=later):
            later += timedelta(minutes=1)
        assert ask_for_the_latest(now=later + searching.MANY_AFTER) == 0


def test_a_period_that_ends_within_a_month_ends_with_the_month_before(gridville: Jurisdiction, now: datetime) -> None:
    assert last_full_month(gridville, datetime.fromisoformat("2026-11-30T12:00+00:00")) == date(2026, 10, 1)
    assert last_full_month(gridville, datetime.fromisoformat("2026-12-01T12:00+00:00")) == date(2026, 11, 1)


def test_squares_that_touch_are_one_spot() -> None:
    squares = [HotSquare(x=x, y=y, kind=kind) for x, y, kind in [(0, 0, "a"), (1, 1, "a"), (2, 1, "b"), (5, 5, "a")]]
    assert sorted(len(found) for found in clusters(squares)) == [1, 1, 2]


def test_a_city_is_cut_into_no_more_squares_than_can_be_looked_at(gridville: Jurisdiction) -> None:
    grid = grid_of(gridville)
    assert grid.residents is not None and len(grid.places) == len(grid.residents) > 0
    assert min(grid.residents) >= 20
    ask_for_search(gridville, None, date(2026, 10, 1), now=timezone.now())
    assert HotSpotSearch.objects.count() == 1
