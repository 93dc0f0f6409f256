"""Text search in French, Arabic and as typed, without accents; nearness in metres through a geography index.

French words match without their accents only if both sides pass `unaccent`, hence the function. It is IMMUTABLE so that
an index may use it: the dictionary is named with its schema.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION complaints_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN lower(public.unaccent('public.unaccent'::regdictionary, words));
CREATE FUNCTION complaints_search_vector(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN to_tsvector('pg_catalog.french', complaints_fold(words))
      || to_tsvector('pg_catalog.arabic', words) || to_tsvector('pg_catalog.simple', complaints_fold(words));
CREATE INDEX complaint_search ON complaints_complaint
  USING gin (complaints_search_vector(description || ' ' || location_text || ' ' || tracking_number));
CREATE INDEX complaint_public_geography ON complaints_complaint USING gist ((public_point::geography));
"""
BACKWARD = """
DROP INDEX complaint_public_geography;
DROP INDEX complaint_search;
DROP FUNCTION complaints_search_vector(text);
DROP FUNCTION complaints_fold(text);
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
