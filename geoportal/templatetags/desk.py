"""Cells of the desk's list. A page shows hundreds of them: written here, where the template engine took most of its time."""

from collections.abc import Callable, Mapping
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints.desk.columns import Column
from complaints.views.desk.rows import Row
from geoportal.templatetags.pages import deadline, icon, state_badge

register = template.Library()


@register.simple_tag(takes_context=True)
def cell(context: Mapping[str, Any], row: Row, column: Column) -> str:
    """One fact of a `row`: the one that `column` names; empty where there is none."""
    if column == Column.LEFT:
        return deadline(context, row.due_at, row.due_label, paused=row.paused, short=True) if row.is_open else ""
    return _CELLS[column](row)


def _text(text: str) -> str:
    return format_html("<span>{}</span>", text) if text else ""


def _crew(row: Row) -> str:
    return format_html('<span dir="auto">{} {}</span>', icon("users"), row.crew_member) if row.crew_member else ""


def _number_of(symbol: str, n: int, what: str) -> str:
    return format_html('<span>{} {} <span class="visually-hidden">{}</span></span>', icon(symbol), n, what)


def _filed(row: Row) -> str:
    return format_html('<time datetime="{}">{}</time>', timezone.localtime(row.submitted_at).isoformat(), row.age)


_CELLS: dict[str, Callable[[Row], str]] = {
    Column.STATE: lambda row: state_badge(row.state, row.state_label),
    Column.DISTRICT: lambda row: _text(row.district),
    Column.UNIT: lambda row: _text(row.unit),
    Column.CREW: _crew,
    Column.FILES: lambda row: _number_of("camera", row.files, _("files")) if row.files else "",
    Column.REPORTS: lambda row: (
        _number_of("users", row.reports, pgettext("column", "Reports")) if row.reports > 1 else ""
    ),
    Column.CHANNEL: lambda row: _text(row.channel),
    Column.FILED: _filed,
    Column.CHANGED: lambda row: _text(row.changed),
    Column.NUMBER: lambda row: format_html('<span class="tracking-number">{}</span>', row.tracking_number),
}
