"""Durations as policies and contracts write them ("2 working days"), in the reader's language."""

import re

from django.utils.translation import ngettext

DURATION = re.compile(r"([1-9][0-9]{0,3}) ((?:working )?)(day|hour)s?")


def duration_in_words(text: str) -> str:
    """The same in the current language; a dash where there is none, and as it stands what cannot be read."""
    found = DURATION.fullmatch(text or "")
    if found is None:
        return text or "–"
    number = int(found[1])
    match bool(found[2]), found[3]:
        case True, "day":
            words = ngettext("%(n)d working day", "%(n)d working days", number)
        case True, _:
            words = ngettext("%(n)d working hour", "%(n)d working hours", number)
        case False, "day":
            words = ngettext("%(n)d day", "%(n)d days", number)
        case _:
            words = ngettext("%(n)d hour", "%(n)d hours", number)
    return words % {"n": number}
