"""Opening hours in forms: a line for each day of the week instead of the JSON that is stored."""

import re
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.dates import WEEKDAYS_ABBR as SHORT_DAY_NAMES
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalogue.working_time import WEEKDAYS, parse_week

_DASH = re.compile(r"\s*[-–—]\s*")
# 8:30, 8h30 and 8h as people write them; "08:30" is what is stored.
_TIME = re.compile(r"(?<!\d)(\d{1,2})(?::(\d{2})|h(\d{2})?)(?!\d)", re.IGNORECASE)


class WeekWidget(forms.Widget):
    """Seven labelled inputs, `<name>_mon` to `<name>_sun`; an empty one is a closed day."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, list[str]]:
        typed = {day: _spans(data.get(f"{name}_{day}", "")) for day in WEEKDAYS}
        return {day: spans for day, spans in typed.items() if spans}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(f"{name}_{day}" in data for day in WEEKDAYS)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        week = value if isinstance(value, dict) else {}
        line = '<p><label for="id_{0}_{1}">{2}</label> <input id="id_{0}_{1}" name="{0}_{1}" value="{3}" size="30" dir="ltr"></p>'
        days = ((name, day, DAY_NAMES[i], ", ".join(week.get(day, ()))) for i, day in enumerate(WEEKDAYS))
        rows = format_html_join("", line, days)
        return format_html('<div class="week-hours">{}</div>', rows)


class WeekField(forms.Field):
    """`{"mon": ["08:30-12:00", "14:00-18:00"], …}`; None when every day is closed and the field may be empty.

    `read` is what will read the hours of a day; what it refuses with ValueError is refused with that day's name.
    """

    widget = WeekWidget

    def __init__(self, *, read: Callable[[dict[str, list[str]]], object] = parse_week, **options: Any) -> None:
        options = {key: options[key] for key in ("label", "required", "help_text") if key in options}
        options.setdefault("help_text", _("Hours of each day, such as 08:30-12:00, 14:00-18:00. Empty: closed."))
        self.read = read
        super().__init__(**options)

    def to_python(self, value: Any) -> dict[str, list[str]] | None:
        return value or None

    def validate(self, value: Any) -> None:
        super().validate(value)
        for day, spans in (value or {}).items():
            try:
                self.read({day: spans})
            except ValueError:
                told = _("%(day)s: “%(typed)s” cannot be read. Write hours such as 08:30-12:00, 14:00-18:00.")
                values = {"day": DAY_NAMES[WEEKDAYS.index(day)], "typed": ", ".join(spans)}
                raise ValidationError(told, params=values) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or {}) != (data or {})


def week_in_words(week: Mapping[str, list[str]] | None) -> str:
    """ "Mon–Thu 08:30-16:30; Fri 08:30-12:00" in the current language; a dash where there are no hours."""
    days = [(i, ", ".join((week or {}).get(day, ()))) for i, day in enumerate(WEEKDAYS)]
    parts = []
    for hours, group in groupby(days, key=lambda one: one[1]):
        places = [i for i, _hours in group]
        first, last = SHORT_DAY_NAMES[places[0]], SHORT_DAY_NAMES[places[-1]]
        if hours:
            parts.append(f"{first} {hours}" if len(places) == 1 else f"{first}–{last} {hours}")
    return "; ".join(parts) or "–"


def _spans(typed: str) -> list[str]:
    text = _TIME.sub(lambda found: f"{found[1]:0>2}:{found[2] or found[3] or '00'}", _DASH.sub("-", typed))
    return [part for part in re.split(r"[,;\s]+", text) if part]
