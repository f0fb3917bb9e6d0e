"""django-q2 with Redis as its broker; every success is stored in PostgreSQL."""

from __future__ import annotations

import django
from django.core.management import call_command
from django.db import connection

django.setup()

from django_q.brokers import get_broker  # noqa: E402 - Django first
from django_q.tasks import async_task  # noqa: E402

JOBS = {"noop": "bench.peers.marking.mark", "io": "bench.peers.marking.wait_and_mark"}
broker = get_broker()


def prepare() -> None:
    """Make the tables, empty."""
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE django_q_task, django_q_ormq CASCADE")


def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    async_task(JOBS[kind], asked_at, broker=broker)
