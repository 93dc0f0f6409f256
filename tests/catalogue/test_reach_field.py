"""Rungs of a ladder in the administration: chosen and told in words, stored as catalogue.ladders reads them."""

import pytest
from django import forms
from django.utils import translation

from catalogue.ladders import DEFAULT_LADDER, reach_in_words
from catalogue.models import Rung
from catalogue.reach_field import ReachField, ReachWidget


class _Form(forms.Form):
    at = ReachField()


def filled(number: str, unit: str, side: str) -> _Form:
    return _Form({"at_number": number, "at_unit": unit, "at_side": side})


@pytest.mark.parametrize("stored", sorted({at for _code, _deadline, at, _tell in DEFAULT_LADDER} | {"1 hour after"}))
def test_what_is_stored_is_shown_and_stored_again_as_it_was(stored: str) -> None:
    number, unit, side = ReachWidget().decompress(stored)
    form = filled(number or "", unit, side)
    assert form.is_valid() and form.cleaned_data["at"] == stored


def test_before_and_after_need_a_number() -> None:
    assert filled("", "day", "before").errors["at"] and filled("0", "day", "after").errors["at"]
    assert filled("3", "week", "before").errors["at"]
    at_once = filled("7", "day", "at")
    assert at_once.is_valid() and at_once.cleaned_data["at"] == "breach"


def test_a_rung_is_told_in_the_readers_language() -> None:
    rung = Rung(deadline="resolution", at="2 working days after", tell="unit_manager")
    with translation.override("fr"):
        assert str(rung) == "Résolution · 2 jours ouvrables après l’échéance · Le responsable du service"
        assert reach_in_words("breach") == "à l’échéance"
        assert reach_in_words("1 working day before") == "1 jour ouvrable avant l’échéance"
    with translation.override("ar"):
        assert reach_in_words("breach") == "عند انقضاء الأجل"
    assert reach_in_words("some day") == "some day"
