"""Colours of numbers of complaints: a town's limits would paint all of a metropolis in one colour."""

from datetime import datetime, timedelta

import pytest
from django.db.models import F
from django.http import QueryDict

from analytics.feed import consume
from analytics.heat import heat
from analytics.measures import Measure, class_limits
from analytics.models import DayCount, SquareCount
from analytics.tally.scale import scale_of_districts, scale_of_squares
from catalogue.models import Jurisdiction
from complaints.filter_grammar import parse_filters
from tests.builders import build_complaint

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(gridville: Jurisdiction, now: datetime) -> Jurisdiction:
    """One complaint a month in each of two squares and districts, for three months."""
    for month in range(3):
        for column in (0.5, 2.5):
            build_complaint("pothole", at=(column, 0.5), now=now - timedelta(days=31 * month))
    consume(now=now + timedelta(minutes=1))
    return gridville


def test_a_town_and_a_city_without_complaints_keep_the_towns_limits(town: Jurisdiction) -> None:
    assert (scale_of_squares(town.pk), scale_of_districts(town.pk)) == (1, 1)
    assert (scale_of_squares(0), scale_of_districts(0)) == (1, 1)


def test_a_thousand_times_as_busy_a_city_has_higher_limits_that_are_the_same_for_every_period(
    town: Jurisdiction, now: datetime
) -> None:
    SquareCount.objects.update(n=F("n") * 1000)
    DayCount.objects.update(n=F("n") * 1000)
    assert (scale_of_squares(town.pk), scale_of_districts(town.pk)) == (500, 50)
    classes = {
        period: heat(parse_filters(QueryDict(period), now=now), Measure.COUNT, 13, now=now).classes
        for period in ("", "from=2026-11-01", "service=roads")
    }
    assert all(limits == class_limits(Measure.COUNT, 16, scale=500) for limits in classes.values())
    assert class_limits(Measure.COUNT, 16, scale=500) == [1000, 2500, 5000, 10000, 25000]


def test_rates_and_shares_mean_the_same_in_every_city(town: Jurisdiction, now: datetime) -> None:
    SquareCount.objects.update(n=F("n") * 1000)
    limits = heat(parse_filters(QueryDict(), now=now), Measure.PER_1000, 13, now=now).classes
    assert limits == class_limits(Measure.PER_1000, 16)
