"""Escalation ladders as data, and what each version of a category's policy promised (kept by the database)."""

import catalogue.translated
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER catalogue_rung_version AFTER INSERT OR UPDATE OR DELETE ON catalogue_rung
  FOR EACH STATEMENT EXECUTE FUNCTION catalogue_touch_jurisdictions();
CREATE FUNCTION catalogue_keep_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO catalogue_policyversion (category_id, version, answer_within, resolve_within, recorded_at)
  VALUES (NEW.id, NEW.policy_version, NEW.answer_within, NEW.resolve_within, now())
  ON CONFLICT (category_id, version) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER catalogue_category_policy AFTER INSERT OR UPDATE OF policy_version, answer_within, resolve_within
  ON catalogue_category FOR EACH ROW EXECUTE FUNCTION catalogue_keep_policy();
INSERT INTO catalogue_policyversion (category_id, version, answer_within, resolve_within, recorded_at)
  SELECT id, policy_version, answer_within, resolve_within, now() FROM catalogue_category;
"""
BACKWARD = """
DROP TRIGGER catalogue_category_policy ON catalogue_category;
DROP FUNCTION catalogue_keep_policy();
DROP TRIGGER catalogue_rung_version ON catalogue_rung;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0005_source_in_languages'),
    ]

    operations = [
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
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
