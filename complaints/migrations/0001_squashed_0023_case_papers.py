"""Complaints, their history, and their search.

Text is found in French, in Arabic and as typed, without accents. French words match without their accents only if both sides
pass `unaccent`, hence complaints_fold; it is IMMUTABLE so that an index may use it: the dictionary is named with its schema.
`complaints_sound` is what spellings of one word have in common: Darija in Latin letters writes 7 for h. Nearness in metres
goes through a geography index.
"""

import catalogue.translated
import django.contrib.gis.db.models.fields
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import uuid
from django.conf import settings
from django.db import migrations, models

from catalogue.migrating import CreateModels


# In the last one: digits of the chat alphabet, hamza seats, alif maqsura and ta marbuta; then what only decorates: tatweel
# and vowel signs.
WORDS = """
CREATE FUNCTION complaints_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN lower(public.unaccent('public.unaccent'::regdictionary, words));
CREATE FUNCTION complaints_search_vector(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN to_tsvector('pg_catalog.french', complaints_fold(words))
      || to_tsvector('pg_catalog.arabic', words) || to_tsvector('pg_catalog.simple', complaints_fold(words));
CREATE FUNCTION complaints_sound(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN translate(complaints_fold(words), '2356789أإآٱىة' || 'ـًٌٍَُِّْ', 'aakthgqااااي' || 'ه');
"""
DROP_WORDS = """
DROP FUNCTION complaints_sound(text);
DROP FUNCTION complaints_search_vector(text);
DROP FUNCTION complaints_fold(text);
"""
GEOGRAPHY = "CREATE INDEX complaint_public_geography ON complaints_complaint USING gist ((public_point::geography))"


class Migration(migrations.Migration):

    replaces = [
        ('complaints', '0001_initial'),
        ('complaints', '0002_search'),
        ('complaints', '0003_groups'),
        ('complaints', '0004_fewer_indexes'),
        ('complaints', '0005_rule_and_alerts_of_routing'),
        ('complaints', '0006_ladder'),
        ('complaints', '0007_small_numbers'),
        ('complaints', '0008_search_column'),
        ('complaints', '0009_reroutings_and_simulations'),
        ('complaints', '0010_deskwork'),
        ('complaints', '0011_replies'),
        ('complaints', '0012_handovers'),
        ('complaints', '0013_names_of_decisions'),
        ('complaints', '0014_looks_and_hotspots'),
        ('complaints', '0015_verdicts'),
        ('complaints', '0016_following'),
        ('complaints', '0017_received_mails'),
        ('complaints', '0018_expected_times'),
        ('complaints', '0019_trial_of_a_rule'),
        ('complaints', '0020_corrections'),
        ('complaints', '0021_forwardings'),
        ('complaints', '0022_days_in_force'),
        ('complaints', '0023_case_papers'),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('catalogue', '0001_squashed_0009_kinds_of_days'),
        ('districts', '0001_squashed_0006_coverage'),
    ]

    operations = [
        migrations.RunSQL(WORDS, DROP_WORDS),
        CreateModels(
            [
                migrations.CreateModel(
                    name='Complaint',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_point', django.contrib.gis.db.models.fields.PointField(blank=True, null=True, srid=4326)),
                        ('place_precision', models.CharField(choices=[('exact', 'Exact point'), ('grid', '200 m grid cell'), ('district', 'District only'), ('never', 'Never')], max_length=10)),
                        ('place_shown', models.CharField(choices=[('exact', 'exact'), ('grid', 'grid'), ('district', 'district'), ('city', 'city'), ('withheld', 'withheld'), ('never', 'never')], default='withheld', max_length=10)),
                        ('place_cell', models.BigIntegerField(blank=True, null=True)),
                        ('tracking_number', models.CharField(max_length=20, unique=True)),
                        ('kind', models.CharField(choices=[('complaint', 'complaint'), ('observation', 'observation'), ('suggestion', 'suggestion')], default='complaint', max_length=12)),
                        ('channel', models.CharField(choices=[('web', 'web form'), ('api', 'other program'), ('phone', 'phone'), ('counter', 'counter'), ('import', 'earlier records')], max_length=10)),
                        ('point', django.contrib.gis.db.models.fields.PointField(srid=4326)),
                        ('default_point_suspect', models.BooleanField(default=False)),
                        ('description', models.TextField(blank=True, max_length=4000)),
                        ('location_text', models.CharField(blank=True, max_length=300)),
                        ('answers', models.JSONField(blank=True, default=dict)),
                        ('public_description', models.TextField(blank=True, max_length=4000)),
                        ('text_review', models.CharField(choices=[('pending', 'waiting for review'), ('released', 'released'), ('withheld', 'withheld')], default='pending', max_length=10)),
                        ('visibility', models.CharField(choices=[('public', 'public'), ('private', 'private'), ('hidden', 'hidden by moderation')], default='public', max_length=10)),
                        ('passed_to_operator', models.BooleanField(default=False)),
                        ('state', models.CharField(choices=[('received', 'received'), ('accepted', 'accepted'), ('in_progress', 'in progress'), ('waiting_reporter', 'waiting for the reporter'), ('reopened', 'reopened'), ('resolved', 'resolved'), ('confirmed', 'confirmed'), ('rejected', 'rejected'), ('out_of_scope', 'out of scope'), ('withdrawn', 'withdrawn')], default='received', max_length=20)),
                        ('submitted_at', models.DateTimeField()),
                        ('updated_at', models.DateTimeField()),
                        ('answered_at', models.DateTimeField(blank=True, null=True)),
                        ('closed_at', models.DateTimeField(blank=True, null=True)),
                        ('answer_due_at', models.DateTimeField(blank=True, null=True)),
                        ('answer_due_wall', models.CharField(blank=True, max_length=19)),
                        ('resolution_due_at', models.DateTimeField(blank=True, null=True)),
                        ('resolution_due_wall', models.CharField(blank=True, max_length=19)),
                        ('policy_version', models.PositiveIntegerField(default=0)),
                        ('paused_at', models.DateTimeField(blank=True, null=True)),
                        ('next_rung_at', models.DateTimeField(blank=True, null=True)),
                        ('escalation', models.PositiveSmallIntegerField(default=0)),
                        ('merged_count', models.PositiveIntegerField(default=0)),
                        ('joined_count', models.PositiveIntegerField(default=0)),
                        ('reopened_count', models.PositiveSmallIntegerField(default=0)),
                        ('contested_count', models.PositiveSmallIntegerField(db_default=0, default=0)),
                        ('verdict_until', models.DateTimeField(blank=True, null=True)),
                        ('link_version', models.PositiveIntegerField(default=1)),
                        ('source', models.CharField(blank=True, max_length=100)),
                        ('source_id', models.CharField(blank=True, max_length=100)),
                        ('search', models.GeneratedField(db_persist=True, expression=models.Func(models.F('description'), models.F('location_text'), models.F('tracking_number'), arg_joiner=" || ' ' || ", template='complaints_search_vector(%(expressions)s)'), output_field=django.contrib.postgres.search.SearchVectorField())),
                        ('assigned_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='assigned_complaints', to=settings.AUTH_USER_MODEL)),
                        ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='complaints', to='catalogue.category')),
                        ('district', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='complaints', to='catalogue.jurisdiction')),
                        ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='complaints.complaint')),
                        ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='complaints', to='catalogue.service')),
                        ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='complaints', to='catalogue.unit')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['jurisdiction', '-submitted_at', '-id'], name='complaint_by_time'), models.Index(fields=['service', '-submitted_at'], name='complaint_by_service'), models.Index(condition=models.Q(('state__in', ['accepted', 'in_progress', 'received', 'reopened', 'waiting_reporter'])), fields=['unit', 'resolution_due_at'], name='complaint_desk'), models.Index(models.F('unit'), models.OrderBy(django.db.models.functions.comparison.Coalesce('closed_at', 'submitted_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('state__in', ['accepted', 'in_progress', 'received', 'reopened', 'waiting_reporter']), _negated=True), name='complaint_desk_closed'), models.Index(models.F('jurisdiction'), models.OrderBy(django.db.models.functions.comparison.Coalesce('closed_at', 'submitted_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('state__in', ['accepted', 'in_progress', 'received', 'reopened', 'waiting_reporter']), _negated=True), name='complaint_city_closed'), django.contrib.postgres.indexes.GinIndex(fields=['search'], name='complaint_search'), models.Index(condition=models.Q(('state__in', ['accepted', 'in_progress', 'received', 'reopened', 'waiting_reporter'])), fields=['assigned_to'], name='complaint_crew'), models.Index(condition=models.Q(('merged_into', None), ('resolution_due_at__isnull', False), ('state__in', ['accepted', 'in_progress', 'received', 'reopened', 'waiting_reporter'])), fields=['next_rung_at'], name='complaint_ladder'), models.Index(condition=models.Q(('place_precision__in', ('grid', 'district'))), fields=['category', 'district'], include=('id', 'unit', 'place_cell', 'place_shown', 'visibility', 'merged_into'), name='complaint_sensitive'), models.Index(condition=models.Q(('verdict_until__isnull', False)), fields=['verdict_until'], name='complaint_verdict'), models.Index(condition=models.Q(('text_review', 'pending')), fields=['submitted_at'], name='complaint_review')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['received', 'accepted', 'in_progress', 'waiting_reporter', 'reopened', 'resolved', 'confirmed', 'rejected', 'out_of_scope', 'withdrawn'])), name='complaint_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('place_precision', 'never'), ('public_point', None)), models.Q(('place_precision', 'never'), _negated=True), _connector='OR'), name='complaint_never_public_has_no_public_point'), models.CheckConstraint(condition=models.Q(models.Q(('place_precision__in', ('grid', 'district')), ('place_shown', 'exact'), _negated=True), models.Q(models.Q(('place_precision', 'never'), _negated=True), ('place_shown', 'never'), _connector='OR')), name='complaint_shows_no_more_than_allowed'), models.CheckConstraint(condition=models.Q(('public_point', None), ('place_shown__in', ('exact', 'grid', 'district')), _connector='OR'), name='complaint_withheld_place_has_no_public_point'), models.UniqueConstraint(condition=models.Q(('source_id', ''), _negated=True), fields=('jurisdiction', 'source', 'source_id'), name='complaint_source_once'), models.UniqueConstraint(django.db.models.functions.text.Upper('tracking_number'), name='complaint_number_unique_in_any_case')],
                    },
                ),
                migrations.CreateModel(
                    name='DaysInForce',
                    fields=[
                        ('jurisdiction', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='catalogue.jurisdiction')),
                        ('days', models.JSONField(default=list)),
                        ('target', models.JSONField(blank=True, null=True)),
                        ('done_id', models.BigIntegerField(default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name='LadderInForce',
                    fields=[
                        ('service', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='catalogue.service')),
                        ('fingerprint', models.CharField(max_length=64)),
                    ],
                ),
                migrations.CreateModel(
                    name='ReceivedMail',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('digest', models.CharField(max_length=64, unique=True)),
                        ('received_at', models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name='CasePaper',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('requested_at', models.DateTimeField()),
                        ('language', models.CharField(max_length=10)),
                        ('step', models.PositiveSmallIntegerField(default=0)),
                        ('path', models.CharField(blank=True, max_length=120)),
                        ('size', models.PositiveIntegerField(default=0)),
                        ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='papers', to='complaints.complaint')),
                    ],
                    options={
                        'ordering': ['-requested_at', '-id'],
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='case_paper_due'), models.Index(fields=['requested_at'], name='case_paper_age')],
                    },
                ),
                migrations.CreateModel(
                    name='Attachment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('name', models.CharField(max_length=200)),
                        ('kind', models.CharField(max_length=10)),
                        ('size', models.PositiveIntegerField()),
                        ('sha256', models.CharField(max_length=64)),
                        ('status', models.CharField(choices=[('checking', 'being checked'), ('ready', 'ready'), ('refused', 'refused')], default='checking', max_length=10)),
                        ('refused_code', models.CharField(blank=True, max_length=40)),
                        ('quarantine_path', models.CharField(blank=True, max_length=120)),
                        ('path', models.CharField(blank=True, max_length=120)),
                        ('purpose', models.CharField(choices=[('report', 'report'), ('message', 'message'), ('before', 'before the work'), ('after', 'after the work')], default='report', max_length=10)),
                        ('thumbnail_path', models.CharField(blank=True, max_length=120)),
                        ('width', models.PositiveIntegerField(blank=True, null=True)),
                        ('height', models.PositiveIntegerField(blank=True, null=True)),
                        ('look', models.BigIntegerField(blank=True, null=True)),
                        ('metres_off', models.PositiveIntegerField(blank=True, null=True)),
                        ('review', models.CharField(choices=[('pending', 'waiting for review'), ('released', 'released'), ('withheld', 'withheld')], default='pending', max_length=10)),
                        ('created_at', models.DateTimeField()),
                        ('uploaded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='complaints.complaint')),
                    ],
                    options={
                        'ordering': ['created_at', 'id'],
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='attachment_due')],
                    },
                ),
                migrations.CreateModel(
                    name='Deed',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('batch', models.UUIDField(default=uuid.uuid4, editable=False)),
                        ('others', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                        ('action', models.CharField(max_length=40)),
                        ('until', models.DateTimeField()),
                        ('before', models.JSONField()),
                        ('made', models.JSONField()),
                        ('left', models.JSONField()),
                        ('undone_at', models.DateTimeField(blank=True, null=True)),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='complaints.complaint')),
                        ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['batch'], name='deed_batch'), models.Index(fields=['until'], name='deed_until')],
                    },
                ),
                migrations.CreateModel(
                    name='Event',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('kind', models.CharField(choices=[('submitted', 'Complaint filed'), ('imported', 'Imported from earlier records'), ('state_changed', 'State changed'), ('answered', 'Answered'), ('noted', 'Internal note'), ('message_received', 'Message from the reporter'), ('handed_over', 'Handed over to another unit'), ('taken_over', 'Hand-over accepted'), ('reminded', 'Unit reminded to accept the hand-over'), ('recategorised', 'Category changed'), ('rerouted', 'Routed again'), ('pin_moved', 'Place corrected'), ('split', 'Split into several'), ('assigned', 'Assigned to a crew'), ('deadline_changed', 'Deadline changed'), ('breached', 'Deadline missed'), ('file_added', 'File added'), ('reviewed', 'Publication reviewed'), ('passed_on', 'Passed on to the operator'), ('forwarded', 'Passed on to another body'), ('visibility_changed', 'Visibility changed'), ('link_renewed', 'Secret link renewed'), ('erased', 'Personal data erased'), ('undone', 'Undone at once'), ('merged', 'Merged with another complaint'), ('separated', 'Separated again'), ('joined', 'Somebody else has the same problem'), ('stepped_back', 'One of those who reported it steps back'), ('escalated', 'Brought to attention'), ('voiced', 'Somebody concerned said what she thinks of the closing'), ('silent', 'No reply about the closing within the time set'), ('rated', 'Satisfaction told')], max_length=20)),
                        ('actor_role', models.CharField(max_length=20)),
                        ('is_public', models.BooleanField(default=False)),
                        ('from_state', models.CharField(blank=True, max_length=20)),
                        ('to_state', models.CharField(blank=True, max_length=20)),
                        ('data', models.JSONField(default=dict)),
                        ('actor', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('complaint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='complaints.complaint')),
                    ],
                    options={
                        'ordering': ['at', 'id'],
                        'indexes': [models.Index(fields=['complaint', 'at'], name='event_history'), models.Index(condition=models.Q(('kind', 'rerouted')), fields=['at'], name='event_rerouted')],
                        'constraints': [models.UniqueConstraint(models.F('complaint'), models.F('data__deadline'), models.F('data__due'), condition=models.Q(('kind', 'breached')), name='event_breach_once'), models.UniqueConstraint(models.F('complaint'), models.F('data__round'), condition=models.Q(('kind', 'silent')), name='event_silence_once'), models.UniqueConstraint(models.F('complaint'), models.F('data__rung'), models.F('data__round'), condition=models.Q(('kind', 'escalated')), name='event_rung_once')],
                    },
                ),
                migrations.CreateModel(
                    name='ExpectedTime',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('district_code', models.CharField(blank=True, max_length=60)),
                        ('n', models.PositiveIntegerField()),
                        ('low', models.DurationField()),
                        ('median', models.DurationField()),
                        ('high', models.DurationField()),
                        ('learned_at', models.DateTimeField()),
                        ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.category')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('category', 'district_code'), name='expected_time_once')],
                    },
                ),
                migrations.CreateModel(
                    name='FeedItem',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('created_at', models.DateTimeField()),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='complaints.complaint')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='feed_due')],
                    },
                ),
                migrations.CreateModel(
                    name='Forwarding',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('named_at', models.DateTimeField()),
                        ('consent', models.CharField(choices=[('none', 'not asked'), ('desk', 'given to the desk'), ('reporter', 'given on her page')], default='none', max_length=10)),
                        ('sent_at', models.DateTimeField(blank=True, null=True)),
                        ('body', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.body')),
                        ('complaint', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='forwarding', to='complaints.complaint')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('consent__in', ['none', 'desk', 'reporter'])), name='forwarding_consent_known'), models.CheckConstraint(condition=models.Q(('sent_at', None), models.Q(('consent', 'none'), _negated=True), _connector='OR'), name='forwarding_only_with_consent')],
                    },
                ),
                migrations.CreateModel(
                    name='Handover',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('offered_at', models.DateTimeField()),
                        ('outcome', models.CharField(choices=[('open', 'not accepted yet'), ('taken', 'accepted'), ('refused', 'refused'), ('moved', 'moved on')], default='open', max_length=10)),
                        ('settled_at', models.DateTimeField(blank=True, null=True)),
                        ('remind_at', models.DateTimeField()),
                        ('reminded_at', models.DateTimeField(blank=True, null=True)),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='handovers', to='complaints.complaint')),
                        ('from_unit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.unit')),
                        ('to_unit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.unit')),
                    ],
                    options={
                        'ordering': ['-offered_at', '-pk'],
                        'indexes': [models.Index(condition=models.Q(('outcome', 'open'), ('reminded_at', None)), fields=['remind_at'], name='handover_due')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('outcome__in', ['open', 'taken', 'refused', 'moved'])), name='handover_outcome_known'), models.UniqueConstraint(condition=models.Q(('outcome', 'open')), fields=('complaint',), name='handover_open_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Hotspot',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('point', django.contrib.gis.db.models.fields.PointField(srid=4326)),
                        ('radius_m', models.PositiveIntegerField()),
                        ('count', models.PositiveIntegerField()),
                        ('open_count', models.PositiveIntegerField()),
                        ('returns', models.PositiveIntegerField()),
                        ('first_at', models.DateTimeField()),
                        ('last_at', models.DateTimeField()),
                        ('numbers', models.JSONField(default=list)),
                        ('found_at', models.DateTimeField()),
                        ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.category')),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                        ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.unit')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['unit', '-returns', '-last_at'], name='hotspot_of_unit'), models.Index(fields=['jurisdiction', '-returns', '-last_at'], name='hotspot_of_city')],
                    },
                ),
                migrations.CreateModel(
                    name='IdempotencyKey',
                    fields=[
                        ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                        ('body_hash', models.CharField(max_length=64)),
                        ('response', models.JSONField()),
                        ('created_at', models.DateTimeField()),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='complaints.complaint')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['created_at'], name='idempotency_age')],
                    },
                ),
                migrations.CreateModel(
                    name='Message',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('audience', models.CharField(choices=[('public', 'public'), ('reporter', 'reporter'), ('internal', 'internal')], max_length=10)),
                        ('from_reporter', models.BooleanField(default=False)),
                        ('text', models.TextField(max_length=4000)),
                        ('created_at', models.DateTimeField()),
                        ('erased_at', models.DateTimeField(blank=True, null=True)),
                        ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='complaints.complaint')),
                    ],
                    options={
                        'ordering': ['created_at', 'id'],
                    },
                ),
                migrations.CreateModel(
                    name='PlaceCount',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('district_code', models.CharField(max_length=60)),
                        ('n', models.PositiveIntegerField()),
                        ('kth_id', models.BigIntegerField(null=True)),
                        ('published', models.BooleanField()),
                        ('k', models.PositiveSmallIntegerField()),
                        ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.category')),
                        ('unit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.unit')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(models.F('category'), models.F('district_code'), django.db.models.functions.comparison.Coalesce('unit', 0), name='placecount_area_once')],
                    },
                ),
                migrations.CreateModel(
                    name='PlaceRecount',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('created_at', models.DateTimeField()),
                        ('category', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.category')),
                        ('district', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='districts.district')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['category'], name='placerecount_category')],
                    },
                ),
                migrations.CreateModel(
                    name='Presence',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('seen_at', models.DateTimeField()),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='presences', to='complaints.complaint')),
                        ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['seen_at'], name='presence_age')],
                        'constraints': [models.UniqueConstraint(fields=('complaint', 'user'), name='presence_once')],
                    },
                ),
                migrations.CreateModel(
                    name='PublicChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='complaints.event')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='change_due')],
                    },
                ),
                migrations.CreateModel(
                    name='Reply',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('step', models.CharField(choices=[('answer', 'Answer'), ('ask', 'Question to the reporter'), ('resolve', 'Resolved'), ('reject', 'Rejected'), ('out-of-scope', 'Out of scope')], max_length=20)),
                        ('name', models.CharField(max_length=80)),
                        ('texts', catalogue.translated.TranslatedTextField(default=dict)),
                        ('is_active', models.BooleanField(default=True)),
                        ('updated_at', models.DateTimeField()),
                        ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.category')),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                        ('unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.unit')),
                    ],
                    options={
                        'ordering': ['step', 'name', 'pk'],
                        'constraints': [models.CheckConstraint(condition=models.Q(('step__in', ['answer', 'ask', 'resolve', 'reject', 'out-of-scope'])), name='reply_step_known')],
                    },
                ),
                migrations.CreateModel(
                    name='Reporter',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(blank=True, max_length=120)),
                        ('email', models.EmailField(blank=True, max_length=254)),
                        ('phone', models.CharField(blank=True, max_length=20)),
                        ('language', models.CharField(max_length=10)),
                        ('consent_contact', models.BooleanField(default=False)),
                        ('consent_sms', models.BooleanField(db_default=False, default=False)),
                        ('consent_version', models.CharField(max_length=40)),
                        ('consent_language', models.CharField(max_length=10)),
                        ('consent_at', models.DateTimeField()),
                        ('erased_at', models.DateTimeField(blank=True, null=True)),
                        ('complaint', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='reporter', to='complaints.complaint')),
                    ],
                    options={
                        'indexes': [django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(models.Func(models.F('name'), models.F('email'), models.F('phone'), arg_joiner=" || ' ' || ", output_field=models.TextField(), template='complaints_fold(%(expressions)s)'), name='gin_trgm_ops'), name='reporter_words')],
                    },
                ),
                migrations.CreateModel(
                    name='Rerouting',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('requested_by', models.CharField(max_length=150)),
                        ('requested_at', models.DateTimeField()),
                        ('done_at', models.DateTimeField(blank=True, null=True)),
                        ('looked_at', models.PositiveIntegerField(default=0)),
                        ('moved', models.PositiveIntegerField(default=0)),
                        ('kept_by_hand', models.PositiveIntegerField(default=0)),
                        ('outside', models.PositiveIntegerField(default=0)),
                        ('activation', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='rerouting', to='districts.editionactivation')),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 're-routing',
                        'verbose_name_plural': 're-routings',
                        'ordering': ['-requested_at', '-id'],
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='rerouting_due')],
                    },
                ),
                migrations.CreateModel(
                    name='RoutingAlert',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('no_unit', 'No unit answers for this service here'), ('broken_schedule', 'A schedule cannot be read'), ('broken_calendar', 'A calendar or a delay cannot be read'), ('no_triage_unit', 'The city names no triage unit')], max_length=20)),
                        ('raised_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(blank=True, null=True)),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='routing_alerts', to='complaints.complaint')),
                        ('jurisdiction', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                        ('service', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.service')),
                    ],
                    options={
                        'verbose_name': 'routing alert',
                        'verbose_name_plural': 'routing alerts',
                        'ordering': ['-raised_at', '-id'],
                        'indexes': [models.Index(condition=models.Q(('closed_at', None)), fields=['jurisdiction', 'kind'], name='routing_alert_open')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['no_unit', 'broken_schedule', 'broken_calendar', 'no_triage_unit'])), name='routing_alert_kind_known')],
                    },
                ),
                migrations.CreateModel(
                    name='RoutingDecision',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('decided_at', models.DateTimeField()),
                        ('reason', models.CharField(choices=[('category_area', 'category_area'), ('service_area', 'service_area'), ('default_unit', 'default_unit'), ('triage', 'triage'), ('broken_rule', 'broken_rule'), ('by_hand', 'by_hand')], max_length=20)),
                        ('rule', models.CharField(blank=True, choices=[('category', 'category'), ('priority', 'priority'), ('smaller', 'smaller'), ('code', 'code')], max_length=10)),
                        ('by_fallback', models.BooleanField(default=False)),
                        ('outside_by_m', models.FloatField(null=True)),
                        ('category', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.category')),
                        ('complaint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='complaints.complaint')),
                        ('district', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.district')),
                        ('edition', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.boundaryedition')),
                        ('passed_over', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.servicearea')),
                        ('runner_up', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.servicearea')),
                        ('service_area', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='districts.servicearea')),
                        ('unit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.unit')),
                    ],
                    options={
                        'verbose_name': 'routing decision',
                        'verbose_name_plural': 'routing decisions',
                        'ordering': ['-decided_at', '-id'],
                        'indexes': [models.Index(fields=['complaint', '-decided_at'], name='decision_newest')],
                    },
                ),
                migrations.CreateModel(
                    name='SavedFilter',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=60)),
                        ('query', models.CharField(blank=True, max_length=1000)),
                        ('is_shared', models.BooleanField(default=False)),
                        ('created_at', models.DateTimeField()),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                        ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_filters', to=settings.AUTH_USER_MODEL)),
                        ('unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.unit')),
                    ],
                    options={
                        'ordering': ['name', 'pk'],
                        'constraints': [models.UniqueConstraint(fields=('owner', 'jurisdiction', 'name'), name='saved_filter_name_once'), models.CheckConstraint(condition=models.Q(('is_shared', True), ('unit', None), _connector='OR'), name='saved_filter_unit_only_shared')],
                    },
                ),
                migrations.CreateModel(
                    name='Simulation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('next_attempt_at', models.DateTimeField()),
                        ('leased_until', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=300)),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('change', models.JSONField(blank=True, default=dict, editable=False)),
                        ('months', models.PositiveSmallIntegerField()),
                        ('requested_by', models.CharField(max_length=150)),
                        ('requested_at', models.DateTimeField()),
                        ('step', models.PositiveIntegerField(default=0)),
                        ('steps', models.PositiveIntegerField(default=0)),
                        ('done_at', models.DateTimeField(blank=True, null=True)),
                        ('looked_at', models.PositiveIntegerField(default=0)),
                        ('open', models.PositiveIntegerField(default=0)),
                        ('moved', models.PositiveIntegerField(default=0)),
                        ('moved_open', models.PositiveIntegerField(default=0)),
                        ('kept_by_hand', models.PositiveIntegerField(default=0)),
                        ('left_outside', models.PositiveIntegerField(default=0)),
                        ('editions', models.ManyToManyField(related_name='+', to='districts.boundaryedition')),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                    ],
                    options={
                        'verbose_name': 'simulation of routing',
                        'verbose_name_plural': 'simulations of routing',
                        'ordering': ['-requested_at', '-id'],
                        'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='simulation_due')],
                    },
                ),
                migrations.CreateModel(
                    name='SimulationCell',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('from_code', models.CharField(max_length=60)),
                        ('to_code', models.CharField(max_length=60)),
                        ('longitude', models.FloatField()),
                        ('latitude', models.FloatField()),
                        ('n', models.PositiveIntegerField()),
                        ('n_open', models.PositiveIntegerField()),
                        ('simulation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cells', to='complaints.simulation')),
                    ],
                ),
                migrations.CreateModel(
                    name='SimulationMove',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('unit', 'unit'), ('district', 'district')], max_length=10)),
                        ('from_code', models.CharField(blank=True, max_length=60)),
                        ('to_code', models.CharField(blank=True, max_length=60)),
                        ('n', models.PositiveIntegerField()),
                        ('n_open', models.PositiveIntegerField()),
                        ('simulation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='moves', to='complaints.simulation')),
                    ],
                    options={
                        'ordering': ['-n', '-n_open', 'from_code', 'to_code'],
                    },
                ),
                migrations.CreateModel(
                    name='Supporter',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('joined_at', models.DateTimeField()),
                        ('voice', models.CharField(max_length=64)),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='supporters', to='complaints.complaint')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('complaint', 'voice'), name='supporter_counts_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Verdict',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('round', models.PositiveSmallIntegerField()),
                        ('voice', models.CharField(max_length=40)),
                        ('outcome', models.CharField(blank=True, choices=[('confirmed', 'confirmed'), ('contested', 'contested')], max_length=10)),
                        ('reason', models.CharField(blank=True, choices=[('nothing_done', 'Nothing was done'), ('partly_done', 'Only a part was done'), ('back_again', 'It is there again'), ('other', 'Something else')], max_length=20)),
                        ('words', models.TextField(blank=True, max_length=4000)),
                        ('given_at', models.DateTimeField()),
                        ('satisfaction', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('remark', models.CharField(blank=True, max_length=500)),
                        ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='verdicts', to='complaints.complaint')),
                    ],
                    options={
                        'ordering': ['given_at', 'id'],
                        'indexes': [models.Index(fields=['voice'], name='verdict_voice')],
                        'constraints': [models.UniqueConstraint(fields=('complaint', 'round', 'voice'), name='verdict_once_a_closing'), models.CheckConstraint(condition=models.Q(('outcome__in', ['', 'confirmed', 'contested'])), name='verdict_known'), models.CheckConstraint(condition=models.Q(('satisfaction', None), ('satisfaction__range', (1, 5)), _connector='OR'), name='verdict_satisfaction_1_to_5')],
                    },
                ),
                migrations.CreateModel(
                    name='GroupPromise',
                    fields=[
                        ('holder', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='group_promise', serialize=False, to='complaints.complaint')),
                        ('answer_due_at', models.DateTimeField(null=True)),
                        ('answer_due_wall', models.CharField(blank=True, max_length=19)),
                        ('resolution_due_at', models.DateTimeField(null=True)),
                        ('resolution_due_wall', models.CharField(blank=True, max_length=19)),
                        ('primary', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='group_promises', to='complaints.complaint')),
                    ],
                ),
            ]
        ),
        migrations.RunSQL(GEOGRAPHY, "DROP INDEX complaint_public_geography"),
    ]
