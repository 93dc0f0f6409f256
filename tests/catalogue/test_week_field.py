"""Opening hours are a line a day in the administration, and stored as services read them."""

import pytest
from django.utils import translation

from catalogue.durations import duration_in_words
from catalogue.week_field import WeekField, WeekWidget

WEEK = {"mon": ["08:30-12:00", "14:00-18:00"], "fri": ["08:30-11:30"]}


def test_each_day_has_its_line_named_in_the_readers_language() -> None:
    with translation.override("ar"):
        page = str(WeekWidget().render("week", WEEK))
    assert page.count("<input") == 7
    assert 'name="week_mon" value="08:30-12:00, 14:00-18:00"' in page
    assert 'name="week_tue" value=""' in page
    assert "الاثنين" in page


def test_what_is_typed_comes_back_as_it_was_stored() -> None:
    typed = {"week_mon": "08:30-12:00,14:00-18:00", "week_tue": " ", "week_fri": "08:30-11:30"}
    field = WeekField()
    assert field.clean(WeekWidget().value_from_datadict(typed, {}, "week")) == WEEK
    assert not field.has_changed(WEEK, WeekWidget().value_from_datadict(typed, {}, "week"))


@pytest.mark.parametrize(
    ("stored", "french"),
    [("2 working days", "2 jours ouvrables"), ("24 hours", "24 heures"), ("", "–"), ("soon", "soon")],
)
def test_a_duration_is_said_in_words(stored: str, french: str) -> None:
    with translation.override("fr"):
        assert duration_in_words(stored) == french
