"""The index of words knows the unit: a unit's clerk was looking a word up in the whole city's, beside all her unit ever had."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import CreateExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("complaints", "0025_persons_of_a_unit"),
    ]

    operations = [
        CreateExtension("btree_gin"),
        migrations.RemoveIndex(
            model_name="complaint",
            name="complaint_search",
        ),
        migrations.AddIndex(
            model_name="complaint",
            index=django.contrib.postgres.indexes.GinIndex(fields=["unit", "search"], name="complaint_search"),
        ),
    ]
