"""Boundaries, service areas, their imports and their coverage."""

import catalogue.translated
import django.contrib.gis.db.models.fields
import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.db import migrations, models

from catalogue.migrating import CreateModels


class Migration(migrations.Migration):

    replaces = [
        ('districts', '0001_initial'),
        ('districts', '0002_landmark'),
        ('districts', '0003_names_in_the_administration'),
        ('districts', '0004_hours_of_service_areas'),
        ('districts', '0005_boundary_imports'),
        ('districts', '0006_coverage'),
    ]

    initial = True

    dependencies = [
        ('catalogue', '0001_squashed_0009_kinds_of_days'),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name='BoundaryEdition',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('layer', models.CharField(max_length=100)),
                        ('number', models.PositiveIntegerField()),
                        ('source', models.CharField(max_length=300)),
                        ('license', models.CharField(max_length=60)),
                        ('file_hash', models.CharField(max_length=64)),
                        ('imported_at', models.DateTimeField()),
                        ('imported_by', models.CharField(max_length=150)),
                        ('is_active', models.BooleanField(default=False)),
                        ('activated_at', models.DateTimeField(blank=True, null=True)),
                        ('origin', models.CharField(choices=[('pack', 'city pack'), ('file', 'imported file')], default='pack', max_length=10)),
                        ('data_date', models.DateField(blank=True, null=True)),
                        ('file_name', models.CharField(blank=True, max_length=200)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='editions', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 'boundary edition',
                        'verbose_name_plural': 'boundary editions',
                        'ordering': ['jurisdiction', 'layer', '-number'],
                        'constraints': [models.UniqueConstraint(fields=('jurisdiction', 'layer', 'number'), name='edition_number_unique'), models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('jurisdiction', 'layer'), name='one_active_edition_per_layer')],
                    },
                ),
                migrations.CreateModel(
                    name='BoundaryDraft',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('layer', models.CharField(max_length=100)),
                        ('stage', models.CharField(choices=[('reading', 'being read'), ('choosing', 'fields to choose'), ('checking', 'being checked'), ('deciding', 'to be decided'), ('storing', 'being stored'), ('stored', 'stored'), ('refused', 'refused')], default='reading', max_length=10)),
                        ('uploaded_by', models.CharField(max_length=150)),
                        ('uploaded_at', models.DateTimeField()),
                        ('file_name', models.CharField(max_length=200)),
                        ('path', models.CharField(max_length=120)),
                        ('file_hash', models.CharField(max_length=64)),
                        ('size', models.PositiveBigIntegerField()),
                        ('source', models.CharField(max_length=300)),
                        ('license', models.CharField(max_length=60)),
                        ('data_date', models.DateField(blank=True, null=True)),
                        ('offer', models.JSONField(default=dict)),
                        ('source_layer', models.CharField(blank=True, max_length=200)),
                        ('encoding', models.CharField(blank=True, max_length=20)),
                        ('crs', models.CharField(blank=True, max_length=40)),
                        ('fields', models.JSONField(default=dict)),
                        ('refused_code', models.CharField(blank=True, max_length=40)),
                        ('refused_params', models.JSONField(default=dict)),
                        ('step', models.PositiveSmallIntegerField(default=0)),
                        ('steps', models.PositiveSmallIntegerField(default=0)),
                        ('read_count', models.PositiveIntegerField(default=0)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                        ('edition', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='districts.boundaryedition')),
                    ],
                    options={
                        'verbose_name': 'draft of boundaries',
                        'verbose_name_plural': 'drafts of boundaries',
                        'ordering': ['-uploaded_at', '-id'],
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='draft_due')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('stage__in', ['reading', 'choosing', 'checking', 'deciding', 'storing', 'stored', 'refused'])), name='draft_stage_known')],
                    },
                ),
                migrations.CreateModel(
                    name='CoverageReport',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('rules_hash', models.CharField(max_length=64)),
                        ('made_at', models.DateTimeField()),
                        ('area_m2', models.FloatField()),
                        ('residents', models.PositiveIntegerField()),
                        ('services', models.PositiveIntegerField()),
                        ('jurisdiction', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='coverage', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 'coverage report',
                        'verbose_name_plural': 'coverage reports',
                    },
                ),
                migrations.CreateModel(
                    name='CoverageFinding',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('no_unit', 'No unit answers'), ('no_unit_at_hours', 'No unit answers at some hours'), ('tie', 'Two units at one priority'), ('no_contact', 'The unit has neither e-mail nor telephone'), ('no_calendar', 'The unit has no calendar that can be read'), ('broken_schedule', 'The schedule cannot be read'), ('no_triage_unit', 'The city names no triage unit')], max_length=20)),
                        ('units', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                        ('at_wall', models.CharField(blank=True, max_length=19)),
                        ('area_m2', models.FloatField()),
                        ('area_share', models.FloatField()),
                        ('residents', models.PositiveIntegerField()),
                        ('residents_share', models.FloatField()),
                        ('geometry', django.contrib.gis.db.models.fields.MultiPolygonField(srid=4326)),
                        ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.category')),
                        ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.service')),
                        ('report', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='districts.coveragereport')),
                    ],
                    options={
                        'ordering': ['service__order', 'service__code', 'category__code', 'kind', '-area_m2'],
                    },
                ),
                migrations.CreateModel(
                    name='District',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60)),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('level', models.PositiveSmallIntegerField()),
                        ('parent_code', models.CharField(blank=True, max_length=60)),
                        ('population', models.PositiveIntegerField(blank=True, null=True)),
                        ('area_m2', models.FloatField()),
                        ('geometry', django.contrib.gis.db.models.fields.MultiPolygonField(srid=4326)),
                        ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='districts', to='districts.boundaryedition')),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='districts', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 'district',
                        'verbose_name_plural': 'districts',
                        'ordering': ['level', 'code'],
                        'constraints': [models.UniqueConstraint(fields=('edition', 'code'), name='district_code_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='DraftDefect',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(max_length=120)),
                        ('code', models.CharField(max_length=40)),
                        ('blocks', models.BooleanField()),
                        ('features', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), size=None)),
                        ('params', models.JSONField(default=dict)),
                        ('place', django.contrib.gis.db.models.fields.PointField(null=True, srid=4326)),
                        ('shape', django.contrib.gis.db.models.fields.GeometryField(null=True, srid=4326)),
                        ('repair', models.CharField(blank=True, max_length=40)),
                        ('repair_params', models.JSONField(default=dict)),
                        ('moved_m2', models.FloatField(null=True)),
                        ('keepable', models.BooleanField(default=False)),
                        ('resolution', models.CharField(blank=True, choices=[('', 'to be decided'), ('repair', 'repaired as proposed'), ('keep', 'left as it is')], default='', max_length=10)),
                        ('draft', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='defects', to='districts.boundarydraft')),
                    ],
                    options={
                        'ordering': ['id'],
                        'constraints': [models.UniqueConstraint(fields=('draft', 'key'), name='draft_defect_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='DraftFeature',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.PositiveIntegerField()),
                        ('code', models.CharField(max_length=60)),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('level', models.PositiveSmallIntegerField(default=1)),
                        ('population', models.PositiveIntegerField(null=True)),
                        ('area_m2', models.FloatField()),
                        ('drawing', django.contrib.gis.db.models.fields.GeometryField(srid=4326)),
                        ('draft', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='features', to='districts.boundarydraft')),
                    ],
                    options={
                        'ordering': ['number'],
                        'constraints': [models.UniqueConstraint(fields=('draft', 'number'), name='draft_feature_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='EditionActivation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('is_rollback', models.BooleanField(default=False)),
                        ('reroute_open', models.BooleanField(default=False)),
                        ('requested_by', models.CharField(max_length=150)),
                        ('requested_at', models.DateTimeField()),
                        ('done_at', models.DateTimeField(blank=True, null=True)),
                        ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='activations', to='districts.boundaryedition')),
                        ('replaced', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='districts.boundaryedition')),
                    ],
                    options={
                        'verbose_name': 'activation of boundaries',
                        'verbose_name_plural': 'activations of boundaries',
                        'ordering': ['-requested_at', '-id'],
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='activation_due')],
                    },
                ),
                migrations.CreateModel(
                    name='EditionComparison',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('against', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='districts.boundaryedition')),
                        ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='districts.boundaryedition')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='comparison_due')],
                        'constraints': [models.UniqueConstraint(fields=('edition', 'against'), name='edition_comparison_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='EditionChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60)),
                        ('kind', models.CharField(choices=[('added', 'new'), ('removed', 'gone'), ('changed', 'redrawn'), ('same', 'unchanged')], max_length=10)),
                        ('before_m2', models.FloatField(null=True)),
                        ('after_m2', models.FloatField(null=True)),
                        ('moved_m2', models.FloatField()),
                        ('moved', django.contrib.gis.db.models.fields.MultiPolygonField(null=True, srid=4326)),
                        ('comparison', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='districts.editioncomparison')),
                    ],
                    options={
                        'ordering': ['code'],
                        'constraints': [models.UniqueConstraint(fields=('comparison', 'code'), name='edition_change_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Landmark',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60)),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('kind', models.CharField(choices=[('landmark', 'landmark'), ('street', 'street'), ('quarter', 'quarter')], default='landmark', max_length=12)),
                        ('point', django.contrib.gis.db.models.fields.PointField(srid=4326)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='landmarks', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 'landmark',
                        'verbose_name_plural': 'landmarks',
                        'ordering': ['code'],
                        'constraints': [models.UniqueConstraint(fields=('jurisdiction', 'code'), name='landmark_code_unique'), models.CheckConstraint(condition=models.Q(('kind__in', ['landmark', 'street', 'quarter'])), name='landmark_kind_known')],
                    },
                ),
                migrations.CreateModel(
                    name='ServiceArea',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.CharField(max_length=60)),
                        ('name', catalogue.translated.TranslatedTextField(default=dict)),
                        ('priority', models.IntegerField(default=0)),
                        ('loaded', models.JSONField(default=dict, editable=False)),
                        ('area_m2', models.FloatField()),
                        ('geometry', django.contrib.gis.db.models.fields.MultiPolygonField(srid=4326)),
                        ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='areas', to='catalogue.category')),
                        ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='service_areas', to='districts.boundaryedition')),
                        ('fallback_unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.unit')),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='service_areas', to='catalogue.jurisdiction')),
                        ('schedule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='areas', to='catalogue.schedule')),
                        ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='areas', to='catalogue.service')),
                        ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='areas', to='catalogue.unit')),
                    ],
                    options={
                        'verbose_name': 'service area',
                        'verbose_name_plural': 'service areas',
                        'ordering': ['code'],
                        'constraints': [models.UniqueConstraint(fields=('edition', 'code'), name='service_area_code_unique')],
                    },
                ),
            ]
        ),
    ]
