"""The counts: what a change takes out of them and puts in, and that they are what counting from scratch says."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Role, User
from analytics.feed import consume, rebuild
from analytics.models import Counted, DayCount, SquareCount, TallyVersion
from analytics.tally import keeping, sums
from analytics.tally.spots import SPOT_ZOOM, Square
from analytics.tally.states import STATES
from api.grid import bounds
from catalogue.models import Jurisdiction
from complaints.errors import ComplaintError
from complaints.models import Complaint, FeedItem
from complaints.services.allocation import recategorise
from complaints.services.merging import merge, separate
from complaints.services.publication import hide, unhide
from complaints.services.rerouting import reroute
from complaints.services.routing_jobs import request_rerouting
from complaints.services.small_places import settle_places
from complaints.services.transitions import change_state
from complaints.workflow import RejectReason, State, Verb, WorkflowError
from districts.editions import activate
from districts.models import BoundaryEdition, District
from tests.builders import box, build_complaint, build_edition, build_enough, build_gridville, build_staff
from tests.complaints.test_import import row as old_row
from tests.complaints.test_import import run, write_csv
from tests.conftest import NOW

DAY = timedelta(days=1)
EVER, MONTH, ONE_DAY = DayCount.Span


def everything() -> dict[str, list[Any]]:
    """All rows of all counts, in one order."""
    told = {}
    for model in (Counted, SquareCount, DayCount):
        columns = [field.attname for field in model._meta.concrete_fields]
        told[model.__name__] = sorted(model._default_manager.values_list(*columns), key=repr)
    return told


def from_scratch(now: datetime) -> dict[str, list[Any]]:
    for model in (Counted, SquareCount, DayCount):
        model._default_manager.all().delete()
    assert sum(batch.complaints for batch in rebuild(now=now)) == Complaint.objects.count()
    return everything()


def test_places_have_the_same_number_in_both_languages(db: None) -> None:
    places = [(0, 0), (-5.3684, 35.5727), (179.999, -85), (-180, 85.05), (-118.24, 34.05), (1e-9, -1e-9)]
    with connection.cursor() as cursor:
        for lon, lat in places:
            cursor.execute("SELECT analytics_spot(%s, %s)", [lon, lat])
            square = Square.of_number(SPOT_ZOOM, cursor.fetchone()[0])
            west, south, east, north = bounds(SPOT_ZOOM, square.x, square.y)
            assert west - 1e-9 <= lon <= east + 1e-9 and south - 1e-9 <= lat <= north + 1e-9


@given(st.integers(0, 2**SPOT_ZOOM - 1), st.integers(0, 2**SPOT_ZOOM - 1), st.integers(0, SPOT_ZOOM))
def test_a_square_is_one_range_of_the_finer_ones(x: int, y: int, zoom: int) -> None:
    spot = Square(SPOT_ZOOM, x, y)
    assert Square.of_number(SPOT_ZOOM, spot.number) == spot
    up = SPOT_ZOOM - zoom
    first, after = Square(zoom, x >> up, y >> up).range_at(SPOT_ZOOM)
    assert first <= spot.number < after


def test_a_complaint_is_counted_in_every_square_month_and_day(
    gridville: Jurisdiction, now: datetime, triage_officer: User
) -> None:
    complaint = build_complaint(now=now)
    consume(now=now)
    squares = SquareCount.objects.all()
    assert {(row.zoom, row.month) for row in squares} == {
        *((z, m) for z in keeping.SQUARE_ZOOMS for m in (0, 202611)), (12, 20261123)
    }  # fmt: skip
    assert {(row.n, row.received, row.late, row.promised) for row in squares} == {(1, 1, 0, 1)}
    assert {bool(row.district_id) for row in squares if row.zoom >= 14} == {True}
    assert complaint.public_point is not None
    assert {row.sum_x for row in squares} == {round(complaint.public_point.x * 1e7)}
    days = DayCount.objects.all()
    assert {(row.span, row.day) for row in days} == {
        (EVER, date(1, 1, 1)), (MONTH, date(2026, 11, 1)), (ONE_DAY, date(2026, 11, 23))
    }  # fmt: skip
    change_state(complaint.pk, Verb.ACCEPT, acting_user=triage_officer, now=now)
    consume(now=now)
    assert {(row.n, row.received, row.accepted) for row in [*SquareCount.objects.all(), *DayCount.objects.all()]} == {
        (1, 0, 1)
    }


def test_days_are_the_citys(gridville: Jurisdiction) -> None:
    Jurisdiction.objects.update(time_zone="America/Los_Angeles")
    build_complaint(now=datetime(2026, 11, 1, 6, 30, tzinfo=UTC))
    build_complaint(now=datetime(2026, 11, 1, 8, 30, tzinfo=UTC))
    consume(now=NOW)
    assert sorted(Counted.objects.values_list("day", flat=True)) == [date(2026, 10, 31), date(2026, 11, 1)]
    assert {row.month for row in SquareCount.objects.all()} == {0, 202610, 202611, 20261031, 20261101}


def test_who_may_know_what_is_kept_apart(gridville: Jurisdiction, now: datetime, moderator: User) -> None:
    for category in ("pothole", "domestic", "noise"):
        build_complaint(category, now=now)
    hide(build_complaint(now=now).pk, acting_user=moderator, now=now)
    consume(now=now)
    ever = {row.audience: row.n for row in DayCount.objects.filter(span=EVER, service_id__gt=0)}
    audiences = Counted.Audience
    by_audience = {a: sum(r.n for r in DayCount.objects.filter(span=EVER, audience=a)) for a in audiences}
    assert (
        by_audience[audiences.STAFF] == 2 and by_audience[audiences.UNIT] == 1 and by_audience[audiences.DISTRICT] == 1
    )
    assert ever
    assert {row.n for row in SquareCount.objects.all()} == {1}, "only the pothole stands on the map"


def test_a_sensitive_place_enters_the_squares_when_it_is_shown(gridville: Jurisdiction, now: datetime) -> None:
    build_enough("noise", now=now)
    consume(now=now)
    assert {row.n for row in SquareCount.objects.all()} == {5}


def test_what_the_clock_alone_made_late_is_counted(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    consume(now=now)
    assert complaint.answer_due_at is not None
    assert keeping.count_newly_late(now=complaint.answer_due_at) == 0
    assert keeping.count_newly_late(now=complaint.answer_due_at + timedelta(seconds=1)) == 1
    assert {row.late for row in [*SquareCount.objects.all(), *DayCount.objects.all()]} == {1}
    assert keeping.count_newly_late(now=now + 300 * DAY) == 0


def test_the_version_rises_only_with_the_numbers(gridville: Jurisdiction, now: datetime) -> None:
    complaint = build_complaint(now=now)
    consume(now=now)
    version = TallyVersion.objects.get().version
    FeedItem.objects.create(complaint=complaint, created_at=now, next_attempt_at=now)
    assert consume(now=now) == 1
    assert TallyVersion.objects.get().version == version
    build_complaint(now=now)
    consume(now=now)
    assert TallyVersion.objects.get().version == version + 1


def test_damaged_counts_are_named_and_put_right(gridville: Jurisdiction, as_runtime_role: None, now: datetime) -> None:
    build_complaint(now=now)
    consume(now=now)
    sound = everything()
    SquareCount.objects.filter(zoom=12).update(n=7)
    DayCount.objects.filter(span=MONTH).delete()
    Counted.objects.update(late=True)
    assert list(sums.wrong_sums(gridville)) and not all(right for _pk, right in keeping.counted_again(now=now))
    out = StringIO()
    call_command("rebuild_analytics", "--json", stdout=out, stderr=StringIO())
    assert everything() == sound or Counted.objects.get().late, out.getvalue()
    assert not list(sums.wrong_sums(gridville))


STEP = st.tuples(
    st.integers(0, 5),
    st.sampled_from(
        ["ask", "reply", "resolve", "contest", "reopen", "reject", "withdraw", "move", "hide", "unhide", "merge",
         "separate", "settle", "consume", "late", "file", "import", "reroute"]
    ),
    st.integers(1, 100),
)  # fmt: skip


# Whatever chance draws, this history is always among those tried.
EVERYTHING_ONCE = (
    "import", "consume", "merge", "reroute", "consume", "hide", "import", "resolve", "reroute", "contest", "separate",
    "unhide", "move", "resolve", "reopen", "settle", "late", "file",
)  # fmt: skip


class RandomHistories(TestCase):
    """Hypothesis resets the database between examples only in Django's own test case."""

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=st.lists(STEP, min_size=5, max_size=25))
    @example(steps=[(n % 6, what, 5) for n, what in enumerate(EVERYTHING_ONCE)])
    def test_what_the_feed_made_is_what_counting_from_scratch_says(self, steps: list[tuple[int, str, int]]) -> None:
        city = build_gridville()
        officer, moderator = build_staff("tarik", Role.TRIAGE_OFFICER, city), build_staff("mo", Role.MODERATOR, city)
        for n in range(6):
            build_complaint(("pavement", "noise")[n % 2], at=(0.3 + n // 3, 0.5), now=NOW + n * timedelta(minutes=1))
        clock = NOW
        for which, what, hours in steps:
            clock += timedelta(hours=hours)
            _play(which, what, officer, moderator, clock)
        settle_places(now=clock)
        end = clock + DAY
        while consume(now=end, limit=4):
            pass
        while keeping.count_newly_late(now=end, limit=2):
            pass
        made = everything()
        assert not list(sums.wrong_sums(city)) and all(right for _pk, right in keeping.counted_again(now=end))
        for batch in rebuild(now=end):
            assert (batch.added, batch.corrected) == (0, 0)
        assert from_scratch(end) == made
        for row in SquareCount.objects.all():
            assert row.n > 0 and row.n == sum(getattr(row, state) for state in STATES)


def _play(which: int, what: str, officer: User, moderator: User, clock: datetime) -> None:
    """One step of a history; what the workflow refuses does not happen."""
    rows = list(Complaint.objects.order_by("pk"))
    chosen, other = rows[which % len(rows)], rows[(which + 1) % len(rows)]
    try:
        if what == "consume":
            consume(now=clock, limit=3)
        elif what == "late":
            keeping.count_newly_late(now=clock)
        elif what == "settle":
            settle_places(now=clock)
        elif what == "file":
            build_complaint("noise", at=(0.3, 0.5), now=clock)
        elif what == "import":
            _import(chosen.jurisdiction, clock)
        elif what == "reroute":
            _reroute(chosen.jurisdiction, clock)
        elif what in ("hide", "unhide"):
            (hide if what == "hide" else unhide)(chosen.pk, acting_user=moderator, now=clock)
        elif what == "merge":
            merge(chosen.pk, other.pk, acting_user=officer, now=clock)
        elif what == "separate":
            separate(chosen.pk, acting_user=officer, now=clock)
        elif what == "move":
            code = "pothole" if chosen.category.code != "pothole" else "vagrancy"
            recategorise(chosen.pk, code, acting_user=officer, now=clock)
        else:
            user = None if what in ("reply", "contest", "withdraw") else officer
            reason = RejectReason.NOT_FOUNDED.value if what == "reject" else "no_trace"
            change_state(chosen.pk, Verb(what), acting_user=user, now=clock, note="words", reason=reason)
    except (WorkflowError, ComplaintError):
        return


def _import(city: Jurisdiction, clock: datetime) -> None:
    """Two rows of an old system, one of them closed long ago."""
    number = Complaint.objects.count()
    opened = {"opened": "10/20/2026 01:30:00 PM"}
    rows = [
        old_row(f"old-{number}", (0.4, 0.5), **opened),
        old_row(f"closed-{number}", (1.4, 0.5), status="Closed", closed="10/22/2026 01:30:00 PM", **opened),
    ]
    with TemporaryDirectory() as folder:
        assert run(city, write_csv(Path(folder), rows), clock).counts["imported"] == 2


def _reroute(city: Jurisdiction, clock: datetime) -> None:
    """The border between two districts moves to and fro, and everything is routed anew."""
    newest = BoundaryEdition.objects.filter(jurisdiction=city, layer="districts").order_by("-number")[0]
    edition = build_edition(city, "districts", active=False, number=newest.number + 1)
    border = 0.35 if edition.number % 2 else 1.0
    shapes = {"w1": (0, 0, border, 2), "w2": (border, 0, 2, 2)}
    for district in District.objects.filter(edition=newest):
        district.pk, district._state.adding, district.edition = None, True, edition
        if district.code in shapes:
            district.geometry = box(*shapes[district.code])
        district.save()
    activate(edition, requested_by="x", now=clock)
    reroute(request_rerouting(city, requested_by="x", now=clock), now=clock)


def test_every_state_has_its_number() -> None:
    assert set(STATES) == set(State.values)
