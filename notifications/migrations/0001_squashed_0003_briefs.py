"""The outbox."""

from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('notifications', '0001_initial'),
        ('notifications', '0002_verdicts'),
        ('notifications', '0003_briefs'),
    ]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='OutboxMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('queue_state', models.CharField(choices=[('due', 'due'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], default='due', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('channel', models.CharField(default='email', max_length=10)),
                ('recipient', models.CharField(max_length=254)),
                ('language', models.CharField(max_length=10)),
                ('subject', models.CharField(max_length=200)),
                ('body', models.TextField()),
                ('actions', models.JSONField(blank=True, default=list)),
                ('reply_to', models.CharField(blank=True, max_length=254)),
                ('unsubscribe_url', models.CharField(blank=True, max_length=500)),
                ('attachment_path', models.CharField(blank=True, max_length=200)),
                ('attachment_name', models.CharField(blank=True, max_length=100)),
                ('reference', models.CharField(max_length=60)),
                ('dedup_key', models.CharField(max_length=120, unique=True)),
                ('created_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('queue_state', 'due')), fields=['next_attempt_at', 'id'], name='outbox_due'), models.Index(fields=['reference'], name='outbox_reference')],
            },
        ),
    ]
