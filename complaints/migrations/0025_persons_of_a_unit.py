"""People are found among those of a unit, by how their words begin.

One unit's clerk was searching through everybody who ever wrote to the city: by pieces of words, each of which thousands share.
Now each word is kept with the unit that answers ("u8.alami"), so that one look into the index finds hers alone.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# Words: what stands between blanks and signs, without accents, capitals, the Arabic article and spellings of one letter.
# A telephone number is kept backwards: people give it with or without its country's beginning, or its last digits.
# With a unit before each word a question about several units is one about each.
PERSONS = r"""
CREATE FUNCTION complaints_person_pieces(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN array_remove(regexp_split_to_array(
    regexp_replace(' ' || translate(complaints_fold(words), 'أإآٱىة' || 'ـًٌٍَُِّْ', 'ااااي' || 'ه'), '([\s!-/:-@\[-`{-~])ال(?=\S{3})', '\1', 'g'),
    '[\s!-/:-@\[-`{-~]+'), '');
CREATE FUNCTION complaints_person_vector(words text, phone text, unit bigint) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (SELECT array_to_tsvector(coalesce(array_agg('u' || coalesce(unit, 0) || '.' || piece), '{}'))
    FROM unnest(complaints_person_pieces(words) || ('#' || reverse(regexp_replace(phone, '[^0-9]', '', 'g')))) piece
    WHERE piece <> '#');
CREATE FUNCTION complaints_person_query(words text, units bigint[]) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (SELECT string_agg('(' || person || ')', ' | ')::tsquery FROM unnest(units) unit CROSS JOIN LATERAL (
    SELECT string_agg(format(CASE WHEN piece ~ '^[0-9]{4,}$' THEN '(''u%1$s.%2$s'':* | ''u%1$s.#%3$s'':*)'
      ELSE '''u%1$s.%2$s'':*' END, unit, piece, reverse(ltrim(piece, '0'))), ' & ') AS person
    FROM unnest(complaints_person_pieces(words)) piece) asked);
"""
DROP_PERSONS = """
DROP FUNCTION complaints_person_query(text, bigint[]);
DROP FUNCTION complaints_person_vector(text, text, bigint);
DROP FUNCTION complaints_person_pieces(text);
"""
# Whoever changes a complaint's unit, by whatever way, changes it here too. Who files says it; else it is looked up.
FOLLOWING = """
CREATE FUNCTION complaints_reporter_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.unit_id IS NULL THEN
    NEW.unit_id := (SELECT unit_id FROM complaints_complaint WHERE id = NEW.complaint_id);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reporter_unit BEFORE INSERT ON complaints_reporter
  FOR EACH ROW EXECUTE FUNCTION complaints_reporter_unit();
CREATE FUNCTION complaints_reporter_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE complaints_reporter SET unit_id = NEW.unit_id WHERE complaint_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER reporter_follows AFTER UPDATE OF unit_id ON complaints_complaint
  FOR EACH ROW WHEN (OLD.unit_id IS DISTINCT FROM NEW.unit_id) EXECUTE FUNCTION complaints_reporter_follow();
"""
DROP_FOLLOWING = """
DROP TRIGGER reporter_follows ON complaints_complaint;
DROP FUNCTION complaints_reporter_follow();
DROP TRIGGER reporter_unit ON complaints_reporter;
DROP FUNCTION complaints_reporter_unit();
"""
UNITS = """
UPDATE complaints_reporter r SET unit_id = c.unit_id FROM complaints_complaint c WHERE c.id = r.complaint_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0001_squashed_0009_kinds_of_days'),
        ('complaints', '0024_erasures'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='reporter', name='reporter_words'),
        migrations.AddField(
            model_name='reporter',
            name='unit',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalogue.unit'),
        ),
        migrations.RunSQL(UNITS, migrations.RunSQL.noop),
        migrations.RunSQL(PERSONS, DROP_PERSONS),
        migrations.AddField(
            model_name='reporter',
            name='words',
            field=models.GeneratedField(db_persist=True, expression=models.Func(models.Func(models.F('name'), models.F('email'), arg_joiner=" || ' ' || ", output_field=models.TextField(), template='%(expressions)s'), models.F('phone'), models.F('unit'), function='complaints_person_vector', output_field=django.contrib.postgres.search.SearchVectorField()), output_field=django.contrib.postgres.search.SearchVectorField()),
        ),
        migrations.AddIndex(
            model_name='reporter',
            index=django.contrib.postgres.indexes.GinIndex(fields=['words'], name='reporter_words'),
        ),
        migrations.RunSQL(FOLLOWING, DROP_FOLLOWING),
    ]
