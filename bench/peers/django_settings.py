"""Django settings of the peers that live in Django."""

from __future__ import annotations

import os

SECRET_KEY = "bench"  # noqa: S105 - serves nothing
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "127.0.0.1",
        "PORT": os.environ["BENCH_POSTGRES_PORT"],
        "USER": "postgres",
        "NAME": os.environ["BENCH_DATABASE"],
        "CONN_MAX_AGE": None if os.environ.get("BENCH_KEEP_CONNECTIONS") else 0,
    }
}
INSTALLED_APPS = ["django.contrib.contenttypes", *os.environ["BENCH_APPS"].split(",")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# django-q2, tuned: it takes and stores many at once and keeps its workers.
Q_CLUSTER = {
    "name": "bench",
    "workers": 2,
    "timeout": 60,
    "retry": 120,
    "save_limit": 0,
    "log_level": "WARNING",
    "redis": os.environ["BENCH_REDIS"],
    "bulk": 50,
    "queue_limit": 200,
    "recycle": 100_000,
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "ENQUEUE_ON_COMMIT": False}}
