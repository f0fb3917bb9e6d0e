"""Django and Celery settings, all derived from the environment; see docs/settings.md for what may be set."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import environ
from kombu import Queue

from project.environment import Environment
from project.logs import LOGGING as LOGGING  # noqa: PLC0414
from project.logs import configure_structlog
from project.security import SECOND_FACTOR, security_settings
from project.theme import UNFOLD as UNFOLD  # noqa: PLC0414

ENVIRONMENT = Environment()
DATA_DIR = Path(ENVIRONMENT.data_dir)
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
# The theme's login page names no page to go on to.
LOGIN_REDIRECT_URL = "/admin/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
USE_TZ = True
FORMAT_MODULE_PATH = "project.formats"
TIME_ZONE = ENVIRONMENT.time_zone

INSTALLED_APPS = [
    "project.installed.ThemeConfig",
    "project.installed.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_celery_results",
    "django_structlog",
    "csp",
    "axes",
    "django_otp",
    "project",
    "project.installed.TerminalConfig",
    "jobs",
    "ingestion",
    "notifications",
]

MIDDLEWARE = [
    *(["project.observers.traces.TraceRequests"] if ENVIRONMENT.otlp_endpoint else []),
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "jobs.api.problems.ProblemPages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *(SECOND_FACTOR if ENVIRONMENT.second_factor else ()),
    "django_structlog.middlewares.RequestMiddleware",
    "jobs.audit.ActingUser",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

STATIC_URL = "static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
# Ninja itself is not installed as an app: its import would load pydantic into every process.
_NINJA = importlib.util.find_spec("ninja")
STATICFILES_DIRS = [Path(_NINJA.origin).parent / "static"] if _NINJA and _NINJA.origin else []
MEDIA_ROOT = DATA_DIR / "media"

DATABASES = {"default": ENVIRONMENT.database()}
DATABASES["default"].setdefault("CONN_MAX_AGE", None)
DATABASES["default"].setdefault("CONN_HEALTH_CHECKS", True)
if "sqlite" in str(DATABASES["default"]["ENGINE"]):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        # Every 1,000 pages, as by itself, one run in fifty would wait while they go to the disk.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;"
        " PRAGMA wal_autocheckpoint=4000;",
    }
else:
    # A server that vanishes without a word is noticed within 15 s.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 5,
        "tcp_user_timeout": 15_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
    DATABASES["default"].setdefault("DISABLE_SERVER_SIDE_CURSORS", ENVIRONMENT.database_pooled)

if ENVIRONMENT.email_url.startswith("resend://"):
    EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
    ANYMAIL = {"RESEND_API_KEY": ENVIRONMENT.email_url.removeprefix("resend://"), "REQUESTS_TIMEOUT": (5, 15)}
elif ENVIRONMENT.email_url:
    vars().update(environ.Env.email_url_config(ENVIRONMENT.email_url))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from

vars().update(security_settings(https=ENVIRONMENT.https))
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True

CELERY_BROKER_URL = ENVIRONMENT.broker()
CELERY_RESULT_BACKEND = "jobs.backend:LedgerBackend"
CELERY_RESULT_EXTENDED = True
CELERY_RESULT_EXPIRES = None
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
QUEUES = ("base", "email", "ai", "notifications", "maintenance")
_QUORUM = {"x-queue-type": "quorum"} if CELERY_BROKER_URL.startswith("amqp") else {}
CELERY_TASK_QUEUES = [Queue(name, queue_arguments=_QUORUM) for name in QUEUES]
CELERY_TASK_DEFAULT_QUEUE = "base"
TASKS = {"default": {"BACKEND": "jobs.django_tasks.DaybookBackend", "QUEUES": ["default", *QUEUES]}}
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_SEND_SENT_EVENT = True
# Celery asks for it at each enqueueing, and what is not said it seeks in vain in many places.
CELERY_TASK_ALWAYS_EAGER = False
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = (
    {"socket_connect_timeout": 2, "socket_timeout": 4, "socket_keepalive": True}
    if CELERY_BROKER_URL.startswith(("redis", "rediss", "sentinel"))
    else {"confirm_publish": True, "read_timeout": 3, "write_timeout": 3}
)
if CELERY_BROKER_URL.startswith("sentinel"):
    CELERY_BROKER_TRANSPORT_OPTIONS["master_name"] = ENVIRONMENT.broker_master_name
CELERY_BEAT_SCHEDULER = "jobs.scheduling.beat:Scheduler"
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_DB_REUSE_MAX = 10_000
DJANGO_CELERY_BEAT_TZ_AWARE = True

DAYBOOK = {
    "lease_seconds": ENVIRONMENT.lease_seconds,
    "tenant_weights": ENVIRONMENT.weights(),
    "run_retention_days": ENVIRONMENT.run_retention_days,
    "run_log_lines": ENVIRONMENT.run_log_lines,
    "record_retention_days": ENVIRONMENT.record_retention_days,
    "watched_redis": ENVIRONMENT.watched_redis_url,
    "watched_keys": tuple(ENVIRONMENT.watched_keys),
    "encryption_keys": ENVIRONMENT.field_encryption_keys,
    "signing_keys": ENVIRONMENT.message_signing_keys,
    "packs_ordinary_jobs": ENVIRONMENT.pack_ordinary_jobs,
    "user_jobs": ("ingest_emails", "archive_calendar"),
    "metric_sources": ("ingestion.metrics.llm_metrics",),
    "user_zone": "notifications.zones.zone_of",
    "tell_when_ended": "notifications.operations.tell_when_ended",
    "beat_asides": {"notifications.alerting.absence.watch_absence": 30.0},
    "doctor_looks": {"archives": "ingestion.archive_health.look"},
    **({"code_version": ENVIRONMENT.code_version} if ENVIRONMENT.code_version else {}),
}
_OF_INGESTION = ("llm_", "google_", "microsoft_", "push_", "embedding_")
DAYBOOK_INGESTION = {
    **{name: value for name, value in vars(ENVIRONMENT).items() if name.startswith(_OF_INGESTION)},
    "export_folder": str(DATA_DIR / "exports"),
    "email_sync_interval_minutes": ENVIRONMENT.email_sync_interval_minutes,
    "provider_syncs_per_minute": ENVIRONMENT.provider_syncs_per_minute,
    "email_sync_lookback_days": ENVIRONMENT.email_sync_lookback_days,
    "ai_processing_interval_minutes": ENVIRONMENT.ai_processing_interval_minutes,
    "ai_processing_batch_size": ENVIRONMENT.ai_processing_batch_size,
    "archive_schedules_at_start": ENVIRONMENT.archive_schedules_at_start,
}
DAYBOOK_NOTIFICATIONS: dict[str, object] = {
    "site_url": (ENVIRONMENT.site_url or f"http://127.0.0.1:{ENVIRONMENT.port}").rstrip("/"),
    "alert_urls": ENVIRONMENT.alert_urls,
    "webhook_networks": ENVIRONMENT.webhook_networks,
    "notices_by_model": ENVIRONMENT.notices_by_model,
    "threema_gateway_url": ENVIRONMENT.threema_gateway_url,
    "threema_gateway_token": ENVIRONMENT.threema_gateway_token,
    "threema_gateway_id": ENVIRONMENT.threema_gateway_id,
    "threema_gateway_secret": ENVIRONMENT.threema_gateway_secret,
}

DJANGO_STRUCTLOG_CELERY_ENABLED = False
configure_structlog(ENVIRONMENT.log_format, ENVIRONMENT.log_level, keeps_lines_of_runs=ENVIRONMENT.run_log_lines > 0)
