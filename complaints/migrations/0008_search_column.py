"""The search's text becomes a column: a condition on a row that is at hand anyway costs no parsing. Closed complaints can be
read in their order, and reporters found by any part of name, address or number. `complaints_sound` is what spellings of one
word have in common: Darija in Latin letters writes 7 for h.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.functions.comparison
from django.db import migrations, models

OLD_INDEX = """
CREATE INDEX complaint_search ON complaints_complaint
  USING gin (complaints_search_vector(description || ' ' || location_text || ' ' || tracking_number));
"""
# Digits of the chat alphabet, hamza seats, alif maqsura and ta marbuta; then what only decorates: tatweel and vowel signs.
SOUND = """
CREATE FUNCTION complaints_sound(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN translate(complaints_fold(words), '2356789أإآٱىة' || 'ـًٌٍَُِّْ', 'aakthgqااااي' || 'ه');
"""


class Migration(migrations.Migration):

    dependencies = [("complaints", "0007_small_numbers")]

    operations = [
        migrations.RunSQL("DROP INDEX complaint_search", OLD_INDEX),
        migrations.RunSQL(SOUND, "DROP FUNCTION complaints_sound(text)"),
        migrations.AddField(
            model_name='complaint',
            name='search',
            field=models.GeneratedField(db_persist=True, expression=models.Func(models.F('description'), models.F('location_text'), models.F('tracking_number'), arg_joiner=" || ' ' || ", template='complaints_search_vector(%(expressions)s)'), output_field=django.contrib.postgres.search.SearchVectorField()),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(models.F('unit'), models.OrderBy(django.db.models.functions.comparison.Coalesce('closed_at', 'submitted_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('state__in', ['accepted', 'in_progress', 'received', 'reopened', 'waiting_reporter']), _negated=True), name='complaint_desk_closed'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(models.F('jurisdiction'), models.OrderBy(django.db.models.functions.comparison.Coalesce('closed_at', 'submitted_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('state__in', ['accepted', 'in_progress', 'received', 'reopened', 'waiting_reporter']), _negated=True), name='complaint_city_closed'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search'], name='complaint_search'),
        ),
        migrations.AddIndex(
            model_name='reporter',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(models.Func(models.F('name'), models.F('email'), models.F('phone'), arg_joiner=" || ' ' || ", output_field=models.TextField(), template='complaints_fold(%(expressions)s)'), name='gin_trgm_ops'), name='reporter_words'),
        ),
    ]
