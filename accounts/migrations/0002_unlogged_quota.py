"""Quota counters survive no crash and need not: unlogged, so that counting a request costs no disk write."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE accounts_quotawindow SET UNLOGGED", "ALTER TABLE accounts_quotawindow SET LOGGED"
        )
    ]
