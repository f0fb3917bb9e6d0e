"""Celery with stock django-celery-results; BENCH_KEEP_CONNECTIONS reuses connections where stock opens one per task."""

from __future__ import annotations

import os

import django
from celery import Celery
from django.core.management import call_command
from django.db import connection

from bench.peers.marking import mark, wait_and_mark

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.django_settings")
django.setup()
app = Celery("bench", broker=os.environ["BENCH_REDIS"], backend="django-db")
app.conf.broker_connection_retry_on_startup = True
if os.environ.get("BENCH_KEEP_CONNECTIONS"):
    app.conf["CELERY_DB_REUSE_MAX"] = 10**9
JOBS = {"noop": app.task(name="noop")(mark), "io": app.task(name="io")(wait_and_mark)}


def prepare() -> None:
    """Make the tables, empty."""
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE django_celery_results_taskresult")


def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    JOBS[kind].apply_async((asked_at,))
