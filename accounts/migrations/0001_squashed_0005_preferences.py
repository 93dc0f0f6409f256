"""Staff, their roles, quotas, and the table of Django's cache: allauth counts failed sign-ins in it, shared by all processes.

Quota counters and the cache are UNLOGGED: what they hold is worth nothing after a crash, and counting costs no disk write.
"""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from catalogue.migrating import CreateModels


UNLOGGED = """
ALTER TABLE accounts_quotawindow SET UNLOGGED;
CREATE UNLOGGED TABLE django_cache (
  cache_key varchar(255) NOT NULL PRIMARY KEY,
  value text NOT NULL,
  expires timestamp with time zone NOT NULL
);
CREATE INDEX django_cache_expires ON django_cache (expires);
"""


class Migration(migrations.Migration):

    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0002_unlogged_quota'),
        ('accounts', '0003_cache_table'),
        ('accounts', '0004_names_in_the_administration'),
        ('accounts', '0005_preferences'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('catalogue', '0001_squashed_0009_kinds_of_days'),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name='User',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('password', models.CharField(max_length=128, verbose_name='password')),
                        ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                        ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                        ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                        ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                        ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                        ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                        ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                        ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                        ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                        ('session_version', models.PositiveIntegerField(default=0)),
                        ('preferences', models.JSONField(blank=True, default=dict, editable=False)),
                        ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                        ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                    ],
                    options={
                        'verbose_name': 'member of staff',
                        'verbose_name_plural': 'members of staff',
                    },
                    managers=[
                        ('objects', django.contrib.auth.models.UserManager()),
                    ],
                ),
                migrations.CreateModel(
                    name='QuotaWindow',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.CharField(max_length=160)),
                        ('window_start', models.DateTimeField()),
                        ('used', models.PositiveIntegerField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['window_start'], name='quota_window_start')],
                        'constraints': [models.UniqueConstraint(fields=('key', 'window_start'), name='quota_window_unique')],
                    },
                ),
                migrations.CreateModel(
                    name='Membership',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('role', models.CharField(choices=[('clerk', 'Clerk'), ('unit_manager', 'Unit manager'), ('triage_officer', 'Triage officer'), ('crew_member', 'Crew member'), ('operator_user', 'Operator user'), ('contract_manager', 'Contract manager'), ('treasury_officer', 'Treasury officer'), ('moderator', 'Moderator'), ('office', "Mayor's office"), ('administrator', 'Administrator'), ('api_client', 'API client')], max_length=20)),
                        ('district_code', models.CharField(blank=True, max_length=60)),
                        ('jurisdiction', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='catalogue.jurisdiction')),
                        ('unit', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='catalogue.unit')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'role',
                        'verbose_name_plural': 'roles',
                        'constraints': [models.UniqueConstraint(fields=('user', 'role', 'jurisdiction', 'unit', 'district_code'), name='membership_unique', nulls_distinct=False), models.CheckConstraint(condition=models.Q(models.Q(('role__in', ['clerk', 'crew_member', 'operator_user', 'unit_manager']), _negated=True), ('unit__isnull', False), _connector='OR'), name='unit_roles_name_a_unit')],
                    },
                ),
            ]
        ),
        migrations.RunSQL(UNLOGGED, "DROP TABLE django_cache"),
    ]
