"""Subscriptions, and how far their mails have got."""

import django.contrib.gis.db.models.fields
import django.db.models.deletion
from django.db import migrations, models

from catalogue.migrating import CreateModels


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalogue', '0001_squashed_0009_kinds_of_days'),
        ('complaints', '0001_squashed_0023_case_papers'),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name='Watermark',
                    fields=[
                        ('jurisdiction', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='catalogue.jurisdiction')),
                        ('told_until', models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name='Subscription',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('email', models.EmailField(max_length=254)),
                        ('language', models.CharField(max_length=10)),
                        ('subject', models.CharField(choices=[('complaint', 'a complaint'), ('street', 'a street or place'), ('district', 'a district'), ('area', 'an area')], max_length=10)),
                        ('district_code', models.CharField(blank=True, max_length=60)),
                        ('area', django.contrib.gis.db.models.fields.PolygonField(blank=True, null=True, srid=4326)),
                        ('place', models.CharField(blank=True, max_length=120)),
                        ('delivery', models.CharField(choices=[('instant', 'at once'), ('weekly', 'once a week')], default='instant', max_length=10)),
                        ('created_at', models.DateTimeField()),
                        ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                        ('told_until', models.DateTimeField(blank=True, null=True)),
                        ('link_version', models.PositiveIntegerField(default=1)),
                        ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.category')),
                        ('complaint', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='followers', to='complaints.complaint')),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.jurisdiction')),
                        ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.service')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('complaint__isnull', False)), fields=['complaint'], name='subscription_complaint'), models.Index(fields=['jurisdiction', 'district_code'], name='subscription_district'), models.Index(fields=['email'], name='subscription_email')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('complaint__isnull', False), ('subject', 'complaint')), models.Q(('subject', 'district'), models.Q(('district_code', ''), _negated=True)), models.Q(('area__isnull', False), ('subject__in', ['street', 'area'])), _connector='OR'), name='subscription_names_its_subject'), models.CheckConstraint(condition=models.Q(('delivery__in', ['instant', 'weekly'])), name='subscription_delivery_known')],
                    },
                ),
            ]
        ),
    ]
