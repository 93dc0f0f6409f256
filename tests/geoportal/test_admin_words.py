"""The administration speaks its reader's language: rooms, things and fields alike."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Field
from django.utils import translation

from geoportal.admin_words import OUR_ROOMS

ARABIC = re.compile(r"[\u0600-\u06ff]")


def shown_fields() -> list[Field]:  # type: ignore[type-arg]
    models = [model for model in admin.site._registry if model._meta.app_label in OUR_ROOMS]
    models += [inline.model for model in models for inline in admin.site._registry[model].inlines]
    return [field for model in models for field in model._meta.local_fields if field.editable and not field.primary_key]


@pytest.mark.parametrize("room", [*OUR_ROOMS, "mfa"])
def test_rooms_are_named_in_arabic(room: str) -> None:
    with translation.override("ar"):
        name = str(apps.get_app_config(room).verbose_name)
    assert ARABIC.search(name), name
    assert "وزارة" not in name, "MFA is no ministry here"


def test_every_field_that_is_shown_has_a_name_in_arabic() -> None:
    with translation.override("ar"):
        foreign = [str(field) for field in shown_fields() if not ARABIC.search(str(field.verbose_name))]
    assert foreign == []


def test_names_are_no_part_of_the_tables_history() -> None:
    """Else each better word would need a migration."""
    category = apps.get_model("catalogue", "Category")
    assert "verbose_name" not in category._meta.get_field("answer_within").deconstruct()[3]
