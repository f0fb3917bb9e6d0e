"""Daybook as a user runs it: the project's settings, one worker and one beat, events and logs on."""

from __future__ import annotations

import os
from itertools import count

import django
from django.core.management import call_command
from django.db import connection

from bench.peers.marking import mark, wait_and_mark

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

from jobs import Concurrency, RateLimit, Unique, job  # noqa: E402 - the engine needs Django to be set up
from project.celery import app as app  # noqa: E402, PLC0414 - what `--app` looks for

TABLES = "jobs_run, jobs_worker, jobs_bell, django_celery_results_taskresult, django_celery_beat_periodictask"
PACK = int(os.environ["BENCH_PACK"]) if "BENCH_PACK" in os.environ else None
JOBS = {
    "noop": job(name="noop", pack=PACK)(mark),
    "io": job(name="io")(wait_and_mark),
}
NUMBERS = count()


@job(
    concurrency=Concurrency(1, key="user:{user}"),
    unique=Unique("{number}"),
    rate_limit=RateLimit(100_000, key="user:{user}"),
)
def guarded(asked_at: float = 0.0, *, number: int, user: int) -> None:
    """Be a job without work under every guard, none of which has anything to refuse."""
    mark(asked_at)


def prepare() -> None:
    """Make the tables, empty but for what BENCH_KEEP says was there before.

    What earlier rounds leave dead in the kept table is vacuumed away: the other table is truncated, which leaves none.
    """
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        if "BENCH_KEEP" not in os.environ:
            cursor.execute(f"TRUNCATE {TABLES} CASCADE")
            return
        cursor.execute("DELETE FROM jobs_run WHERE job IN ('noop', 'guarded')")
        cursor.execute("VACUUM (INDEX_CLEANUP ON) jobs_run")


def enqueue_many(kind: str, count: int) -> None:
    """Enqueue many jobs at once."""
    JOBS[kind].enqueue_many({"asked_at": 0.0} for _ in range(count))


def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    if kind == "guarded":
        number = next(NUMBERS)
        guarded.apply_async((asked_at,), {"number": number, "user": number % 100})
        return
    JOBS[kind].apply_async((asked_at,))
