"""Django settings of Celery with stock django-celery-results, and of the other peers that live in Django."""

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
