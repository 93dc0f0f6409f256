"""Where a city's data comes from is said in its languages; what was one text becomes the text of its first language."""

from django.db import migrations

import catalogue.translated

# `loaded` holds what the city pack said last: without it, the next load would take the value for an administrator's edit.
FORWARDS = """
ALTER TABLE catalogue_jurisdiction ALTER COLUMN source TYPE jsonb USING jsonb_build_object(languages[1], source);
UPDATE catalogue_jurisdiction SET loaded = jsonb_set(loaded, '{source}', source) WHERE loaded ? 'source';
"""
BACKWARDS = """
UPDATE catalogue_jurisdiction SET loaded = jsonb_set(loaded, '{source}', to_jsonb(source ->> languages[1]))
WHERE loaded ? 'source';
ALTER TABLE catalogue_jurisdiction
  ALTER COLUMN source TYPE varchar(300) USING left(coalesce(source ->> languages[1], ''), 300);
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0004_schedules")]

    operations = [
        migrations.RunSQL(
            FORWARDS,
            BACKWARDS,
            state_operations=[
                migrations.AlterField("jurisdiction", "source", catalogue.translated.TranslatedTextField()),
            ],
        ),
    ]
