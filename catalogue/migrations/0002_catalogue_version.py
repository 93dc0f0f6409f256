"""A change of any catalogue table raises Jurisdiction.catalogue_version (see catalogue/snapshot.py)."""

from django.db import migrations

TABLES = ["unit", "service", "category", "question", "calendar", "closure"]

FORWARD = """
CREATE FUNCTION catalogue_raise_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.catalogue_version := OLD.catalogue_version + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER catalogue_jurisdiction_version BEFORE UPDATE ON catalogue_jurisdiction
  FOR EACH ROW EXECUTE FUNCTION catalogue_raise_version();
CREATE FUNCTION catalogue_touch_jurisdictions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE catalogue_jurisdiction SET catalogue_version = catalogue_version;
  RETURN NULL;
END $$;
""" + "".join(
    f"CREATE TRIGGER catalogue_{table}_version AFTER INSERT OR UPDATE OR DELETE ON catalogue_{table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION catalogue_touch_jurisdictions();\n"
    for table in TABLES
)

BACKWARD = (
    "DROP TRIGGER catalogue_jurisdiction_version ON catalogue_jurisdiction;\n"
    + "".join(f"DROP TRIGGER catalogue_{table}_version ON catalogue_{table};\n" for table in TABLES)
    + "DROP FUNCTION catalogue_touch_jurisdictions(); DROP FUNCTION catalogue_raise_version();"
)


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
