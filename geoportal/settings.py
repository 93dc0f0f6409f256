"""Settings: values come from the environment through typed readers; docs in README.md "Configuration"."""

import re
import secrets
import zoneinfo
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from geoportal.env import (
    database_settings,
    env_bool,
    env_float,
    env_int,
    env_list,
    env_secret,
    env_text,
    imap_settings,
    mail_settings,
    public_url,
)
from geoportal.native import library_path

# Time zones come from the locked `tzdata` package: a machine's own data may be a year old, and Morocco left UTC+1 on
# 20 September 2026 (IANA 2026c). PostgreSQL has a copy of its own: days of a city are cut in Python, not in SQL.
zoneinfo.reset_tzpath(to=())

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_text("GEOPORTAL_VAR", str(BASE_DIR / "var"))).resolve()

ENVIRONMENT = env_text("GEOPORTAL_ENV", "demo")
if ENVIRONMENT not in {"demo", "production", "test"}:
    raise ImproperlyConfigured(f"GEOPORTAL_ENV must be demo, production or test, not {ENVIRONMENT!r}")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = False

# It signs the links that stand in for a reporter's identity; Django's own advice is 50 characters.
SHORTEST_SECRET_KEY = 32
SECRET_KEY = env_secret("SECRET_KEY")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured("SECRET_KEY or SECRET_KEY_FILE must be given in production")
    # Lives as long as this process; `./run` keeps one in var/ and passes it, so that links survive a restart.
    SECRET_KEY = secrets.token_urlsafe(50)
elif PRODUCTION and len(SECRET_KEY) < SHORTEST_SECRET_KEY:
    raise ImproperlyConfigured(f"SECRET_KEY must be random and at least {SHORTEST_SECRET_KEY} characters long")
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS", [])

ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"])
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the site's hosts in production")
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS=* lets anybody choose what links in mails begin with; name the hosts")
HTTPS = env_bool("HTTPS", PRODUCTION)
# Address that messages and API answers link to when no request is at hand.
PUBLIC_URL = public_url("PUBLIC_URL", hosts=ALLOWED_HOSTS, https=HTTPS, production=PRODUCTION)
# API answers link to the host that was asked, unless an address was given.
PUBLIC_URL_IS_GIVEN = PRODUCTION or bool(env_text("PUBLIC_URL"))

INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "geoportal.admin_config.CityAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "rest_framework",
    "rest_framework_gis",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "geoportal",
    "catalogue",
    "districts",
    "accounts",
    "notifications",
    "complaints",
    "contracts",
    "following",
    "analytics",
    "api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "geoportal.content_policy.PagePolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.require_second_factor",
    "accounts.middleware.RefuseOverQuota",
    "geoportal.wrong_method.explain_wrong_method",
]
if ENVIRONMENT == "test":
    MIDDLEWARE.append("geoportal.failpoints.DieBeforeTheAnswer")

ROOT_URLCONF = "geoportal.urls"
WSGI_APPLICATION = "geoportal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "geoportal.context.site",
            ],
        },
    },
]

# --- Database: the weak runtime role; the owner's URL is used by migrations and by the test runner only.
DATABASE_URL = env_text("DATABASE_URL")
DATABASE_OWNER_URL = env_text("DATABASE_OWNER_URL")
if not DATABASE_URL:
    raise ImproperlyConfigured("DATABASE_URL is missing; ./run sets it, or give postgres://user@host/name")
# Tests make and empty their own database, so they connect as the owner; where rights matter they SET ROLE.
_URL = DATABASE_OWNER_URL if ENVIRONMENT == "test" and DATABASE_OWNER_URL else DATABASE_URL
DATABASES = {"default": database_settings(_URL, variable="DATABASE_URL")}
DATABASES["default"] |= {
    "CONN_MAX_AGE": env_int("DATABASE_CONN_MAX_AGE", 600),
    "CONN_HEALTH_CHECKS": True,
    "ATOMIC_REQUESTS": False,
    "TEST": {"NAME": env_text("TEST_DATABASE_NAME") or None, "TEMPLATE": "template1"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if _gdal := library_path("GDAL_LIBRARY_PATH", "pyogrio", "libgdal*"):
    GDAL_LIBRARY_PATH = _gdal
if _geos := library_path("GEOS_LIBRARY_PATH", "shapely", "libgeos_c*"):
    GEOS_LIBRARY_PATH = _geos

# --- Languages and time
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("ar", "العربية"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "geoportal.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Africa/Casablanca"
LANGUAGE_COOKIE_NAME = "geoportal_language"

# --- Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
# Scrypt costs a guesser memory as well as time; tests sign in hundreds of times and use a cheap one.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
    if ENVIRONMENT == "test"
    else "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "staff_home"
ACCOUNT_ADAPTER = "accounts.adapter.StaffOnlyAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
# Lock-out: ten failures a minute from one address, five in five minutes for one name, whoever tries.
_per_address, _per_name = (max(1, round(n * env_float("RATE_LIMIT_SCALE", 1.0))) for n in (10, 5))
ACCOUNT_RATE_LIMITS = (
    {"login_failed": f"{_per_address}/m/ip,{_per_name}/5m/key"} if env_float("RATE_LIMIT_SCALE", 1.0) else False
)
# Counts must be shared by all processes and outlive the broker. Few entries would let an attacker push his own out.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXIES", 0)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Geoportal"
# A telephone whose clock is half a minute off, and whoever types slowly.
MFA_TOTP_TOLERANCE = 1
# Roles that must have a second factor before they see any staff page; in production all who decide or see money.
MFA_REQUIRED_ROLES = env_list(
    "MFA_REQUIRED_ROLES", ["administrator", "treasury_officer", "contract_manager"] if PRODUCTION else []
)
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True

# --- Transport security
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS and env_int("TRUSTED_PROXIES", 0):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SILENCED_SYSTEM_CHECKS = [] if HTTPS else ["security.W004", "security.W008", "security.W012", "security.W016"]

BASEMAP_URL = env_text("BASEMAP_URL")
BASEMAP_ATTRIBUTION = env_text("BASEMAP_ATTRIBUTION")
if BASEMAP_URL and not BASEMAP_ATTRIBUTION:
    raise ImproperlyConfigured("BASEMAP_ATTRIBUTION must name the source of BASEMAP_URL")
_basemap_origin = ["/".join(BASEMAP_URL.split("/")[:3]).replace("{s}", "*")] if BASEMAP_URL.startswith("http") else []

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        # Leaflet positions its panes through element.style (CSSOM), which the policy allows; no style attributes in HTML.
        "img-src": [SELF, "data:", "blob:", *_basemap_origin],
        "connect-src": [SELF, *_basemap_origin],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# --- Static files and uploads
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# What `build_basemap` makes of city packs, before `collectstatic`.
MADE_STATIC_DIR = VAR_DIR / "made"
STATICFILES_DIRS = [BASE_DIR / "static", *([MADE_STATIC_DIR] if MADE_STATIC_DIR.is_dir() else [])]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "geoportal.staticfiles.BrowserPackagesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if ENVIRONMENT == "test"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = ENVIRONMENT == "test"
# Besides what is compressed already: map tiles, which browsers read by byte ranges of the plain file, and source maps,
# which only developers open (to compress them took half of the time of a first start).
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [
    "jpg", "jpeg", "png", "webp", "zip", "gz", "br", "woff", "woff2", "pmtiles", "map",
]  # fmt: skip
MEDIA_ROOT = VAR_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 11 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 300
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- Mail: EMAIL_URL=smtp://user:password@host:587?tls=1, or files under var/mail
EMAIL_URL = env_secret("EMAIL_URL")
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_URL else "notifications.channels.folder.MailFolder"
)
globals().update(mail_settings(EMAIL_URL))
MAIL_DIR = VAR_DIR / "mail"
# Answers to mails come back into the complaint: REPLY_TO=reclamations@example.org makes reclamations+<token>@example.org.
REPLY_TO = env_text("REPLY_TO")
if REPLY_TO and not re.fullmatch(r"[A-Za-z0-9._-]{1,16}@[A-Za-z0-9.-]+", REPLY_TO):
    raise ImproperlyConfigured("REPLY_TO must be an address such as reclamations@example.org, 16 letters before the @")
IMAP_URL = env_secret("IMAP_URL")
IMAP = imap_settings(IMAP_URL)
if bool(IMAP) != bool(REPLY_TO):
    raise ImproperlyConfigured(
        "REPLY_TO and IMAP_URL belong together: the address of answers, and the mailbox they arrive in"
    )
# Short messages: console (development), or the address of a provider with {to} and {text} in it (notifications/channels/sms.py).
SMS_URL = env_secret("SMS_URL") or ("" if PRODUCTION else "console")
SMS_BODY = env_text("SMS_BODY")
SMS_AUTHORIZATION = env_secret("SMS_AUTHORIZATION")
DEFAULT_FROM_EMAIL = env_text("DEFAULT_FROM_EMAIL", "Geoportal <noreply@example.org>")

# --- Work queue
CELERY_BROKER_URL = env_text("BROKER_URL", "redis://127.0.0.1:6379/0")
# Work of minutes has workers of its own (runner/programs.py), so that mails, photos and counts never wait for papers. A
# worker that is started without -Q serves both queues.
CELERY_TASK_DEFAULT_QUEUE = "quick"
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {"quick": {}, "long": {}}
CELERY_TASK_ROUTES = {
    task: {"queue": "long"}
    for task in (
        "analytics.find_hot_spots",
        "analytics.make_reports",
        "api.make_exports",
        "complaints.apply_retention",
        "complaints.find_hotspots",
        "complaints.learn_expectations",
        "complaints.look_for_holes",
        "complaints.make_papers",
        "complaints.recount_places",
        "complaints.reroute",
        "complaints.simulate_routing",
        "contracts.make_papers",
        "districts.work_on_boundaries",
    )
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A pool process that hangs is killed and replaced after this; what it held is claimed again when its lease runs out.
CELERY_TASK_TIME_LIMIT = 900
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300, "socket_timeout": 5, "socket_connect_timeout": 5}
CELERY_TIMEZONE = TIME_ZONE
# The broker is a doorbell: each ring makes a worker look for due rows. Rings that nobody hears expire. Of what people wait
# for before an open page they last longer: when all workers were busy, the first that is free hears them before the others.
CELERY_BEAT_SCHEDULE = {
    "deliver-messages": {"task": "notifications.deliver_messages", "schedule": 2, "options": {"expires": 10}},
    "check-attachments": {"task": "complaints.check_attachments", "schedule": 2, "options": {"expires": 10}},
    "consume-feed": {"task": "analytics.consume_feed", "schedule": 2, "options": {"expires": 10}},
    "make-reports": {"task": "analytics.make_reports", "schedule": 2, "options": {"expires": 10}},
    "order-weekly-briefs": {"task": "analytics.order_weekly_briefs", "schedule": 300, "options": {"expires": 300}},
    "ask-for-hot-spots": {"task": "analytics.ask_for_hot_spots", "schedule": 60, "options": {"expires": 50}},
    "find-hot-spots": {"task": "analytics.find_hot_spots", "schedule": 5, "options": {"expires": 20}},
    "make-exports": {"task": "api.make_exports", "schedule": 2, "options": {"expires": 10}},
    "make-case-papers": {"task": "complaints.make_papers", "schedule": 2, "options": {"expires": 10}},
    "record-breaches": {"task": "complaints.record_breaches", "schedule": 20, "options": {"expires": 30}},
    "forget-deeds": {"task": "complaints.forget_deeds", "schedule": 30, "options": {"expires": 30}},
    "remind-units": {"task": "complaints.remind_units", "schedule": 60, "options": {"expires": 60}},
    "climb-ladders": {"task": "complaints.climb_ladders", "schedule": 20, "options": {"expires": 30}},
    "settle-places": {"task": "complaints.settle_places", "schedule": 2, "options": {"expires": 10}},
    "recount-places": {"task": "complaints.recount_places", "schedule": crontab(hour="3", minute="5")},
    "simulate-routing": {"task": "complaints.simulate_routing", "schedule": 2, "options": {"expires": 60}},
    "reroute": {"task": "complaints.reroute", "schedule": 5, "options": {"expires": 20}},
    "look-for-holes": {"task": "complaints.look_for_holes", "schedule": 15, "options": {"expires": 30}},
    "find-hotspots": {"task": "complaints.find_hotspots", "schedule": crontab(minute="7"), "options": {"expires": 600}},
    "fetch-replies": {"task": "complaints.fetch_replies", "schedule": 20, "options": {"expires": 30}},
    "learn-expectations": {
        "task": "complaints.learn_expectations",
        "schedule": crontab(minute="37"),
        "options": {"expires": 600},
    },
    "announced-days": {"task": "complaints.move_for_announced_days", "schedule": 15, "options": {"expires": 30}},
    "record-silence": {"task": "complaints.record_silence", "schedule": 60, "options": {"expires": 120}},
    "tell-followers": {"task": "following.tell_followers", "schedule": 10, "options": {"expires": 30}},
    "tell-weeks": {"task": "following.tell_weeks", "schedule": 600, "options": {"expires": 600}},
    "forget-followers": {"task": "following.forget_past", "schedule": crontab(hour="3", minute="25")},
    "work-on-boundaries": {"task": "districts.work_on_boundaries", "schedule": 2, "options": {"expires": 60}},
    "activate-editions": {"task": "districts.activate_editions", "schedule": 20, "options": {"expires": 30}},
    "remove-old-drafts": {"task": "districts.remove_old_drafts", "schedule": crontab(hour="3", minute="50")},
    "nightly-retention": {"task": "complaints.apply_retention", "schedule": crontab(hour="3", minute="15")},
    "forget-quota-windows": {"task": "accounts.forget_quota_windows", "schedule": crontab(hour="4", minute="5")},
    "remove-old-reports": {"task": "analytics.remove_old_reports", "schedule": crontab(hour="3", minute="45")},
    "remove-old-exports": {"task": "api.remove_old_exports", "schedule": crontab(minute="50")},
    "remove-orphans": {"task": "complaints.remove_orphans", "schedule": crontab(minute="40")},
    "check-finding-files": {"task": "contracts.check_files", "schedule": 2, "options": {"expires": 10}},
    "make-papers": {"task": "contracts.make_papers", "schedule": 2, "options": {"expires": 10}},
    "send-webhooks": {"task": "contracts.send_webhooks", "schedule": 5, "options": {"expires": 10}},
    "announce-cases": {"task": "contracts.announce_cases", "schedule": 20, "options": {"expires": 30}},
    "watch-findings": {"task": "contracts.watch_findings", "schedule": 60, "options": {"expires": 60}},
    "take-ledger-heads": {"task": "contracts.take_heads", "schedule": 600, "options": {"expires": 600}},
    "remove-contract-orphans": {"task": "contracts.remove_orphans", "schedule": crontab(minute="50")},
}

# --- The product's own settings
DEFAULT_JURISDICTION = env_text("DEFAULT_JURISDICTION", "tetouan")
DEMO = env_bool("GEOPORTAL_DEMO", True) and ENVIRONMENT != "production"
RATE_LIMIT_SCALE = env_float("RATE_LIMIT_SCALE", 1.0)
if PRODUCTION and RATE_LIMIT_SCALE == 0:
    raise ImproperlyConfigured("RATE_LIMIT_SCALE=0 switches quotas off; it is not allowed in production")
TRUSTED_PROXIES = env_int("TRUSTED_PROXIES", 0)
# Webhooks go to public addresses by https only; here, for trying out, also to one's own machine.
WEBHOOK_PRIVATE_TARGETS = env_bool("WEBHOOK_PRIVATE_TARGETS", not PRODUCTION)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Geoportal",
    "DESCRIPTION": "Municipal complaints: intake, public list, routing, tiles and heat.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "WEBHOOKS": [
        f"api.operator_webhooks.{name}"
        for name in ("CASE_RECEIVED", "FINDING_OPENED", "FINDING_CHANGED", "STATEMENT_ISSUED")
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "contractKey": {"type": "http", "scheme": "bearer", "description": "A key to one contract (operators)."}
        }
    },
    "ENUM_NAME_OVERRIDES": {
        "StateEnum": "complaints.workflow.State",
        "FindingStateEnum": "contracts.procedure.FindingState",
        "FileStatusEnum": ["checking", "ready", "refused"],
        "WorkPhotoPurposeEnum": ["before", "after"],
        "ArgumentStageEnum": ["contest", "appeal"],
        "ComplaintKindEnum": "complaints.models.Complaint.Kind",
        "UnitKindEnum": "catalogue.models.Unit.Kind",
        "QuestionKindEnum": "catalogue.models.Question.Kind",
        "ReleaseEnum": ["after_review", "never"],
        "PointTypeEnum": ["Point"],
        "MultiPolygonTypeEnum": ["MultiPolygon"],
        "FeatureTypeEnum": ["Feature"],
        "FeatureCollectionTypeEnum": ["FeatureCollection"],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_text("LOG_LEVEL", "INFO")},
}
