"""Holes, ties and units that cannot be reached: found with their share of ground and people, and told where staff looks."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from catalogue.models import Calendar, Jurisdiction, Schedule, Service
from catalogue.snapshot import current_snapshot
from districts.citypack.loading import load_city
from districts.coverage import Finding, coverage, rules_hash
from districts.coverage_reports import current_report, make_report, refresh_reports
from districts.models import CoverageReport, District, ServiceArea
from tests.builders import box, build_complaint, named
from tests.conftest import NOW, SignIn
from tests.districts.test_load_city import PACK

TODAY = NOW.astimezone(ZoneInfo("Africa/Casablanca"))


def found(city: Jurisdiction) -> dict[tuple[str, str, str], Finding]:
    """By kind, service and category."""
    result = coverage(current_snapshot(city), today=TODAY)
    return {
        (f.kind.value, f.service.code if f.service else "", f.category.code if f.category else ""): f
        for f in result.findings
    }


def test_the_hole_of_gridville_has_its_share_of_ground_and_people(gridville: Jurisdiction) -> None:
    """North-east ends at longitude 3.5, south at latitude 1.1: half of e2's upper part has nobody."""
    findings = found(gridville)
    hole = findings["no_unit", "cleanliness", ""]
    assert hole.area_share == pytest.approx(0.5 * 0.9 / 8, abs=1e-4)
    # e2 has 100 of 4,000 residents; the hole is 0.45 of its 2 squares.
    assert hole.residents == round(100 * 0.45 / 2)
    assert hole.residents_share == pytest.approx(22.5 / 4000, abs=1e-4)
    assert hole.at is None and hole.units == ()
    assert hole.shape.bounds == pytest.approx((0.035, 0.011, 0.04, 0.02), abs=1e-7)
    # Roads have a default unit, security too; nobody ties, everybody can be reached.
    assert set(findings) == {("no_unit", "cleanliness", ""), ("no_unit", "cleanliness", "overflowing-bin")}


def test_a_default_unit_leaves_no_hole(gridville: Jurisdiction) -> None:
    Service.objects.filter(code="cleanliness").update(default_unit=gridville.units.get(code="registry"))
    assert found(gridville) == {}


def test_two_units_at_one_priority_are_a_tie_where_nobody_stands_above(gridville: Jurisdiction) -> None:
    ServiceArea.objects.filter(code="south").update(priority=10)
    tie = found(gridville)["tie", "cleanliness", ""]
    assert tie.units == ("waste-north", "waste-south")
    assert tie.area_share == pytest.approx(3.5 * 0.2 / 8, abs=1e-4)
    # The bins of w1 stand above: over overflowing bins there is no dispute there.
    bins = found(gridville)["tie", "cleanliness", "overflowing-bin"]
    assert bins.area_share == pytest.approx(2.5 * 0.2 / 8, abs=1e-4)
    # One unit's own areas may overlap as they like.
    ServiceArea.objects.filter(code="north-east").update(geometry=box(2.0, 0.9, 3.5, 2.0))
    assert found(gridville)["tie", "cleanliness", ""].area_share == pytest.approx(3.5 * 0.2 / 8, abs=1e-4)


def test_a_unit_that_cannot_be_reached_or_keeps_no_hours_is_found_where_it_answers(gridville: Jurisdiction) -> None:
    gridville.units.filter(code="waste-south").update(email="")
    broken = Calendar.objects.create(jurisdiction=gridville, code="broken", name=named("x"), week={"mon": "all"})
    gridville.units.filter(code="roads-dept").update(calendar=broken)
    findings = found(gridville)
    silent = findings["no_contact", "cleanliness", ""]
    # All of the south but for the strip that north has taken over.
    assert silent.units == ("waste-south",)
    assert silent.area_share == pytest.approx((4 * 0.9 + 0.5 * 0.2) / 8, abs=1e-4)
    assert findings["no_calendar", "roads", ""].area_share == pytest.approx(1.0)
    gridville.units.filter(code="waste-south").update(phone="+212 5")
    assert ("no_contact", "cleanliness", "") not in found(gridville)


def test_the_triage_unit_is_looked_at_too(gridville: Jurisdiction) -> None:
    gridville.units.filter(code="registry").update(email="", phone="")
    assert found(gridville)["no_contact", "", ""].units == ("registry",)
    Jurisdiction.objects.filter(pk=gridville.pk).update(triage_unit=None)
    assert ("no_triage_unit", "", "") in found(gridville)


def test_hours_without_a_unit_are_found_with_an_example(gridville: Jurisdiction) -> None:
    nights = Schedule.objects.create(
        jurisdiction=gridville, code="night", name=named("La nuit"), week={"sun": ["20:00-06:00"]}
    )
    ServiceArea.objects.filter(code="south").update(schedule=nights)
    findings = found(gridville)
    always, at_hours = findings["no_unit", "cleanliness", ""], findings["no_unit_at_hours", "cleanliness", ""]
    assert always.area_share == pytest.approx(0.5 * 0.9 / 8, abs=1e-4)
    # By day the south is empty but for what north covers of it.
    assert at_hours.area_share == pytest.approx((4 * 0.9 + 0.5 * 0.2) / 8, abs=1e-4)
    assert at_hours.at is not None and not (at_hours.at.weekday() == 6 and at_hours.at.hour >= 20)
    ServiceArea.objects.filter(code="south").update(fallback_unit=gridville.units.get(code="bin-team"))
    assert ("no_unit_at_hours", "cleanliness", "") not in found(gridville)


def test_two_areas_that_take_turns_leave_no_hour_empty(gridville: Jurisdiction) -> None:
    for code, hours in [("north", "20:00-08:00"), ("south", "08:00-20:00")]:
        week = {day: [hours] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
        turn = Schedule.objects.create(jurisdiction=gridville, code=code, name=named(code), week=week)
        ServiceArea.objects.filter(code=code).update(schedule=turn, geometry=box(-1, -1, 5, 3))
    assert not [key for key in found(gridville) if key[0].startswith("no_unit") and key[2] == ""]


def test_a_schedule_that_cannot_be_read_is_found(gridville: Jurisdiction) -> None:
    broken = Schedule.objects.create(jurisdiction=gridville, code="broken", name=named("b"), week={"x": []})
    ServiceArea.objects.filter(code="south").update(schedule=broken)
    assert found(gridville)["broken_schedule", "cleanliness", ""].area_share == pytest.approx(3.7 / 8, abs=1e-4)


def test_slivers_of_rounding_are_no_holes(gridville: Jurisdiction) -> None:
    ServiceArea.objects.filter(code="north").update(geometry=box(0, 1.1 + 1e-9, 4, 2))
    assert ("no_unit", "cleanliness", "") not in found(gridville)


def test_a_city_without_people_or_districts_can_be_looked_at(gridville: Jurisdiction) -> None:
    District.objects.update(population=None)
    assert found(gridville)["no_unit", "cleanliness", ""].residents_share == 0
    District.objects.all().delete()
    assert coverage(current_snapshot(gridville), today=TODAY).findings == []


def test_a_report_is_made_again_when_the_rules_change_and_only_then(gridville: Jurisdiction) -> None:
    assert refresh_reports(now=NOW) == 1
    assert refresh_reports(now=NOW) == 0
    before = rules_hash(gridville)
    ServiceArea.objects.filter(code="south").update(priority=10)
    assert rules_hash(gridville) != before
    report = current_report(gridville, now=NOW)
    assert report.findings.filter(kind="tie").exists() and refresh_reports(now=NOW) == 0
    service = Service.objects.get(code="cleanliness")
    service.default_unit = gridville.units.get(code="registry")
    service.save()
    assert refresh_reports(now=NOW) == 1
    assert CoverageReport.objects.get().findings.filter(kind="no_unit").count() == 0


def test_the_command_tells_shares_and_findings(gridville: Jurisdiction, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("coverage", "--jurisdiction", "gridville", "--json")
    told = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert told["ok"] and told["counts"]["no_unit"] == 2
    [city] = told["coverage"]
    cleanliness = next(s for s in city["services"] if s["service"] == "cleanliness")
    assert cleanliness["no_unit_area_share"] == pytest.approx(0.05625, abs=1e-4)
    roads = next(s for s in city["services"] if s["service"] == "roads")
    assert roads["no_unit_area_share"] == 0 and city["findings"][0]["bbox"][0] == pytest.approx(0.035)
    with pytest.raises(SystemExit):
        call_command("coverage", "--strict", "--json")


def test_checks_and_health_warn_of_holes(
    gridville: Jurisdiction, signed_in: SignIn, administrator: User, client: Client
) -> None:
    make_report(gridville, now=NOW)
    build_complaint("litter", at=(3.8, 1.8), now=NOW)
    [warning] = [m for m in run_checks(databases=["default"]) if m.id == "districts.W001"]
    assert "gridville" in str(warning.msg)
    assert not [m for m in run_checks() if m.id == "districts.W001"]
    assert "warnings" not in client.get("/health/ready").json()
    detail = signed_in(administrator).get("/health/ready").json()
    assert detail["coverage"] == {"holes": {"gridville": 2}, "open_routing_alerts": {"gridville": 1}}
    assert len(detail["warnings"]) == 2 and detail["status"] == "ok"


def test_tetouan_has_one_hole_its_airport(db: None, now: datetime) -> None:
    load_city(PACK, now=now)
    report = make_report(Jurisdiction.objects.get(), now=now)
    holes = report.findings.filter(kind__startswith="no_unit", category=None)
    assert [(hole.service.code if hole.service else "") for hole in holes] == ["roads"]
    assert not report.findings.exclude(kind__in=["no_unit", "tie"]).exists()
