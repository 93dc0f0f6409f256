"""Scorecards: each figure is what a person counting by hand would find."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from analytics.feed import consume
from analytics.figures import Pair, Promises, by_month, tables
from analytics.periods import Period, latest, month_limits, months_until, period_between
from catalogue.models import Jurisdiction
from complaints.models import Complaint
from complaints.services.transitions import change_state
from complaints.workflow import RejectReason, Verb
from tests.builders import build_complaint


@pytest.fixture
def period(gridville: Jurisdiction, now: datetime) -> Period:
    return latest(30, gridville, now)


def whole(period: Period, now: datetime) -> Pair:
    return tables(Complaint.objects.all(), Complaint.objects.all(), ["service_id"], period, now=now).whole


def test_a_period_is_whole_days_of_the_city(gridville: Jurisdiction, now: datetime, period: Period) -> None:
    assert period.days == 30 and period.before.days == 30
    assert period.since.isoformat() == "2026-10-25T00:00:00+00:00"
    assert period.before.until == period.since
    asked = period_between(period.since, period.until, gridville, now)
    assert asked == period


def test_months_end_with_the_last_day_of_the_period(gridville: Jurisdiction, period: Period) -> None:
    months = months_until(period.last, 3)
    assert [day.isoformat() for day in months] == ["2026-09-01", "2026-10-01", "2026-11-01", "2026-12-01"]
    # the clock changed on 20 September 2026: one hour less than thirty days
    limits = month_limits(months, ZoneInfo("Africa/Casablanca"))
    assert limits[1].timestamp() - limits[0].timestamp() == 30 * 86_400 + 3600


def test_periods_services_and_states_are_counted_apart(
    gridville: Jurisdiction, now: datetime, period: Period, triage_officer: User
) -> None:
    rejected = build_complaint("pothole", now=now - timedelta(days=2))
    build_complaint("litter", at=(0.5, 1.5), now=now - timedelta(days=29))
    build_complaint("litter", at=(0.5, 1.5), now=now - timedelta(days=40))
    merged = build_complaint("pothole", now=now)
    Complaint.objects.filter(pk=merged.pk).update(merged_into=rejected)
    change_state(
        rejected.pk, Verb.REJECT, acting_user=triage_officer, now=now, note="no", reason=RejectReason.NOT_FOUNDED
    )
    told = tables(
        Complaint.objects.all(), Complaint.objects.all(), ["service__code", "district__code"], period, now=now
    )
    pairs = told.by_key["service__code"]
    assert {code: pair.now.n for code, pair in told.by_key["district__code"].items()} == {"w1": 2}
    assert (pairs["roads"].now.n, pairs["roads"].now.rejected, pairs["roads"].now.open) == (1, 1, 0)
    assert (pairs["cleanliness"].now.n, pairs["cleanliness"].before.n) == (1, 1)
    assert pairs["cleanliness"].now.late == 1
    total = told.whole
    assert (total.now.n, total.before.n, total.now.rejected_share) == (2, 1, 50)


def test_medians_are_days_to_the_first_answer_and_to_the_fix(
    gridville: Jurisdiction, now: datetime, triage_officer: User
) -> None:
    start = now - timedelta(days=20)
    for days in (1, 2, 9):
        complaint = build_complaint("pavement", now=start)
        change_state(
            complaint.pk, Verb.RESOLVE, acting_user=triage_officer, now=start + timedelta(days=days), note="done"
        )
    figures = whole(latest(30, gridville, now), now).now
    assert figures.median_resolve == pytest.approx(2) and figures.median_answer == pytest.approx(2)
    assert figures.resolutions == Promises(kept=2, missed=1)


def test_times_shares_and_contests_are_told_with_their_cases(
    gridville: Jurisdiction, now: datetime, triage_officer: User
) -> None:
    start = now - timedelta(days=20)
    filed = [build_complaint("pavement", now=start) for _ in range(11)]
    for days, complaint in enumerate(filed[:10], start=1):
        done = start + timedelta(days=days)
        change_state(complaint.pk, Verb.RESOLVE, acting_user=triage_officer, now=done, note="done")
    for complaint in filed[:4]:
        change_state(complaint.pk, Verb.CONFIRM, acting_user=None, now=now)
    change_state(filed[4].pk, Verb.CONTEST, acting_user=None, now=now, note="still there")
    change_state(filed[5].pk, Verb.REOPEN, acting_user=triage_officer, now=now, note="look again")
    consume(now=now)
    told = whole(latest(30, gridville, now), now).now
    assert (told.resolved, told.confirmed, told.confirmed_share) == (8, 4, 50)
    assert (told.closings, told.contested, told.contested_share) == (10, 1, 10)
    # answered by the resolution: days 1 to 10
    assert told.answered == 10 and told.slow_answer == pytest.approx(9.1)


def test_stopping_the_clock_cannot_flatter(gridville: Jurisdiction, now: datetime, triage_officer: User) -> None:
    complaint = build_complaint("pavement", now=now)
    change_state(complaint.pk, Verb.ASK, acting_user=triage_officer, now=now + timedelta(hours=1), note="which?")
    waited = now + timedelta(days=20)
    period = latest(60, gridville, waited)
    consume(now=waited)
    paused = whole(period, waited).now
    assert paused.resolutions.decided == 0
    assert paused.resolutions_unpaused == Promises(kept=0, missed=1)
    change_state(complaint.pk, Verb.RESUME, acting_user=triage_officer, now=waited)
    change_state(complaint.pk, Verb.RESOLVE, acting_user=triage_officer, now=waited + timedelta(hours=2), note="done")
    consume(now=waited + timedelta(days=1))
    done = whole(period, waited + timedelta(days=1)).now
    assert done.resolutions == Promises(kept=1, missed=0)
    assert done.resolutions_unpaused == Promises(kept=0, missed=1)


def test_months_are_counted_for_each_service_and_for_all(gridville: Jurisdiction, now: datetime) -> None:
    for days in (1, 2, 40):
        build_complaint("pothole", now=now - timedelta(days=days))
    limits = month_limits(months_until(now.date(), 3), ZoneInfo("Africa/Casablanca"))
    months = by_month(Complaint.objects.all(), ["service_id"], limits, now=now)
    assert [month.n for month in months[None][None]] == [0, 1, 2]
    assert [month.n for month in months["service_id"][gridville.services.get(code="roads").pk]] == [0, 1, 2]
