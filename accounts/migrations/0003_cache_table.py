"""The table of Django's database cache: allauth counts failed sign-ins in it, shared by all processes.

UNLOGGED: what it holds is worth nothing after a crash, and each failed sign-in writes to it.
"""

from django.db import migrations

FORWARD = """
CREATE UNLOGGED TABLE django_cache (
  cache_key varchar(255) NOT NULL PRIMARY KEY,
  value text NOT NULL,
  expires timestamp with time zone NOT NULL
);
CREATE INDEX django_cache_expires ON django_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_unlogged_quota")]
    operations = [migrations.RunSQL(FORWARD, "DROP TABLE django_cache")]
