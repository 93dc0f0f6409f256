"""What is counted and when things happened, downloads, briefs and hot spots."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from catalogue.migrating import CreateModels


# The same numbers as analytics/tally/spots.py; a test holds them together.
CREATE_FUNCTIONS = """
CREATE FUNCTION analytics_spread(value bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  value := (value | (value << 16)) & 281470681808895;
  value := (value | (value << 8)) & 71777214294589695;
  value := (value | (value << 4)) & 1085102592571150095;
  value := (value | (value << 2)) & 3689348814741910323;
  value := (value | (value << 1)) & 6148914691236517205;
  RETURN value;
END $$;
CREATE FUNCTION analytics_spot(lon float8, lat float8) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
  analytics_spread(greatest(0, least(4194303, floor((lon + 180) / 360 * 4194304)))::bigint)
  | (analytics_spread(greatest(0, least(4194303, floor((0.5 - ln(tan(pi() / 4
    + radians(greatest(-85.05, least(85.05, lat))) / 2)) / (2 * pi())) * 4194304)))::bigint) << 1);
"""
DROP_FUNCTIONS = """
DROP FUNCTION analytics_spot(float8, float8);
DROP FUNCTION analytics_spread(bigint);
"""
# Rows change often and are read by index alone: that needs a table that is vacuumed soon.
STORAGE = """
ALTER TABLE analytics_counted
  SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE analytics_squarecount SET (fillfactor = 80);
ALTER TABLE analytics_daycount SET (fillfactor = 80);
"""


class Migration(migrations.Migration):

    replaces = [
        ('analytics', '0001_timing_and_reports'),
        ('analytics', '0002_tally'),
        ('analytics', '0003_exports'),
        ('analytics', '0004_contested'),
        ('analytics', '0005_briefs'),
        ('analytics', '0006_hot_spots'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('catalogue', '0001_squashed_0009_kinds_of_days'),
        ('complaints', '0001_squashed_0023_case_papers'),
    ]

    operations = [
        migrations.RunSQL(CREATE_FUNCTIONS, DROP_FUNCTIONS),
        CreateModels(
            [
                migrations.CreateModel(
                    name='TallyVersion',
                    fields=[
                        ('jurisdiction', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='catalogue.jurisdiction')),
                        ('version', models.BigIntegerField(default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name='Timing',
                    fields=[
                        ('complaint', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='timing', serialize=False, to='complaints.complaint')),
                        ('answer_due_unpaused', models.DateTimeField(null=True)),
                        ('resolution_due_unpaused', models.DateTimeField(null=True)),
                        ('paused_seconds', models.BigIntegerField(default=0)),
                        ('contested', models.PositiveSmallIntegerField(default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name='Counted',
                    fields=[
                        ('complaint', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='counted', serialize=False, to='complaints.complaint')),
                        ('jurisdiction_id', models.IntegerField()),
                        ('service_id', models.IntegerField()),
                        ('category_id', models.IntegerField()),
                        ('unit_id', models.IntegerField()),
                        ('district_id', models.IntegerField()),
                        ('day', models.DateField()),
                        ('state', models.SmallIntegerField()),
                        ('audience', models.SmallIntegerField(choices=[(0, 'merged'), (1, 'staff'), (2, 'everybody, nothing of the place'), (3, 'everybody, the unit'), (4, 'everybody, unit and district')])),
                        ('spot', models.BigIntegerField(null=True)),
                        ('x', models.IntegerField(null=True)),
                        ('y', models.IntegerField(null=True)),
                        ('anchored', models.BooleanField()),
                        ('late', models.BooleanField()),
                        ('late_at', models.DateTimeField(null=True)),
                        ('promised', models.BooleanField()),
                        ('missed', models.BooleanField()),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('spot__isnull', False)), fields=['jurisdiction_id', 'spot'], include=('complaint', 'day', 'service_id', 'category_id', 'district_id', 'unit_id', 'state', 'audience', 'late', 'promised', 'missed', 'x', 'y'), name='counted_by_spot'), models.Index(fields=['jurisdiction_id', 'day', 'spot'], include=('complaint', 'service_id', 'category_id', 'district_id', 'unit_id', 'state', 'audience', 'late', 'promised', 'missed', 'x', 'y'), name='counted_by_day'), models.Index(condition=models.Q(('late_at__isnull', False)), fields=['late_at'], name='counted_late_at')],
                    },
                ),
                migrations.CreateModel(
                    name='DayCount',
                    fields=[
                        ('n', models.IntegerField()),
                        ('received', models.IntegerField()),
                        ('accepted', models.IntegerField()),
                        ('in_progress', models.IntegerField()),
                        ('waiting_reporter', models.IntegerField()),
                        ('reopened', models.IntegerField()),
                        ('resolved', models.IntegerField()),
                        ('confirmed', models.IntegerField()),
                        ('rejected', models.IntegerField()),
                        ('out_of_scope', models.IntegerField()),
                        ('withdrawn', models.IntegerField()),
                        ('late', models.IntegerField()),
                        ('promised', models.IntegerField()),
                        ('missed', models.IntegerField()),
                        ('pk', models.CompositePrimaryKey('jurisdiction_id', 'span', 'day', 'category_id', 'district_id', 'unit_id', 'audience', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('jurisdiction_id', models.IntegerField()),
                        ('span', models.SmallIntegerField(choices=[(0, 'ever'), (1, 'month'), (2, 'day')])),
                        ('day', models.DateField()),
                        ('category_id', models.IntegerField()),
                        ('service_id', models.IntegerField()),
                        ('district_id', models.IntegerField()),
                        ('unit_id', models.IntegerField()),
                        ('audience', models.SmallIntegerField(choices=[(0, 'merged'), (1, 'staff'), (2, 'everybody, nothing of the place'), (3, 'everybody, the unit'), (4, 'everybody, unit and district')])),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('n', 0)), fields=['n'], name='daycount_empty')],
                    },
                ),
                migrations.CreateModel(
                    name='HotSpotSearch',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('last_month', models.DateField()),
                        ('requested_at', models.DateTimeField()),
                        ('step', models.PositiveSmallIntegerField(default=0)),
                        ('steps', models.PositiveSmallIntegerField(default=0)),
                        ('found_at', models.DateTimeField(null=True)),
                        ('version', models.BigIntegerField(default=0)),
                        ('zoom', models.SmallIntegerField(default=0)),
                        ('side_m', models.PositiveIntegerField(default=0)),
                        ('squares', models.PositiveIntegerField(default=0)),
                        ('n', models.PositiveIntegerField(default=0)),
                        ('by_residents', models.BooleanField(default=False)),
                        ('months', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list, size=None)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                        ('service', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.service')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='hotspotsearch_due')],
                        'constraints': [models.UniqueConstraint(fields=('jurisdiction', 'service', 'last_month'), name='hotspotsearch_once', nulls_distinct=False)],
                    },
                ),
                migrations.CreateModel(
                    name='HotSquare',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('x', models.IntegerField()),
                        ('y', models.IntegerField()),
                        ('kind', models.CharField(choices=[('emerging', 'emerging'), ('persistent', 'persistent'), ('cooling', 'cooling'), ('overall', 'over the whole period')], max_length=10)),
                        ('n', models.PositiveIntegerField()),
                        ('expected', models.FloatField()),
                        ('z', models.FloatField(null=True)),
                        ('p', models.FloatField(null=True)),
                        ('hot_months', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), default=list, size=None)),
                        ('search', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hot_squares', to='analytics.hotspotsearch')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('search', 'x', 'y'), name='hotsquare_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Report',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('kind', models.CharField(choices=[('map', 'Map to take along'), ('brief', 'Brief')], default='map', max_length=5)),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('requested_at', models.DateTimeField()),
                        ('language', models.CharField(max_length=10)),
                        ('query', models.CharField(blank=True, max_length=2000)),
                        ('week', models.DateField(null=True)),
                        ('step', models.PositiveSmallIntegerField(default=0)),
                        ('path', models.CharField(blank=True, max_length=120)),
                        ('size', models.PositiveIntegerField(default=0)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                        ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['-requested_at', '-id'],
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='report_due'), models.Index(fields=['requested_by', '-requested_at'], name='report_by_person')],
                        'constraints': [models.UniqueConstraint(fields=('requested_by', 'jurisdiction', 'week'), name='report_one_a_week')],
                    },
                ),
                migrations.CreateModel(
                    name='SquareCount',
                    fields=[
                        ('n', models.IntegerField()),
                        ('received', models.IntegerField()),
                        ('accepted', models.IntegerField()),
                        ('in_progress', models.IntegerField()),
                        ('waiting_reporter', models.IntegerField()),
                        ('reopened', models.IntegerField()),
                        ('resolved', models.IntegerField()),
                        ('confirmed', models.IntegerField()),
                        ('rejected', models.IntegerField()),
                        ('out_of_scope', models.IntegerField()),
                        ('withdrawn', models.IntegerField()),
                        ('late', models.IntegerField()),
                        ('promised', models.IntegerField()),
                        ('missed', models.IntegerField()),
                        ('pk', models.CompositePrimaryKey('jurisdiction_id', 'zoom', 'month', 'detailed', 'square', 'service_id', 'category_id', 'district_id', 'unit_id', 'anchored', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('jurisdiction_id', models.IntegerField()),
                        ('zoom', models.SmallIntegerField()),
                        ('month', models.IntegerField()),
                        ('detailed', models.BooleanField()),
                        ('square', models.BigIntegerField()),
                        ('service_id', models.IntegerField()),
                        ('category_id', models.IntegerField()),
                        ('district_id', models.IntegerField()),
                        ('unit_id', models.IntegerField()),
                        ('anchored', models.BooleanField()),
                        ('sum_x', models.BigIntegerField()),
                        ('sum_y', models.BigIntegerField()),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('n', 0)), fields=['n'], name='squarecount_empty')],
                    },
                ),
                migrations.CreateModel(
                    name='BriefSubscription',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('language', models.CharField(max_length=10)),
                        ('told_until', models.DateTimeField()),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('jurisdiction', 'user'), name='brief_subscription_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Export',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('requested_at', models.DateTimeField()),
                        ('query', models.CharField(blank=True, max_length=2000)),
                        ('site', models.CharField(max_length=300)),
                        ('total', models.PositiveIntegerField()),
                        ('copied_by', models.IntegerField(null=True)),
                        ('path', models.CharField(blank=True, max_length=120)),
                        ('size', models.BigIntegerField(default=0)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='export_due'), models.Index(fields=['jurisdiction', '-requested_at'], name='export_by_time')],
                    },
                ),
            ]
        ),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
    ]
