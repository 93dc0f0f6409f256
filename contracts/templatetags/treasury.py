"""Money, months and findings in templates."""

from datetime import date
from typing import Any

from django import template

from catalogue.durations import duration_in_words
from contracts.procedure import FindingState
from contracts.wording import dirhams, month_name

register = template.Library()

# How a finding's state looks: its symbol (static/img/icons.svg) and the tone of its badge.
_LOOKS = {
    FindingState.NOTIFIED: ("clock", "waiting"),
    FindingState.ACCEPTED: ("check", "turn"),
    FindingState.CONTESTED: ("alert", "turn"),
    FindingState.LAPSED: ("pause", "turn"),
    FindingState.TO_SIGN: ("edit", "turn"),
    FindingState.JUSTIFIED: ("check", "charged"),
    FindingState.NOT_JUSTIFIED: ("close", "free"),
    FindingState.APPEALED: ("alert", "turn"),
    FindingState.UPHELD: ("check", "charged"),
    FindingState.REVERSED: ("refresh", "free"),
    FindingState.WAIVED: ("refresh", "free"),
    FindingState.WITHDRAWN: ("close", "free"),
}


@register.filter
def money(centimes: int | None, currency: str = "MAD") -> str:
    """An amount; a dash where there is none."""
    return "–" if centimes is None else dirhams(int(centimes), currency)


@register.filter
def month(day: date | None) -> str:
    return month_name(day) if day else ""


@register.filter
def month_code(day: date) -> str:
    """The month as addresses name it: 2026-10."""
    return f"{day:%Y-%m}"


@register.filter
def duration_words(text: str) -> str:
    """A duration as a contract writes it ("10 working days") in the page's language; a dash where there is none."""
    return duration_in_words(text)


@register.inclusion_tag("contracts/_state.html")
def finding_state(state: str) -> dict[str, Any]:
    """A finding's state: words, a symbol of its own, and a tone."""
    symbol, tone = _LOOKS[FindingState(state)]
    return {"label": FindingState(state).label, "symbol": symbol, "tone": tone, "state": state}
