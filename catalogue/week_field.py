"""Opening hours in forms: a line for each day of the week instead of the JSON that is stored."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalogue.working_time import WEEKDAYS


class WeekWidget(forms.Widget):
    """Seven labelled inputs, `<name>_mon` to `<name>_sun`; an empty one is a closed day."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, list[str]]:
        typed = {day: re.split(r"[,;\s]+", data.get(f"{name}_{day}", "").strip()) for day in WEEKDAYS}
        return {day: spans for day, spans in typed.items() if any(spans)}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(f"{name}_{day}" in data for day in WEEKDAYS)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        week = value if isinstance(value, dict) else {}
        line = '<p><label for="id_{0}_{1}">{2}</label> <input id="id_{0}_{1}" name="{0}_{1}" value="{3}" size="30" dir="ltr"></p>'
        days = ((name, day, DAY_NAMES[i], ", ".join(week.get(day, ()))) for i, day in enumerate(WEEKDAYS))
        rows = format_html_join("", line, days)
        return format_html('<div class="week-hours">{}</div>', rows)


class WeekField(forms.Field):
    """`{"mon": ["08:30-12:00", "14:00-18:00"], …}`; None when every day is closed and the field may be empty."""

    widget = WeekWidget

    def __init__(self, **options: Any) -> None:
        options = {key: options[key] for key in ("label", "required") if key in options}
        help_text = _("Hours of each day, such as 08:30-12:00, 14:00-18:00. Empty: closed.")
        super().__init__(help_text=help_text, **options)

    def to_python(self, value: Any) -> dict[str, list[str]] | None:
        return value or None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or {}) != (data or {})
