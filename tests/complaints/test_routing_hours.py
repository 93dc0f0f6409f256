"""Areas that answer at some hours only, their fallback units, and rules that are missing or cannot be read."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from catalogue.models import Calendar, Category, Jurisdiction, Schedule
from complaints.explain import explain, explain_stored
from complaints.models import Complaint, RoutingAlert, RoutingDecision
from complaints.promises import with_promises
from complaints.routing import Decision, decide
from complaints.services.allocation import hand_over, recategorise
from districts.models import ServiceArea
from tests.builders import SCALE, build_complaint, named
from tests.conftest import NOW

NIGHT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)


@pytest.fixture
def nights(gridville: Jurisdiction) -> Schedule:
    """The bin team works at night only."""
    week = {day: ["20:00-06:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    schedule = Schedule.objects.create(jurisdiction=gridville, code="night", name=named("La nuit"), week=week)
    ServiceArea.objects.filter(code="bins-w1").update(schedule=schedule)
    return schedule


def bin_at(at: datetime, *, x: float = 0.5, y: float = 1.0) -> Decision:
    return decide(x * SCALE, y * SCALE, "overflowing-bin", at=at)


def test_outside_its_hours_an_area_steps_back_for_the_next(nights: Schedule) -> None:
    by_night, by_day = bin_at(NIGHT), bin_at(NOW)
    assert (by_night.unit.code, by_night.passed_over) == ("bin-team", None)
    assert by_day.unit.code == "waste-north"
    assert by_day.passed_over is not None and by_day.passed_over.code == "bins-w1"
    assert by_day.runner_up is not None and by_day.runner_up.code == "south"


def test_with_a_fallback_unit_the_area_keeps_its_place(gridville: Jurisdiction, nights: Schedule) -> None:
    ServiceArea.objects.filter(code="bins-w1").update(fallback_unit=gridville.units.get(code="roads-dept"))
    decision = bin_at(NOW)
    assert (decision.unit.code, decision.by_fallback, decision.reason) == ("roads-dept", True, "category_area")
    assert decision.area is not None and decision.area.code == "bins-w1"
    assert not bin_at(NIGHT).by_fallback


def test_hours_are_those_of_the_city_and_cost_no_statement(nights: Schedule, gridville: Jurisdiction) -> None:
    assert bin_at(datetime(2026, 7, 1, 19, 30, tzinfo=UTC)).unit.code == "bin-team"  # 20:30 there (UTC+1 in July)
    assert bin_at(datetime(2026, 7, 1, 18, 30, tzinfo=UTC)).unit.code == "waste-north"
    with CaptureQueriesContext(connection) as queries:
        bin_at(NIGHT)
    assert len(queries) == 1


def test_the_hour_that_counts_is_that_of_the_filing(nights: Schedule, triage_officer: object) -> None:
    """Corrected by day, a complaint filed at night goes where it would have gone at night."""
    complaint = build_complaint("litter", at=(0.5, 1.0), now=NIGHT)
    recategorise(complaint.pk, "overflowing-bin", acting_user=triage_officer, now=NOW.replace(day=24))  # type: ignore[arg-type]
    complaint.refresh_from_db()
    assert complaint.unit.code == "bin-team"


def test_the_rule_that_decided_is_kept(gridville: Jurisdiction) -> None:
    assert bin_at(NOW).rule == "category"
    assert decide(0.5 * SCALE, 1.0 * SCALE, "litter", at=NOW).rule == "priority"
    ServiceArea.objects.filter(code="south").update(priority=10)
    assert decide(0.5 * SCALE, 1.0 * SCALE, "litter", at=NOW).rule == "smaller"
    ServiceArea.objects.filter(code__in=["north", "south"]).update(area_m2=1.0)
    assert decide(0.5 * SCALE, 1.0 * SCALE, "litter", at=NOW).rule == "code"
    assert decide(0.5 * SCALE, 1.5 * SCALE, "litter", at=NOW).rule == ""


def test_it_is_explained_in_three_languages_the_same_before_and_after_storing(
    gridville: Jurisdiction, nights: Schedule
) -> None:
    ServiceArea.objects.filter(code="south").update(schedule=nights)
    filed = build_complaint("overflowing-bin", at=(0.5, 0.5), now=NOW)
    stored = RoutingDecision.objects.get(complaint=filed)
    told = {}
    for language in ("fr", "ar", "en"):
        with translation.override(language):
            told[language] = explain_stored(stored)
            assert told[language] == explain(bin_at(NOW, y=0.5))
    assert len(set(told.values())) == 3
    assert "La nuit en" in told["en"] and "bins-w1 en" in told["en"]


def test_nothing_covers_and_nobody_stays_silent(gridville: Jurisdiction, triage_officer: object) -> None:
    complaint = build_complaint("litter", at=(3.8, 1.8), now=NOW)
    alert = RoutingAlert.objects.get()
    assert (alert.complaint, alert.kind, alert.service.code) == (complaint, "no_unit", "cleanliness")
    hand_over(complaint.pk, gridville.units.get(code="bin-team"), acting_user=triage_officer, now=NOW)  # type: ignore[arg-type]
    alert.refresh_from_db()
    assert alert.closed_at == NOW


def test_a_schedule_that_cannot_be_read_sends_to_triage_and_says_so(gridville: Jurisdiction, nights: Schedule) -> None:
    Schedule.objects.filter(pk=nights.pk).update(week={"someday": 5})
    complaint = build_complaint("overflowing-bin", at=(0.5, 1.0), now=NOW)
    assert complaint.unit.code == "registry"
    assert RoutingDecision.objects.get().reason == "broken_rule"
    assert RoutingAlert.objects.get().kind == "broken_schedule"
    # A broken rule that would not have decided spoils nothing.
    ServiceArea.objects.filter(code="bins-w1").update(schedule=None)
    ServiceArea.objects.filter(code="south").update(schedule=nights)
    assert bin_at(NOW).unit.code == "bin-team"


def test_a_calendar_that_cannot_be_read_sends_to_triage_and_says_so(gridville: Jurisdiction) -> None:
    broken = Calendar.objects.create(jurisdiction=gridville, code="broken", name=named("x"), week={"mon": "always"})
    gridville.units.filter(code="bin-team").update(calendar=broken)
    complaint = build_complaint("overflowing-bin", at=(0.5, 1.0), now=NOW)
    assert complaint.unit.code == "registry" and complaint.resolution_due_at is not None
    assert RoutingAlert.objects.get().kind == "broken_calendar"
    gridville.units.update(calendar=broken)
    decision, promises = with_promises(bin_at(NOW), at=NOW)
    assert (decision.unit.code, promises) == ("registry", None)
    assert build_complaint("overflowing-bin", at=(0.5, 1.0), now=NOW).resolution_due_at is None


def test_a_city_without_a_triage_unit_still_takes_complaints(gridville: Jurisdiction) -> None:
    Jurisdiction.objects.filter(pk=gridville.pk).update(triage_unit=None)
    complaint = build_complaint("litter", at=(3.8, 1.8), now=NOW)
    assert complaint.unit == gridville.units.order_by("code").first()
    assert RoutingAlert.objects.get().kind == "no_triage_unit"


def test_a_delay_that_cannot_be_read_raises_an_alert_too(gridville: Jurisdiction) -> None:
    Category.objects.filter(code="litter").update(answer_within="soon")
    complaint = build_complaint("litter", at=(0.5, 1.0), now=NOW)
    assert (complaint.unit.code, complaint.answer_due_at) == ("registry", None)
    assert RoutingAlert.objects.get().kind == "broken_calendar"


def test_the_world_is_not_told_areas_where_the_place_is_coarse(gridville: Jurisdiction, client: object) -> None:
    complaint = build_complaint("noise", at=(0.5, 1.0), now=NOW)
    assert Complaint.objects.get(pk=complaint.pk).place_precision == "grid"
    page = client.get(f"/en/complaints/{complaint.tracking_number}/").content.decode()  # type: ignore[attr-defined]
    assert "Sécurité en" in page and "outside the city" not in page and "wherever no service area" not in page
