"""Measures of squares and districts: each is what a person makes of complaints.csv by hand; what came back, by definition."""

import csv
import io
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from itertools import pairwise
from math import asinh, cos, floor, hypot, pi, radians, tan
from statistics import median, quantiles
from typing import TYPE_CHECKING

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from accounts.models import User
from analytics.heat import heat
from analytics.measures import Measure
from analytics.monthly import Monthly
from analytics.office import Office
from analytics.periods import Period
from catalogue.models import Jurisdiction
from complaints.filter_grammar import parse_filters
from complaints.models import Complaint
from tests.builders import build_complaint
from tests.clocks import stopped_at

if TYPE_CHECKING:
    from tests.conftest import SignIn

DAY = timedelta(days=1)
Row = dict[str, str]
# 111 m in the builder's own measure of a place.
HUNDRED_METRES = 0.09


def file(
    category: str, at: tuple[float, float], filed: datetime, state: str = "received", days: float = 0
) -> Complaint:
    """Filed, and closed so many days later if it is."""
    row = build_complaint(category, at=at, now=filed)
    closed = filed + timedelta(days=days) if days else None
    Complaint.objects.filter(pk=row.pk).update(state=state, closed_at=closed)
    row.refresh_from_db()
    return row


@pytest.mark.parametrize(
    ("category", "east", "after", "state", "came_back"),
    [
        ("pothole", 0, 29.9, "received", 1),
        ("pothole", 0.4, 10, "resolved", 1),
        ("pothole", 0.5, 10, "received", 0),
        ("pavement", 0, 10, "received", 0),
        ("pothole", 0, 31, "received", 0),
        ("pothole", 0, -1, "received", 0),
        ("pothole", 0, 10, "rejected", 0),
        ("pothole", 0, 10, "withdrawn", 0),
    ],
    ids=["soon", "44 m away", "56 m away", "another category", "too late", "before", "not founded", "withdrawn"],
)
def test_it_came_back_if_the_same_was_founded_at_the_same_place_soon_after(
    gridville: Jurisdiction, now: datetime, category: str, east: float, after: float, state: str, came_back: int
) -> None:
    start = now - 60 * DAY
    file("pothole", (0.5, 0.5), start, "resolved", 5)
    file(category, (0.5 + east * HUNDRED_METRES, 0.5), start + timedelta(days=5 + after), state)
    [cell] = heat(parse_filters(QueryDict(""), now=now), Measure.RECURRENCE_SHARE, 8, now=now).cells
    assert (cell.cases, cell.value) == (1, came_back)


def test_what_was_mended_a_week_ago_cannot_be_judged_yet(gridville: Jurisdiction, now: datetime) -> None:
    file("pothole", (0.5, 0.5), now - 10 * DAY, "resolved", 2)
    file("pothole", (0.5, 0.5), now - 2 * DAY)
    [cell] = heat(parse_filters(QueryDict(""), now=now), Measure.RECURRENCE_SHARE, 8, now=now).cells
    assert (cell.cases, cell.value, cell.few) == (0, None, True)


@pytest.fixture
def busy(gridville: Jurisdiction, now: datetime) -> Jurisdiction:
    """Some dozens of complaints of all states at few places, in whole seconds as files write them."""
    draw = random.Random(8)
    for _ in range(45):
        filed = now.replace(microsecond=0) - timedelta(days=draw.randrange(40, 80), seconds=draw.randrange(9999))
        state = draw.choice(["received", "resolved", "resolved", "confirmed", "rejected", "withdrawn", "reopened"])
        at = (draw.choice([0.5, 0.53, 1.5]) + draw.random() * 0.03, 0.5)
        row = build_complaint(draw.choice(["pothole", "pothole", "pavement"]), at=at, now=filed)
        Complaint.objects.filter(pk=row.pk).update(
            state=state,
            answered_at=filed + timedelta(hours=draw.randrange(200)) if draw.random() < 0.8 else None,
            closed_at=None if state in ("received", "reopened") else filed + timedelta(hours=draw.randrange(30, 400)),
            reopened_count=1 if state == "reopened" else int(draw.random() < 0.2),
        )
    Complaint.objects.filter(pk=build_complaint(at=(0.5, 0.5), now=now).pk).update(visibility="hidden")
    return gridville


def test_every_measure_of_the_squares_can_be_made_again_from_the_open_data(
    busy: Jurisdiction, client: Client, now: datetime
) -> None:
    with stopped_at(now):
        text = client.get("/api/v1/complaints.csv").getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    by_cell: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        by_cell[_square(row, 15)].append(row)
    assert len(rows) == 45 and len(by_cell) >= 2
    for measure, by_hand in BY_HAND.items():
        told = heat(parse_filters(QueryDict(""), now=now), measure, 12, now=now)
        assert len(told.cells) == len(by_cell)
        for cell in told.cells:
            value, cases = by_hand(by_cell[cell.x, cell.y], rows, now)
            assert cell.cases == cases, measure
            assert cell.value == (None if value is None else pytest.approx(value, abs=1e-4)), measure
            assert cell.few == (cases < busy.small_sample_k)


def test_a_district_says_what_its_only_square_says(busy: Jurisdiction, office_user: User, now: datetime) -> None:
    filters = parse_filters(QueryDict("from=2026-09-01&to=2026-12-01&district=w1"), now=now)
    office = Office(office_user, filters, now, public=True)
    for measure in BY_HAND.keys() - {Measure.CONTESTED_SHARE}:
        [cell] = heat(filters, measure, 8, now=now).cells
        assert office.district_values(measure)["w1"] == pytest.approx(cell.value, abs=1e-4), measure


def test_late_of_a_district_is_late_of_its_square(gridville: Jurisdiction, office_user: User, now: datetime) -> None:
    """Also where promises were not made for all, answers are overdue, and what was rejected was rejected late."""
    for number in range(24):
        row = build_complaint("pothole", at=(0.5, 0.5), now=now - timedelta(days=2 * number))
        kinds: list[dict[str, object]] = [
            {"resolution_due_at": None, "answer_due_at": None},
            {"state": "rejected", "closed_at": now, "answered_at": now},
            {"answered_at": row.submitted_at, "state": "in_progress"},
            {"answer_due_at": row.submitted_at, "resolution_due_at": now + DAY},
        ]
        Complaint.objects.filter(pk=row.pk).update(**kinds[number % 4])
    filters = parse_filters(QueryDict("from=2026-09-01&to=2026-12-01&district=w1"), now=now)
    [cell] = heat(filters, Measure.LATE_SHARE, 8, now=now).cells
    office = Office(office_user, filters, now, public=True)
    assert cell.cases == 18 and cell.value is not None and 0 < cell.value < 1
    assert office.district_values(Measure.LATE_SHARE)["w1"] == pytest.approx(cell.value, abs=1e-4)
    months = Monthly(office).months(Measure.LATE_SHARE)
    lines = [month.values["w1"] for month in months.every if month.values["w1"] is not None]
    told = [
        heat(replace(filters, since=m.since, until=m.until), Measure.LATE_SHARE, 8, now=now) for m in _months(office)
    ]
    assert lines == [
        pytest.approx(found.cells[0].value, abs=1e-4) for found in told if found.cells and not found.cells[0].few
    ]


def test_where_nothing_was_promised_nothing_is_said_of_lateness(
    gridville: Jurisdiction, office_user: User, now: datetime
) -> None:
    for _ in range(8):
        build_complaint("pothole", at=(0.5, 0.5), now=now - DAY)
    Complaint.objects.update(resolution_due_at=None, answer_due_at=None)
    office = Office(office_user, parse_filters(QueryDict(""), now=now), now)
    assert office.district_values(Measure.LATE_SHARE)["w1"] is None


def _months(office: Office) -> list[Period]:
    days = Monthly(office).days
    return [Period(first, end - DAY, office.period.zone) for first, end in pairwise(days)]


@pytest.fixture
def recent(gridville: Jurisdiction) -> None:
    """Seven in one square, the fewest of them answered; two in another."""
    now = timezone.now()
    for number in range(9):
        row = build_complaint("pothole", at=(0.5, 0.5) if number < 7 else (2.5, 0.5), now=now - 3 * DAY)
        Complaint.objects.filter(pk=row.pk).update(answered_at=now - 2 * DAY)


def test_each_square_leads_to_a_list_of_as_many(signed_in: "SignIn", office_user: User, recent: None) -> None:
    client = signed_in(office_user)
    response = client.get("/en/office/?measure=median_days_to_answer")
    many, few = response.context["squares"].shown
    assert (many.cell.n, many.said, few.cell.n, few.said) == (7, "1.0 days", 2, "too few to say")
    assert "w1" in many.name and "e1" in few.name
    for square in (many, few):
        assert square.url in unescape(response.content.decode())
        assert client.get(square.url).context["list"].total == str(square.cell.n)


def test_the_squares_file_holds_every_measure_with_its_cases(
    signed_in: "SignIn", office_user: User, recent: None
) -> None:
    answer = signed_in(office_user).get("/en/office/squares.csv").content.decode("utf-8-sig")
    many, few = csv.DictReader(io.StringIO(answer))
    assert [row["count"] for row in (many, few)] == ["7", "2"]
    assert (many["median_days_to_answer"], many["median_days_to_answer_cases"]) == ("1", "7")
    assert (few["median_days_to_answer"], few["median_days_to_answer_cases"]) == ("1", "2")
    assert {measure.value for measure in Measure if measure.layer is None} <= many.keys() and "per_km" not in many


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_what_came_back_is_defined_on_the_page(signed_in: "SignIn", office_user: User, language: str) -> None:
    html = signed_in(office_user).get(f"/{language}/office/?measure=recurrence_share").content.decode()
    definition = html[html.index('id="recurrence"') :].partition("</li>")[0]
    assert "30" in definition and "50" in definition and "2026" in definition


def _square(row: Row, zoom: int) -> tuple[int, int]:
    longitude, latitude = float(row["longitude"]), radians(float(row["latitude"]))
    return floor((longitude + 180) / 360 * 2**zoom), floor((1 - asinh(tan(latitude)) / pi) / 2 * 2**zoom)


def _at(row: Row, name: str) -> datetime | None:
    return datetime.fromisoformat(row[name]) if row[name] else None


def _days(name: str, share: float) -> Callable[[list[Row], list[Row], datetime], tuple[float | None, int]]:
    def by_hand(cell: list[Row], _every: list[Row], _now: datetime) -> tuple[float | None, int]:
        done = [row for row in cell if name == "answered_at" or row["state"] in ("resolved", "confirmed")]
        taken = sorted(
            (at - filed) / DAY for row in done if (at := _at(row, name)) and (filed := _at(row, "submitted_at"))
        )
        if len(taken) < 2:
            return (taken[0] if taken else None), len(taken)
        middle = median(taken) if share == 0.5 else quantiles(taken, n=10, method="inclusive")[8]
        return middle, len(taken)

    return by_hand


def _share(part: Callable[[Row], bool], whole: Callable[[Row], bool]) -> Callable[..., tuple[float | None, int]]:
    def by_hand(cell: list[Row], _every: list[Row], _now: datetime) -> tuple[float | None, int]:
        counted = [row for row in cell if whole(row)]
        return (sum(map(part, counted)) / len(counted) if counted else None), len(counted)

    return by_hand


def _in_time(done: str, due: str) -> Callable[[list[Row], list[Row], datetime], tuple[float | None, int]]:
    def by_hand(cell: list[Row], _every: list[Row], now: datetime) -> tuple[float | None, int]:
        kept = missed = 0
        for row in cell:
            until, at = _at(row, due), _at(row, done)
            if until is None:
                continue
            if at and (done == "answered_at" or _fixed(row)):
                kept, missed = kept + (at <= until), missed + (at > until)
            elif row["state_group"] == "open" and until < (_at(row, "paused_at") or now):
                missed += 1
        return (kept / (kept + missed) if kept + missed else None), kept + missed

    return by_hand


def _fixed(row: Row) -> bool:
    return row["state"] in ("resolved", "confirmed")


def _came_back(cell: list[Row], every: list[Row], now: datetime) -> tuple[float | None, int]:
    watched = [row for row in cell if _fixed(row) and (at := _at(row, "closed_at")) and at <= now - 30 * DAY]
    back = sum(any(_is_again(row, other) for other in every) for row in watched)
    return (back / len(watched) if watched else None), len(watched)


def _is_again(row: Row, other: Row) -> bool:
    closed, filed = _at(row, "closed_at"), _at(other, "submitted_at")
    assert closed and filed
    north = (float(other["latitude"]) - float(row["latitude"])) * 111_195
    east = (float(other["longitude"]) - float(row["longitude"])) * 111_195 * cos(radians(float(row["latitude"])))
    return (
        other["category"] == row["category"]
        and other["state"] not in ("rejected", "withdrawn", "out_of_scope")
        and closed < filed <= closed + 30 * DAY
        and hypot(north, east) <= 50
    )


BY_HAND: dict[Measure, Callable[[list[Row], list[Row], datetime], tuple[float | None, int]]] = {
    Measure.MEDIAN_DAYS_TO_ANSWER: _days("answered_at", 0.5),
    Measure.P90_DAYS_TO_ANSWER: _days("answered_at", 0.9),
    Measure.MEDIAN_DAYS_TO_RESOLVE: _days("closed_at", 0.5),
    Measure.P90_DAYS_TO_RESOLVE: _days("closed_at", 0.9),
    Measure.ANSWERED_IN_TIME_SHARE: _in_time("answered_at", "answer_due_at"),
    Measure.RESOLVED_IN_TIME_SHARE: _in_time("closed_at", "resolution_due_at"),
    Measure.CONFIRMED_SHARE: _share(lambda row: row["state"] == "confirmed", _fixed),
    Measure.CONTESTED_SHARE: _share(
        lambda row: row["reopened_count"] != "0", lambda row: _fixed(row) or row["reopened_count"] != "0"
    ),
    Measure.RECURRENCE_SHARE: _came_back,
}


def test_a_rate_of_too_few_is_no_figure_of_the_table_either(
    gridville: Jurisdiction, office_user: User, now: datetime
) -> None:
    for number in range(gridville.small_sample_k + 1):
        build_complaint("pothole", at=(0.5, 0.5) if number else (1.5, 0.5), now=now - DAY)
    office = Office(office_user, parse_filters(QueryDict(""), now=now), now)
    card = office.scorecard("districts", only=("per_1000",))
    told = {line.subject.code: line.cells[0] for line in card.lines}
    assert not told["w1"].few and told["w1"].order
    assert told["w2"].few and told["w2"].cases == 1 and not told["w2"].order
