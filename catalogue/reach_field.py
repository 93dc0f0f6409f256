"""When a rung of a ladder is reached, chosen instead of written: a number, a unit of time, and on which side of the deadline."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalogue.ladders import parse_reach

_UNITS: tuple[tuple[str, Promise], ...] = (
    ("working day", pgettext_lazy("unit of time", "working days")),
    ("day", pgettext_lazy("unit of time", "days")),
    ("working hour", pgettext_lazy("unit of time", "working hours")),
    ("hour", pgettext_lazy("unit of time", "hours")),
)
_SIDES: tuple[tuple[str, Promise], ...] = (
    ("before", _("before the deadline")),
    ("at", _("when the deadline passes")),
    ("after", _("after the deadline")),
)


class ReachWidget(forms.MultiWidget):
    """Beside each other; the number is left empty where the deadline itself is meant."""

    template_name = "django/forms/widgets/multiwidget.html"

    def __init__(self) -> None:
        super().__init__(
            {
                "number": forms.NumberInput({"min": 1, "max": 9999, "aria-label": _("Number")}),
                "unit": forms.Select({"aria-label": _("Unit of time")}, _UNITS),
                "side": forms.Select({"aria-label": _("Before or after")}, _SIDES),
            }
        )

    def decompress(self, value: Any) -> list[Any]:
        try:
            reach = parse_reach(value or "")
        except ValueError:
            return [None, "working day", "before"]
        number, _blank, unit = reach.duration.partition(" ")
        return [number or None, unit.removesuffix("s") or "working day", reach.side]


class ReachField(forms.MultiValueField):
    """Reads and writes what catalogue.ladders.parse_reach reads."""

    widget = ReachWidget

    def __init__(self, **options: Any) -> None:
        fields = (
            forms.IntegerField(required=False, min_value=1, max_value=9999),
            forms.ChoiceField(choices=_UNITS),
            forms.ChoiceField(choices=_SIDES),
        )
        super().__init__(fields, require_all_fields=False, **options)

    def compress(self, data_list: list[Any]) -> str:
        number, unit, side = data_list or (None, "", "")
        if side == "at":
            return "breach"
        if not number:
            raise forms.ValidationError(_("Say how long before or after the deadline."))
        return f"{number} {unit}{'s' if number != 1 else ''} {side}"
