"""Seasons in forms: from a day to a day, chosen, instead of the text that is stored ("06-15/09-15")."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from catalogue.schedules import parse_schedule

# So many empty lines wait for further seasons.
SPARE = 2
_END = re.compile(r"(?:(?P<year>\d{4})-)?(?P<month>\d{2})-(?P<day>\d{2})", re.ASCII)
_PARTS = ("day", "month", "year")


class SeasonsWidget(forms.Widget):
    """A line for each season, `<name>_0_first_day` to `<name>_0_last_year`; a line without any day or month is none."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[str]:
        seasons, line = [], 0
        while f"{name}_{line}_first_day" in data:
            ends = [_typed_end(data, f"{name}_{line}_{end}") for end in ("first", "last")]
            if any(ends):
                seasons.append("/".join(ends))
            line += 1
        return seasons

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}_0_first_day" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        seasons = value.split(",") if isinstance(value, str) else list(value or ())
        lines = [season for season in seasons if season] + [""] * SPARE
        rows = format_html_join("", "<p>{}</p>", ((self._line(f"{name}_{i}", text),) for i, text in enumerate(lines)))
        return format_html('<div class="seasons">{}</div>', rows)

    def _line(self, name: str, season: str) -> SafeString:
        first, _slash, last = season.partition("/")
        words = {"first": pgettext("season", "from"), "last": pgettext("season", "to")}
        return format_html_join(
            " ",
            '<span class="seasons__end"><span>{}</span> {}</span>',
            (
                (words[end], format_html_join("", "{}", ((part,) for part in _inputs(f"{name}_{end}", text))))
                for end, text in (("first", first), ("last", last))
            ),
        )


class SeasonsField(forms.Field):
    """`["06-15/09-15", "2026-02-19/2026-03-19"]`; an empty list where nothing was chosen."""

    widget = SeasonsWidget

    def __init__(self, **options: Any) -> None:
        options = {key: options[key] for key in ("label", "required") if key in options}
        super().__init__(help_text=gettext_lazy("Without a year: every year. No season at all: all year."), **options)

    def to_python(self, value: Any) -> list[str]:
        return list(value or ())

    def validate(self, value: Any) -> None:
        super().validate(value)
        for number, season in enumerate(value, start=1):
            try:
                parse_schedule(None, [season])
            except ValueError:
                told = _("Season %(n)d: choose two days that exist, in order, both with a year or both without.")
                raise ValidationError(told, params={"n": number}) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or ()) != list(data or ())


def seasons_in_words(seasons: list[str]) -> str:
    """ "15 June – 15 September" in the current language; a dash for the whole year."""
    return "; ".join(" – ".join(_end_in_words(end) for end in season.split("/")) for season in seasons) or "–"


def _end_in_words(text: str) -> str:
    found = _END.fullmatch(text)
    if found is None:
        return text
    return " ".join(filter(None, (str(int(found["day"])), str(MONTHS.get(int(found["month"]), "")), found["year"])))


def _typed_end(data: Mapping[str, Any], name: str) -> str:
    """What one end says, such as "06-15"; empty where neither day nor month was given, unreadable where one lacks."""
    day, month, year = (str(data.get(f"{name}_{part}", "")).strip() for part in _PARTS)
    if not day and not month:
        return ""
    return "-".join(part for part in (year, month.zfill(2), day.zfill(2)) if part)


def _inputs(name: str, text: str) -> Iterator[SafeString]:
    found = _END.fullmatch(text)
    given = found.groupdict() if found else {}
    number = '<input type="number" name="{}" aria-label="{}" placeholder="{}" value="{}" min="{}" max="{}" step="1"> '
    day = int(given["day"]) if given.get("day") else ""
    yield format_html(number, f"{name}_day", _("Day"), _("Day"), day, 1, 31)
    chosen = given.get("month") or ""
    options = format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (f"{month:02}", SafeString(" selected") if f"{month:02}" == chosen else "", title)
            for month, title in MONTHS.items()
        ),
    )
    yield format_html(
        '<select name="{}_month" aria-label="{}"><option value="">–</option>{}</select> ', name, _("Month"), options
    )
    year, most = given.get("year") or "", date.max.year
    yield format_html(number, f"{name}_year", _("Year"), _("Year"), year, 2000, most)
