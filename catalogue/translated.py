"""Names of a city's things in its languages: one JSON object by language code, so a fourth language needs no migration."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import pgettext

Translated = dict[str, str]


def text_in(value: Mapping[str, str] | None, language: str) -> str:
    """The text in `language`; where it is missing, French, then English, then any. Empty if there is none at all."""
    if not value:
        return ""
    for code in (language, language.split("-")[0], "fr", "en"):
        if value.get(code):
            return value[code]
    return next((text for text in value.values() if text), "")


def colon(label: object = "") -> str:
    """What stands between a label and what it says: French keeps a space before it that does not break.

    A `label` that asks has its own sign.
    """
    if str(label).endswith(("?", "؟")):
        return " "
    return pgettext("between a label and what it says", ": ")


def validate_translated(value: Any) -> None:
    """Refuse anything but an object of texts by language code."""
    if not isinstance(value, dict) or not all(isinstance(k, str) and isinstance(v, str) for k, v in value.items()):
        raise ValidationError('A text by language is needed, such as {"fr": "…", "ar": "…", "en": "…"}.')


class TranslatedTextField(models.JSONField):
    """JSON object {language code: text}. Which languages must be there is the jurisdiction's to say (city pack loader)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", dict)
        super().__init__(*args, **kwargs)
        self.validators = [*self.validators, validate_translated]
