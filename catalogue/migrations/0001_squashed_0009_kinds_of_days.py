"""A city's catalogue.

A change of any of its tables raises Jurisdiction.catalogue_version (see catalogue/snapshot.py); what each version of a
category's policy promised is kept by the database.
"""

import catalogue.translated
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from catalogue.migrating import CreateModels


# Closing days, schedules and rungs among them: whatever a snapshot is made of.
TABLES = ["unit", "service", "category", "question", "calendar", "closure", "schedule", "rung"]

RAISE_VERSION = """
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
KEEP_POLICY = """
CREATE FUNCTION catalogue_keep_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO catalogue_policyversion (category_id, version, answer_within, resolve_within, recorded_at)
  VALUES (NEW.id, NEW.policy_version, NEW.answer_within, NEW.resolve_within, now())
  ON CONFLICT (category_id, version) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER catalogue_category_policy AFTER INSERT OR UPDATE OF policy_version, answer_within, resolve_within
  ON catalogue_category FOR EACH ROW EXECUTE FUNCTION catalogue_keep_policy();
"""
# Triggers go with their tables.
DROP_FUNCTIONS = """
DROP FUNCTION catalogue_keep_policy() CASCADE;
DROP FUNCTION catalogue_touch_jurisdictions() CASCADE;
DROP FUNCTION catalogue_raise_version() CASCADE;
"""


class Migration(migrations.Migration):

    replaces = [
        ('catalogue', '0001_initial'),
        ('catalogue', '0002_catalogue_version'),
        ('catalogue', '0003_names_in_the_administration'),
        ('catalogue', '0004_schedules'),
        ('catalogue', '0005_source_in_languages'),
        ('catalogue', '0006_ladders'),
        ('catalogue', '0007_verdicts'),
        ('catalogue', '0008_bodies'),
        ('catalogue', '0009_kinds_of_days'),
    ]

    initial = True

    dependencies = [
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name='Jurisdiction',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+$', 'Codes use a-z, 0-9 and hyphens.')])),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('loaded', models.JSONField(default=dict, editable=False)),
                        ('tracking_prefix', models.CharField(max_length=6, unique=True)),
                        ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10), size=None)),
                        ('time_zone', models.CharField(max_length=60)),
                        ('country', models.CharField(max_length=2)),
                        ('bounds', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=4)),
                        ('edge_tolerance_m', models.PositiveIntegerField(default=30)),
                        ('legal_answer_limit_days', models.PositiveIntegerField(default=60)),
                        ('license', models.CharField(max_length=60)),
                        ('source', catalogue.translated.TranslatedTextField(default=dict)),
                        ('reporter_days_after_close', models.PositiveIntegerField(default=365)),
                        ('verdict_days', models.PositiveSmallIntegerField(default=14)),
                        ('small_sample_k', models.PositiveSmallIntegerField(default=5)),
                        ('emergency', models.JSONField(blank=True, default=list)),
                        ('consent_version', models.CharField(default='1', max_length=40)),
                        ('consent_text', catalogue.translated.TranslatedTextField(blank=True, default=dict)),
                        ('catalogue_version', models.BigIntegerField(default=1, editable=False)),
                    ],
                    options={
                        'verbose_name': 'city',
                        'verbose_name_plural': 'cities',
                        'constraints': [models.UniqueConstraint(fields=('code',), name='jurisdiction_code_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Calendar',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+$', 'Codes use a-z, 0-9 and hyphens.')])),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('loaded', models.JSONField(default=dict, editable=False)),
                        ('week', models.JSONField()),
                        ('ramadan', models.JSONField(blank=True, null=True)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calendars', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 'calendar',
                        'verbose_name_plural': 'calendars',
                        'constraints': [models.UniqueConstraint(fields=('jurisdiction', 'code'), name='calendar_code_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Body',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+$', 'Codes use a-z, 0-9 and hyphens.')])),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('loaded', models.JSONField(default=dict, editable=False)),
                        ('email', models.EmailField(blank=True, max_length=254)),
                        ('phone', models.CharField(blank=True, max_length=40)),
                        ('website', models.URLField(blank=True)),
                        ('is_active', models.BooleanField(default=True)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bodies', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 'other body',
                        'verbose_name_plural': 'other bodies',
                        'ordering': ['code'],
                        'constraints': [models.UniqueConstraint(fields=('jurisdiction', 'code'), name='body_code_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Schedule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+$', 'Codes use a-z, 0-9 and hyphens.')])),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('loaded', models.JSONField(default=dict, editable=False)),
                        ('week', models.JSONField(blank=True, null=True)),
                        ('seasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=21), blank=True, default=list, size=None)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='schedules', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 'schedule',
                        'verbose_name_plural': 'schedules',
                        'ordering': ['code'],
                        'constraints': [models.UniqueConstraint(fields=('jurisdiction', 'code'), name='schedule_code_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Unit',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+$', 'Codes use a-z, 0-9 and hyphens.')])),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('loaded', models.JSONField(default=dict, editable=False)),
                        ('kind', models.CharField(choices=[('department', 'Department'), ('operator', 'Operator')], max_length=12)),
                        ('email', models.EmailField(blank=True, max_length=254)),
                        ('phone', models.CharField(blank=True, max_length=40)),
                        ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='units', to='catalogue.calendar')),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='units', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 'unit',
                        'verbose_name_plural': 'units',
                        'ordering': ['code'],
                        'constraints': [models.UniqueConstraint(fields=('jurisdiction', 'code'), name='unit_code_unique'), models.CheckConstraint(condition=models.Q(('kind__in', ['department', 'operator'])), name='unit_kind_known')],
                    },
                ),
                migrations.CreateModel(
                    name='Service',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+$', 'Codes use a-z, 0-9 and hyphens.')])),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('loaded', models.JSONField(default=dict, editable=False)),
                        ('icon', models.CharField(blank=True, max_length=30)),
                        ('colour', models.CharField(default='#1f6f54', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-fA-F]{6}$')])),
                        ('order', models.PositiveSmallIntegerField(default=0)),
                        ('is_active', models.BooleanField(default=True)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='services', to='catalogue.jurisdiction')),
                        ('default_unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.unit')),
                    ],
                    options={
                        'verbose_name': 'service',
                        'verbose_name_plural': 'services',
                        'ordering': ['order', 'code'],
                        'constraints': [models.UniqueConstraint(fields=('jurisdiction', 'code'), name='service_code_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Category',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+$', 'Codes use a-z, 0-9 and hyphens.')])),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('loaded', models.JSONField(default=dict, editable=False)),
                        ('help', catalogue.translated.TranslatedTextField(blank=True, default=dict)),
                        ('keywords', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                        ('answer_within', models.CharField(max_length=30)),
                        ('resolve_within', models.CharField(max_length=30)),
                        ('policy_version', models.PositiveIntegerField(default=1)),
                        ('publication', models.CharField(choices=[('exact', 'Exact point'), ('grid', '200 m grid cell'), ('district', 'District only'), ('never', 'Never')], default='exact', max_length=10)),
                        ('publish_text', models.CharField(choices=[('after_review', 'After review'), ('never', 'Never')], default='after_review', max_length=12)),
                        ('publish_photos', models.CharField(choices=[('after_review', 'After review'), ('never', 'Never')], default='after_review', max_length=12)),
                        ('evidence', models.CharField(choices=[('photo', 'Photo or reason'), ('reason', 'Reason'), ('none', 'None')], default='none', max_length=10)),
                        ('urgent', models.BooleanField(default=False)),
                        ('order', models.PositiveSmallIntegerField(default=0)),
                        ('is_active', models.BooleanField(default=True)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='catalogue.jurisdiction')),
                        ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='categories', to='catalogue.service')),
                    ],
                    options={
                        'verbose_name': 'category',
                        'verbose_name_plural': 'categories',
                        'ordering': ['service__order', 'order', 'code'],
                        'constraints': [models.UniqueConstraint(fields=('jurisdiction', 'code'), name='category_code_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='PolicyVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.PositiveIntegerField()),
                        ('answer_within', models.CharField(max_length=30)),
                        ('resolve_within', models.CharField(max_length=30)),
                        ('recorded_at', models.DateTimeField()),
                        ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='policies', to='catalogue.category')),
                    ],
                    options={
                        'ordering': ['category', 'version'],
                        'constraints': [models.UniqueConstraint(fields=('category', 'version'), name='policy_version_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Question',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+$', 'Codes use a-z, 0-9 and hyphens.')])),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('loaded', models.JSONField(default=dict, editable=False)),
                        ('kind', models.CharField(choices=[('text', 'text'), ('number', 'number'), ('date', 'date'), ('choice', 'choice'), ('multichoice', 'multichoice')], max_length=12)),
                        ('required', models.BooleanField(default=False)),
                        ('choices', models.JSONField(blank=True, default=list)),
                        ('order', models.PositiveSmallIntegerField(default=0)),
                        ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='catalogue.category')),
                    ],
                    options={
                        'verbose_name': 'question',
                        'verbose_name_plural': 'questions',
                        'ordering': ['order', 'code'],
                        'constraints': [models.UniqueConstraint(fields=('category', 'code'), name='question_code_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Rung',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+$', 'Codes use a-z, 0-9 and hyphens.')])),
                        ('loaded', models.JSONField(default=dict, editable=False)),
                        ('name', catalogue.translated.TranslatedTextField(blank=True, default=dict)),
                        ('deadline', models.CharField(choices=[('answer', 'First answer'), ('resolution', 'Resolution'), ('legal', 'Legal limit of an answer')], max_length=12)),
                        ('at', models.CharField(max_length=40)),
                        ('tell', models.CharField(choices=[('unit', 'The unit that answers'), ('unit_manager', "The unit's manager"), ('triage', 'Triage'), ('office', "The mayor's office")], max_length=14)),
                        ('order', models.PositiveSmallIntegerField(default=0)),
                        ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rungs', to='catalogue.service')),
                    ],
                    options={
                        'verbose_name': 'rung of the ladder',
                        'verbose_name_plural': 'rungs of the ladder',
                        'ordering': ['order', 'code'],
                        'constraints': [models.UniqueConstraint(fields=('service', 'code'), name='rung_code_unique'), models.CheckConstraint(condition=models.Q(('deadline__in', ['answer', 'resolution', 'legal'])), name='rung_deadline_known'), models.CheckConstraint(condition=models.Q(('tell__in', ['unit', 'unit_manager', 'triage', 'office'])), name='rung_tell_known')],
                    },
                ),
                migrations.CreateModel(
                    name='Closure',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('closed', 'closed'), ('worked', 'worked, though the calendar has a holiday'), ('ramadan', 'Ramadan hours, instead of the estimated dates')], db_default='closed', default='closed', max_length=10)),
                        ('first_day', models.DateField()),
                        ('last_day', models.DateField()),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='closures', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 'closing day',
                        'verbose_name_plural': 'closing days',
                        'ordering': ['first_day'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='closure_days_in_order'), models.UniqueConstraint(fields=('jurisdiction', 'kind', 'first_day', 'last_day'), name='closure_unique')],
                    },
                ),
            ]
        ),
        migrations.AddField(
            model_name='Jurisdiction',
            name='triage_unit',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.unit'),
        ),
        migrations.RunSQL(RAISE_VERSION + KEEP_POLICY, DROP_FUNCTIONS),
    ]
