"""`{{ category.name|in_language }}` shows a translated text in the page's language; `{% colon %}` stands after a label."""

from collections.abc import Mapping

from django import template
from django.utils.translation import get_language

from catalogue.translated import colon, text_in

register = template.Library()
register.simple_tag(colon)


@register.filter
def in_language(value: Mapping[str, str] | None) -> str:
    return text_in(value, get_language() or "fr")
