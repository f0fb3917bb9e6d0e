"""django-tasks with its database backend: PostgreSQL is queue and history."""

from __future__ import annotations

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection

if not apps.ready:  # the worker imports this with Django set up
    django.setup()

from django_tasks import task

from bench.peers.marking import mark, wait_and_mark


@task()
def noop(asked_at: float) -> None:
    """Be a job without work."""
    mark(asked_at)


@task()
def io(asked_at: float) -> None:
    """Be a job that waits 20 ms."""
    wait_and_mark(asked_at)


JOBS = {"noop": noop, "io": io}


def prepare() -> None:
    """Make the tables, empty."""
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE django_tasks_database_dbtaskresult")


def enqueue(kind: str, asked_at: float = 0.0) -> None:
    """Enqueue one job."""
    JOBS[kind].enqueue(asked_at)
