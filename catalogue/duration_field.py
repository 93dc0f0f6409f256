"""A policy's duration in forms: a number and a unit in the reader's language instead of "2 working days"."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue.durations import DURATION

_UNITS = (
    ("working day", _("working days")),
    ("working hour", _("working hours")),
    ("day", _("days")),
    ("hour", _("hours")),
)
MOST = 9999


class DurationWidget(forms.MultiWidget):
    """`<name>_number` and `<name>_unit`."""

    def __init__(self) -> None:
        super().__init__(
            {"number": forms.NumberInput(attrs={"min": 1, "max": MOST}), "unit": forms.Select(choices=_UNITS)}
        )

    def decompress(self, value: Any) -> list[Any]:
        found = DURATION.fullmatch(value or "")
        return [int(found[1]), found[2] + found[3]] if found else [None, None]


class DurationField(forms.MultiValueField):
    """What `durations.DURATION` reads: "2 working days", "24 hours"."""

    def __init__(self, **options: Any) -> None:
        options = {key: options[key] for key in ("label", "required", "help_text") if key in options}
        fields = (forms.IntegerField(min_value=1, max_value=MOST), forms.ChoiceField(choices=_UNITS))
        super().__init__(fields, widget=DurationWidget(), **options)

    def compress(self, data_list: list[Any]) -> str:
        if not data_list:
            return ""
        number, unit = data_list
        return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
