"""Ready-made texts of the desk: what their placeholders stand for, and what a complaint makes of them. No database.

A text says `{number}`, `{category}`, `{unit}`, `{district}`, `{filed}`, `{answer_by}` or `{resolve_by}`. None of them names
a person: most answers are public.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from catalogue.translated import text_in
from complaints.errors import ReplyRefused
from complaints.models import Complaint, Reply

_PLACEHOLDER = re.compile(r"\{\s*([^{}\n]{1,40}?)\s*\}")
MAX_LENGTH = 2000

PLACEHOLDERS = {
    "number": pgettext_lazy("placeholder", "tracking number"),
    "category": pgettext_lazy("placeholder", "category"),
    "unit": pgettext_lazy("placeholder", "unit that answers"),
    "district": pgettext_lazy("placeholder", "district"),
    "filed": pgettext_lazy("placeholder", "day of filing"),
    "answer_by": pgettext_lazy("placeholder", "first answer promised by"),
    "resolve_by": pgettext_lazy("placeholder", "resolution promised by"),
}


@dataclass(frozen=True)
class Filled:
    """A reply made for one complaint. `language`: the one it is written in; `wanted`: the one that its reader reads.

    `missing`: placeholders for which this complaint has nothing; they stay in the text, and must not be sent. `lacking`:
    other languages that are read in its group, and in which the text does not exist.
    """

    text: str
    language: str
    wanted: str
    missing: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    @property
    def is_translated(self) -> bool:
        return self.language == self.wanted and not self.lacking

    @property
    def untranslated(self) -> tuple[str, ...]:
        """Languages in which somebody wants to read it and cannot."""
        return (*((self.wanted,) if self.language != self.wanted else ()), *self.lacking)


def check_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Texts by language as they are stored: without empty ones. Raises ReplyRefused: no text, too long, unknown placeholder."""
    kept = {language: text.strip() for language, text in texts.items() if text.strip()}
    if not kept:
        raise ReplyRefused(_("Write the text in at least one language."))
    for text in kept.values():
        if len(text) > MAX_LENGTH:
            raise ReplyRefused(_("At most 2,000 characters in each language."))
        unknown = [name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS]
        if unknown:
            raise ReplyRefused(_("There is no placeholder {%(name)s}.") % {"name": unknown[0]})
    return kept


def fill(reply: Reply, complaint: Complaint, language: str) -> Filled:
    """A reply for a complaint in a reader's language; where that text is missing, in the one that there is."""
    text = text_in(reply.texts, language)
    written = next(code for code, known in reply.texts.items() if known == text)
    if reply.texts.get(language):
        written = language
    values = _values(complaint, written)
    missing = tuple(dict.fromkeys(name for name in _PLACEHOLDER.findall(text) if not values.get(name)))
    filled = _PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[0], text)
    return Filled(filled, written, language, missing)


def fill_for_all(reply: Reply, complaint: Complaint, languages: Sequence[str]) -> Filled:
    """A reply for a group that reads several languages: one text after the other, that of the first reporter first."""
    first = fill(reply, complaint, languages[0])
    written = [language for language in languages[1:] if reply.texts.get(language) and language != first.language]
    others = [fill(reply, complaint, language) for language in written]
    return replace(
        first,
        text="\n\n".join([first.text, *(other.text for other in others)]),
        missing=tuple(dict.fromkeys([*first.missing, *(name for other in others for name in other.missing)])),
        lacking=tuple(language for language in languages[1:] if not reply.texts.get(language)),
    )


def left_over(text: str) -> list[str]:
    """Known placeholders that are still in a text that somebody is about to send."""
    return [name for name in dict.fromkeys(_PLACEHOLDER.findall(text)) if name in PLACEHOLDERS]


def _values(complaint: Complaint, language: str) -> dict[str, str]:
    zone = ZoneInfo(complaint.jurisdiction.time_zone)

    def day(instant: datetime | None, form: str = "DATETIME_FORMAT") -> str:
        return date_format(instant.astimezone(zone), form) if instant else ""

    isolated = "\u2068%s\u2069" if translation.get_language_info(language)["bidi"] else "%s"
    values: dict[str, Callable[[], str]] = {
        # Latin letters and digits stay in their order inside an Arabic sentence.
        "number": lambda: isolated % complaint.tracking_number,
        "category": lambda: text_in(complaint.category.name, language),
        "unit": lambda: text_in(complaint.unit.name, language),
        "district": lambda: text_in(complaint.district.name, language) if complaint.district else "",
        "filed": lambda: day(complaint.submitted_at, "DATE_FORMAT"),
        "answer_by": lambda: day(complaint.answer_due_at),
        "resolve_by": lambda: day(complaint.resolution_due_at),
    }
    with translation.override(language):
        return {name: value() for name, value in values.items()}
