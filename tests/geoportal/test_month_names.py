"""Months are named as Morocco names them, in every form in which a page writes them."""

from datetime import date

import pytest
from django import forms
from django.utils import dateformat, translation

MOROCCAN = ["يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر"]


@pytest.mark.parametrize("form", ["F", "M", "N", "E", "b"])
def test_arabic_has_the_months_of_morocco(form: str) -> None:
    with translation.override("ar"):
        assert [dateformat.format(date(2026, month, 1), form) for month in range(1, 13)] == MOROCCAN


def test_french_short_months_cannot_be_mistaken_for_each_other() -> None:
    with translation.override("fr"):
        assert [dateformat.format(date(2026, month, 1), "M") for month in (6, 7)] == ["Juin", "Juil."]


@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("typed", ["26/11/2026", "2026-11-26"])
def test_a_date_is_typed_as_it_is_written(language: str, typed: str) -> None:
    with translation.override(language):
        assert forms.DateField().clean(typed) == date(2026, 11, 26)
        assert forms.DateTimeField().clean(f"{typed} 14:30").date() == date(2026, 11, 26)
