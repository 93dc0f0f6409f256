"""heat.json's figures: counted once, in the right cell, per resident, and silent where there is too little to say."""

from datetime import datetime, timedelta

import pytest
from django.http import QueryDict

from accounts.models import User
from analytics.heat import Heat, heat
from analytics.measures import Measure
from catalogue.models import Jurisdiction
from complaints.filter_grammar import parse_filters
from complaints.models import Complaint
from complaints.services.transitions import change_state
from complaints.workflow import Verb
from tests.builders import build_complaint


def ask(now: datetime, query: str = "", measure: Measure = Measure.COUNT, zoom: int = 12) -> Heat:
    return heat(parse_filters(QueryDict(query), now=now), measure, zoom, now=now)


def test_each_complaint_is_in_one_cell(gridville: Jurisdiction, now: datetime) -> None:
    for at in ((0.5, 0.5), (0.5, 0.5), (3.5, 1.5)):
        build_complaint(at=at, now=now)
    answer = ask(now)
    assert sorted(cell.n for cell in answer.cells) == [1, 2]
    assert answer.n == 3 and answer.cell_zoom == 15
    assert all(abs(cell.lon - 0.005) < 0.006 or abs(cell.lon - 0.035) < 0.006 for cell in answer.cells)


def test_merged_hidden_suspect_and_district_only_stay_out(gridville: Jurisdiction, now: datetime) -> None:
    first = build_complaint(now=now)
    build_complaint("vagrancy", now=now)
    build_complaint("domestic", now=now)
    merged, hidden, suspect = (build_complaint(now=now) for _ in range(3))
    Complaint.objects.filter(pk=merged.pk).update(merged_into=first)
    Complaint.objects.filter(pk=hidden.pk).update(visibility="hidden")
    Complaint.objects.filter(pk=suspect.pk).update(default_point_suspect=True)
    answer = ask(now)
    assert answer.n == 1
    assert answer.unplaced == 1  # vagrancy: public, but in no cell


def test_few_cases_of_a_sensitive_category_are_suppressed(gridville: Jurisdiction, now: datetime) -> None:
    for _ in range(gridville.small_sample_k - 1):
        build_complaint("noise", now=now)
    assert (ask(now).cells, ask(now).unplaced) == ([], gridville.small_sample_k - 1)
    build_complaint("pothole", at=(0.505, 0.505), now=now)
    assert [cell.n for cell in ask(now).cells] == [1]
    build_complaint("noise", now=now)
    assert ask(now, "category=noise").n == gridville.small_sample_k


def test_rates_are_per_resident_of_the_cell(gridville: Jurisdiction, now: datetime) -> None:
    for _ in range(6):
        build_complaint(at=(0.5, 0.5), now=now)
    [cell] = ask(now, measure=Measure.PER_1000, zoom=13).cells
    # w1: 2000 residents on 0.01 x 0.02 degrees; a cell of zoom 16 is 360/2^16 degrees a side on the equator
    residents = 2000 * (360 / 2**16) ** 2 / (0.01 * 0.02)
    assert cell.value == pytest.approx(6000 / residents, rel=0.001)


def test_rates_and_medians_of_too_few_say_so(gridville: Jurisdiction, now: datetime, triage_officer: User) -> None:
    k = gridville.small_sample_k
    filed = [build_complaint("pavement", now=now) for _ in range(k)]
    later = now + timedelta(days=4)
    for complaint in filed[:-1]:
        change_state(complaint.pk, Verb.RESOLVE, acting_user=triage_officer, now=later, note="done")
    assert ask(later, measure=Measure.MEDIAN_DAYS_TO_RESOLVE).cells[0].few
    change_state(filed[-1].pk, Verb.RESOLVE, acting_user=triage_officer, now=later, note="done")
    [cell] = ask(later, measure=Measure.MEDIAN_DAYS_TO_RESOLVE).cells
    assert cell.value == pytest.approx(4) and not cell.few
    assert not ask(later, measure=Measure.LATE_SHARE).cells[0].few


def test_late_is_open_past_a_deadline_or_closed_after_it(
    gridville: Jurisdiction, now: datetime, triage_officer: User
) -> None:
    filed = [build_complaint("pavement", now=now - timedelta(days=days)) for days in (0, 0, 30, 30, 30, 30)]
    change_state(filed[-1].pk, Verb.RESOLVE, acting_user=triage_officer, now=now, note="done")
    [cell] = ask(now, measure=Measure.LATE_SHARE).cells
    assert cell.value == pytest.approx(4 / 6, abs=0.001)


@pytest.mark.parametrize("measure", list(Measure))
def test_classes_are_fixed_ascending_and_at_most_five(gridville: Jurisdiction, now: datetime, measure: Measure) -> None:
    for zoom in range(22):
        limits = ask(now, measure=measure, zoom=zoom).classes
        assert limits == sorted(set(limits)) and 1 <= len(limits) <= 5


def test_period_is_what_was_asked(gridville: Jurisdiction, now: datetime) -> None:
    assert ask(now, "from=2026-10-01&to=2026-11-01").period == {"from": "2026-10-01", "to": "2026-10-31"}
    assert ask(now).period == {"from": "2026-11-23", "to": "2026-11-23"}
