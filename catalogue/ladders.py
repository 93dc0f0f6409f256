"""How a rung of an escalation ladder says when it is reached. Pure, no database."""

import re
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from catalogue.durations import duration_in_words

_AT = re.compile(r"([1-9][0-9]{0,3} (?:working )?(?:day|hour)s?) (before|after)", re.ASCII)

Side = Literal["before", "at", "after"]


@dataclass(frozen=True)
class Reach:
    """`duration` before or after the deadline, in the words of a policy ("2 working days"); empty at the deadline itself."""

    side: Side
    duration: str = ""


def parse_reach(text: str) -> Reach:
    """Read "1 working day before", "breach" or "2 working days after". Raises ValueError that says how to write it."""
    words = " ".join(text.split()).lower()
    if words == "breach":
        return Reach("at")
    found = _AT.fullmatch(words)
    if found is None:
        raise ValueError(f'{text!r} must be like "1 working day before", "breach" or "2 working days after"')
    return Reach("before" if found[2] == "before" else "after", found[1])


def reach_in_words(text: str) -> str:
    """The same in the current language; as it stands what cannot be read."""
    try:
        reach = parse_reach(text)
    except ValueError:
        return text
    if reach.side == "at":
        return _("when the deadline passes")
    pattern = _("%(time)s before the deadline") if reach.side == "before" else _("%(time)s after the deadline")
    return pattern % {"time": duration_in_words(reach.duration)}


# What a service does whose city pack names no rungs: code, deadline, at, tell.
DEFAULT_LADDER: tuple[tuple[str, str, str, str], ...] = (
    ("answer-reminder", "answer", "1 working day before", "unit"),
    ("answer-missed", "answer", "breach", "unit"),
    ("reminder", "resolution", "1 working day before", "unit"),
    ("missed", "resolution", "breach", "unit"),
    ("manager", "resolution", "2 working days after", "unit_manager"),
    ("office", "resolution", "5 working days after", "office"),
    ("legal-reminder", "legal", "10 days before", "unit_manager"),
    ("legal", "legal", "breach", "office"),
)
