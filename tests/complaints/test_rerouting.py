"""New boundaries: what they would move is shown before, moved after, told to everybody concerned, and nothing else changes."""

import json
from datetime import datetime, timedelta
from random import Random

import pytest
from django.core.management import call_command

from accounts.models import Role, User
from catalogue.models import Jurisdiction, Service
from catalogue.snapshot import current_snapshot
from complaints.models import Complaint, Event, Rerouting, RoutingAlert, RoutingDecision, Simulation
from complaints.services import rerouting
from complaints.services.allocation import assign, hand_over
from complaints.services.locking import lock_all
from complaints.services.merging import merge
from complaints.services.rerouting import plan, reroute
from complaints.services.routing_jobs import (
    request_rerouting,
    request_simulation,
    run_due_reroutings,
    run_due_simulations,
)
from complaints.services.transitions import change_state
from complaints.simulation import months_before, router_after, router_with, simulate
from complaints.workflow import State, Verb
from districts.editions import activate
from districts.models import BoundaryEdition, District, ServiceArea, service_areas_layer
from notifications.models import OutboxMessage
from tests.builders import SCALE, box, build_complaint, build_edition, build_staff
from tests.conftest import NOW

LATER = NOW + timedelta(days=2)


def redraw(city: Jurisdiction, **shapes: tuple[float, float, float, float]) -> BoundaryEdition:
    """A second edition of the cleanliness areas, not active, in which some have another shape."""
    layer = service_areas_layer("cleanliness")
    edition = build_edition(city, layer, active=False, number=2)
    for area in ServiceArea.objects.filter(edition__layer=layer, edition__number=1, jurisdiction=city):
        area.pk, area._state.adding, area.edition = None, True, edition
        if area.code in shapes:
            area.geometry = box(*shapes[area.code])
        area.save()
    return edition


@pytest.fixture
def north_grows(gridville: Jurisdiction) -> BoundaryEdition:
    """North reaches down to latitude 0.5 instead of 0.9."""
    return redraw(gridville, north=(0.0, 0.5, 3.0, 2.0))


def moved_pairs(edition: BoundaryEdition, city: Jurisdiction) -> list[tuple[str, str, int, int]]:
    result = simulate(city, router_with(city, [edition]), months=12, now=LATER)
    return [(m.from_code, m.to_code, m.n, m.n_open) for m in result.units]


def test_a_simulation_counts_what_would_move_and_writes_nothing(
    gridville: Jurisdiction, north_grows: BoundaryEdition, triage_officer: User
) -> None:
    for x in (0.2, 0.4, 1.2):
        build_complaint("litter", at=(x, 0.7), now=NOW)
    closed = build_complaint("litter", at=(1.4, 0.7), now=NOW)
    change_state(closed.pk, Verb.REJECT, acting_user=triage_officer, now=NOW, note="x", reason="not_founded")
    by_hand = build_complaint("litter", at=(1.6, 0.7), now=NOW)
    hand_over(by_hand.pk, gridville.units.get(code="bin-team"), acting_user=triage_officer, now=NOW)
    build_complaint("litter", at=(1.2, 0.3), now=NOW)
    build_complaint("pothole", at=(0.2, 0.7), now=NOW)
    build_complaint("litter", at=(0.2, 0.7), now=NOW - timedelta(days=400))
    before = (Event.objects.count(), RoutingDecision.objects.count())
    result = simulate(gridville, router_with(gridville, [north_grows]), months=12, now=LATER)
    assert [(m.from_code, m.to_code, m.n, m.n_open) for m in result.units] == [("waste-south", "waste-north", 5, 4)]
    assert (result.looked_at, result.open, result.moved, result.moved_open) == (7, 7, 5, 4)
    assert result.kept_by_hand == 1 and result.districts == [] and result.left_outside == 0
    assert sum(cell.n for cell in result.cells) == 5 and sum(cell.n_open for cell in result.cells) == 4
    assert all(abs(cell.latitude - 0.007) < 0.002 for cell in result.cells)
    assert (Event.objects.count(), RoutingDecision.objects.count()) == before


def test_new_districts_are_simulated_too(gridville: Jurisdiction) -> None:
    build_complaint("pothole", at=(0.95, 0.7), now=NOW)
    build_complaint("pothole", at=(3.9, 1.9), now=NOW)
    edition = build_edition(gridville, "districts", active=False, number=2)
    shapes = {"w1": (0, 0, 0.9, 2), "w2": (0.9, 0, 2, 2), "e2": (3, 0, 3.8, 2), "east": (2, 0, 3.8, 2)}
    for district in District.objects.filter(edition__number=1):
        district.pk, district._state.adding, district.edition = None, True, edition
        if district.code in shapes:
            district.geometry = box(*shapes[district.code])
        district.save()
    result = simulate(gridville, router_with(gridville, [edition]), months=1, now=LATER)
    assert [(m.from_code, m.to_code, m.n, m.n_open) for m in result.districts] == [("w1", "w2", 1, 1)]
    assert (result.moved, result.left_outside) == (0, 1)
    activate(edition, requested_by="x", now=NOW)
    outcome = reroute(request_rerouting(gridville, requested_by="x", now=LATER), now=LATER)
    assert (outcome.moved, outcome.outside) == (1, 1)
    assert Complaint.objects.filter(district__code="w2", district__edition=edition).count() == 1
    # Another district alone is no news for the reporter or the units.
    assert not OutboxMessage.objects.exists()


def test_a_change_of_the_catalogue_is_tried_and_taken_back(gridville: Jurisdiction) -> None:
    build_complaint("pothole", at=(0.2, 0.7), now=NOW)
    version = current_snapshot(gridville).jurisdiction.catalogue_version

    def change() -> None:
        roads = Service.objects.get(code="roads")
        roads.default_unit = gridville.units.get(code="bin-team")
        roads.save()

    result = simulate(gridville, router_after(gridville, change), months=1, now=LATER)
    assert [(m.from_code, m.to_code, m.n, m.n_open) for m in result.units] == [("roads-dept", "bin-team", 1, 1)]
    default = Service.objects.get(code="roads").default_unit
    assert default is not None and default.code == "roads-dept"
    assert current_snapshot(gridville).jurisdiction.catalogue_version == version


def scatter(count: int, *, seed: int = 3) -> list[Complaint]:
    rng = Random(seed)
    kinds = ["litter", "overflowing-bin", "pothole"]
    return [
        build_complaint(rng.choice(kinds), at=(rng.uniform(0, 4), rng.uniform(0, 2)), now=NOW, email="r@example.org")
        for _ in range(count)
    ]


def test_a_dry_run_is_exactly_the_real_run(gridville: Jurisdiction, north_grows: BoundaryEdition) -> None:
    scatter(80)
    activate(north_grows, requested_by="x", now=NOW)
    dry = plan(gridville)
    states = list(Complaint.objects.order_by("pk").values_list("unit", "district", "updated_at"))
    assert dry.moved > 2 and states == list(
        Complaint.objects.order_by("pk").values_list("unit", "district", "updated_at")
    )
    real = reroute(request_rerouting(gridville, requested_by="x", now=LATER), now=LATER)
    assert real == dry
    again = reroute(request_rerouting(gridville, requested_by="x", now=LATER), now=LATER)
    assert (again.moved, again.complaints) == (0, []) and plan(gridville) == again


def test_the_command_shows_the_same_dry_and_wet(
    gridville: Jurisdiction, north_grows: BoundaryEdition, capsys: pytest.CaptureFixture[str]
) -> None:
    scatter(25)
    activate(north_grows, requested_by="x", now=NOW)
    told = []
    for extra in (["--dry-run"], [], []):
        call_command("reroute", "--jurisdiction", "gridville", "--json", *extra)
        told.append(json.loads(capsys.readouterr().out.strip().splitlines()[-1]))
    assert told[0] == told[1] and told[0]["counts"]["moved"] == len(told[0]["complaints"]) > 0
    assert sum(move["n"] for move in told[0]["moves"]) == told[0]["counts"]["moved"]
    assert told[2]["counts"]["moved"] == 0
    assert Rerouting.objects.filter(done_at__isnull=False).count() == 2


def test_what_moves_is_recorded_and_everybody_concerned_is_told(
    gridville: Jurisdiction, north_grows: BoundaryEdition, triage_officer: User
) -> None:
    complaint = build_complaint("litter", at=(0.4, 0.7), now=NOW, email="rita@example.org")
    crew = build_staff("kamal", Role.CREW_MEMBER, gridville, unit="waste-south")
    User.objects.filter(pk=crew.pk).update(email="kamal@example.org")
    assign(complaint.pk, crew, acting_user=triage_officer, now=NOW)
    promises = Complaint.objects.values_list("answer_due_at", "resolution_due_at").get()
    OutboxMessage.objects.all().delete()
    activate(north_grows, requested_by="adil", now=NOW, reroute_open=True)
    assert run_due_reroutings(now=LATER) == 1
    assert run_due_reroutings(now=LATER) == 0
    complaint.refresh_from_db()
    assert (complaint.unit.code, complaint.assigned_to, complaint.updated_at) == ("waste-north", None, LATER)
    assert (complaint.answer_due_at, complaint.resolution_due_at) == promises
    event = Event.objects.get(kind=Event.Kind.REROUTED)
    assert event.is_public and (event.data["from"], event.data["to"]) == ("waste-south", "waste-north")
    newest = complaint.decisions.first()
    assert newest is not None and newest.edition == north_grows and newest.decided_at == LATER
    mails = {m.recipient: m for m in OutboxMessage.objects.all()}
    assert set(mails) == {
        "rita@example.org", "waste-south@example.org", "waste-north@example.org", "kamal@example.org",
    }  # fmt: skip
    assert "waste-north" in mails["rita@example.org"].body
    assert all(complaint.tracking_number in mail.body for mail in mails.values())


def test_who_was_chosen_by_hand_closed_or_merged_stays(
    gridville: Jurisdiction, north_grows: BoundaryEdition, triage_officer: User
) -> None:
    by_hand, closed, primary, member = (build_complaint("litter", at=(0.4, 0.7), now=NOW) for _ in range(4))
    hand_over(by_hand.pk, gridville.units.get(code="bin-team"), acting_user=triage_officer, now=NOW)
    change_state(closed.pk, Verb.REJECT, acting_user=triage_officer, now=NOW, note="x", reason="not_founded")
    merge(member.pk, primary.pk, acting_user=triage_officer, now=NOW)
    activate(north_grows, requested_by="x", now=NOW)
    outcome = reroute(request_rerouting(gridville, requested_by="x", now=LATER), now=LATER)
    assert (outcome.moved, outcome.kept_by_hand, outcome.looked_at) == (1, 1, 2)
    units = dict(Complaint.objects.values_list("pk", "unit__code"))
    assert (units[by_hand.pk], units[closed.pk], units[primary.pk]) == ("bin-team", "waste-south", "waste-north")
    assert Complaint.objects.get(pk=closed.pk).state == State.REJECTED


def test_an_area_that_is_mended_settles_the_alert(gridville: Jurisdiction) -> None:
    build_complaint("litter", at=(3.8, 1.8), now=NOW)
    assert RoutingAlert.objects.filter(closed_at=None).count() == 1
    activate(redraw(gridville, north=(0.0, 0.5, 4.0, 2.0)), requested_by="x", now=NOW)
    reroute(request_rerouting(gridville, requested_by="x", now=LATER), now=LATER)
    assert RoutingAlert.objects.get().closed_at == LATER
    activate(BoundaryEdition.objects.get(layer=service_areas_layer("cleanliness"), number=1), requested_by="x", now=NOW)
    reroute(request_rerouting(gridville, requested_by="x", now=LATER), now=LATER)
    assert RoutingAlert.objects.filter(closed_at=None).count() == 1


def test_a_run_that_died_is_continued_and_the_units_hear_of_all(
    gridville: Jurisdiction, north_grows: BoundaryEdition, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        build_complaint("litter", at=(0.2 + number / 10, 0.7), now=NOW)
    activate(north_grows, requested_by="x", now=NOW)
    job = request_rerouting(gridville, requested_by="x", now=LATER)
    monkeypatch.setattr(rerouting, "BATCH", 2)

    def die(moved: int) -> None:
        if moved == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reroute(job, now=LATER, on_step=die)
    assert Complaint.objects.filter(unit__code="waste-north").count() == 4 and not OutboxMessage.objects.exists()
    assert run_due_reroutings(now=LATER) == 1
    job.refresh_from_db()
    assert (job.moved, job.queue_state) == (5, "done")
    mail = OutboxMessage.objects.get(recipient="waste-north@example.org")
    assert mail.subject.count("5") == 1 and mail.body.count("GRI-") >= 5


def test_who_acts_meanwhile_wins(
    gridville: Jurisdiction, north_grows: BoundaryEdition, triage_officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = build_complaint("litter", at=(0.4, 0.7), now=NOW)
    activate(north_grows, requested_by="x", now=NOW)

    def handed_over_first(ids: object) -> dict[int, Complaint]:
        hand_over(complaint.pk, gridville.units.get(code="bin-team"), acting_user=triage_officer, now=NOW)
        monkeypatch.setattr(rerouting, "lock_all", lock_all)
        return lock_all(ids)  # type: ignore[arg-type]

    monkeypatch.setattr(rerouting, "lock_all", handed_over_first)
    outcome = reroute(request_rerouting(gridville, requested_by="x", now=LATER), now=LATER)
    assert (outcome.moved, outcome.changed_meanwhile) == (0, 1)
    complaint.refresh_from_db()
    assert complaint.unit.code == "bin-team"


def test_a_simulation_is_asked_for_and_answered_later(gridville: Jurisdiction, north_grows: BoundaryEdition) -> None:
    build_complaint("litter", at=(0.4, 0.7), now=NOW)
    row = request_simulation(gridville, [north_grows], months=12, requested_by="adil", now=LATER)
    assert run_due_simulations(now=LATER) == 1
    row = Simulation.objects.get(pk=row.pk)
    assert (row.queue_state, row.looked_at, row.moved, row.moved_open) == ("done", 1, 1, 1)
    assert list(row.moves.values_list("kind", "from_code", "to_code", "n", "n_open")) == [
        ("unit", "waste-south", "waste-north", 1, 1)
    ]
    assert row.cells.count() == 1


@pytest.mark.parametrize(
    ("moment", "months", "expected"),
    [
        (datetime(2026, 11, 23), 1, datetime(2026, 10, 23)),
        (datetime(2026, 3, 31), 1, datetime(2026, 2, 28)),
        (datetime(2026, 1, 15), 12, datetime(2025, 1, 15)),
        (datetime(2026, 1, 15), 1, datetime(2025, 12, 15)),
        (datetime(2024, 2, 29), 24, datetime(2022, 2, 28)),
    ],
)
def test_months_are_the_calendars(moment: datetime, months: int, expected: datetime) -> None:
    assert months_before(moment, months) == expected


def test_the_place_keeps_what_it_shows(gridville: Jurisdiction) -> None:
    """A complaint at coarse precision keeps its policy, and is counted again in its new district."""
    complaint = build_complaint("noise", at=(0.95, 0.7), now=NOW)
    edition = build_edition(gridville, "districts", active=False, number=2)
    for district in District.objects.filter(edition__number=1):
        district.pk, district._state.adding, district.edition = None, True, edition
        district.geometry = {"w1": box(0, 0, 0.9, 2), "w2": box(0.9, 0, 2, 2)}.get(district.code, district.geometry)
        district.save()
    activate(edition, requested_by="x", now=NOW)
    reroute(request_rerouting(gridville, requested_by="x", now=LATER), now=LATER)
    complaint.refresh_from_db()
    assert complaint.district is not None and complaint.district.code == "w2"
    assert complaint.place_precision == "grid" and complaint.place_shown == "withheld"
    assert abs(complaint.point.x - 0.95 * SCALE) < 1e-9
