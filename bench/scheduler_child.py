"""One scheduler on the benchmark's schedules, in a process of its own; prints its figures as one JSON line."""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

from celery import Celery  # noqa: E402 - Django first
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks  # noqa: E402
from django_celery_beat.schedulers import DatabaseScheduler  # noqa: E402

from jobs import ledger  # noqa: E402
from jobs.models import Run, ScheduleEdit, SchedulePlan  # noqa: E402
from jobs.scheduling.beat import Scheduler  # noqa: E402
from jobs.scheduling.firing import fire_due  # noqa: E402
from jobs.scheduling.planner import replan  # noqa: E402
from project.celery import app  # noqa: E402

IDLE_TICKS, STOCK_IDLE_TICKS, STOCK_FIRES, CRONTABS = 50, 5, 20, 1_000
MINE = PeriodicTask.objects.filter(name__startswith="bench ")


def seconds(action: Callable[[], Any]) -> float:
    """Return how long it took."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def figures(ready: float, idle: list[float]) -> dict[str, float]:
    """Return the figures of a beat at rest, and its memory so far."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"ready_seconds": ready, "idle_tick_ms": statistics.median(idle) * 1000, "memory_mb": memory}


def make(count: int) -> dict[str, float]:
    """Make the schedules, daily at times some hours ahead, and have beat plan them all."""
    call_command("migrate", verbosity=0)
    hour = ledger.now().hour
    times = [(str(n % 60), str((hour + 2 + n % 10) % 24)) for n in range(CRONTABS)]
    rules = CrontabSchedule.objects.bulk_create([CrontabSchedule(minute=minute, hour=at) for minute, at in times])
    rows = [PeriodicTask(name=f"bench {n}", task="ingest_emails", crontab=rules[n % CRONTABS]) for n in range(count)]
    PeriodicTask.objects.bulk_create(rows, batch_size=2000)

    def plan_all() -> None:
        while ScheduleEdit.objects.exists():
            replan(now=ledger.now())

    planned = seconds(plan_all)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"planned_seconds": planned}


def tick() -> None:
    """Do what beat's firing lane does of schedules."""
    replan(now=ledger.now())
    fire_due(now=ledger.now())


def until(done: Callable[[], bool], scheduler: Scheduler) -> float:
    """Let beat go on as `celery beat` does until `done`; returns how long it took."""
    begun = time.perf_counter()
    while not done():
        time.sleep(scheduler.tick())
    return time.perf_counter() - begun


def ours(due: int) -> dict[str, float]:
    """Measure Daybook's beat with all it does beside: it dispatches what it fires to the broker."""
    begun = time.perf_counter()
    scheduler = Scheduler(app=app)
    scheduler.tick()
    ready, idle = time.perf_counter() - begun, [seconds(tick) for _ in range(IDLE_TICKS)]
    rule, (one, other) = CrontabSchedule.objects.create(minute="7", hour="7"), MINE.values_list("pk", flat=True)[:2]
    with CaptureQueriesContext(connection) as statements:
        PeriodicTask.objects.filter(pk=one).update(crontab=rule)
        tick()
    PeriodicTask.objects.filter(pk=other).update(crontab=rule)
    edited = until(lambda: SchedulePlan.objects.get(pk=other).rule.startswith("cron 7 7 "), scheduler)
    at, chosen = ledger.now(), list(MINE.values_list("pk", flat=True)[:due])
    SchedulePlan.objects.filter(pk__in=chosen).update(next_fire_at=at)
    runs = Run.objects.filter(fire_at=at)
    busy = time.process_time()
    fired = until(lambda: runs.count() == due, scheduler)
    busy = time.process_time() - busy
    scheduler.close()
    return {
        **figures(ready, idle),
        "edit_seconds": edited,
        "edit_statements": len(statements),
        "due": due,
        "due_seconds": fired,
        "due_cpu_seconds": busy,
    }


def stock(_: int) -> dict[str, float]:
    """Measure django-celery-beat's scheduler; of what is due only so many, each sent and put back as tick() does."""
    begun = time.perf_counter()
    scheduler = DatabaseScheduler(app=Celery("stock", broker="memory://", set_as_current=False))
    scheduler.tick()
    ready, idle = time.perf_counter() - begun, [seconds(scheduler.tick) for _ in range(STOCK_IDLE_TICKS)]
    MINE[0].save()
    PeriodicTasks.update_changed()
    with CaptureQueriesContext(connection) as statements:
        edited = seconds(scheduler.tick)

    def fire() -> None:
        for entry in list(scheduler.schedule.values())[:STOCK_FIRES]:
            scheduler.apply_entry(entry, producer=scheduler.producer)
            scheduler.reserve(entry)
            scheduler.tick()

    busy = time.process_time()
    fired = seconds(fire)
    busy = time.process_time() - busy
    return {
        **figures(ready, idle),
        "edit_seconds": edited,
        "edit_statements": len(statements),
        "due": STOCK_FIRES,
        "due_seconds": fired,
        "due_cpu_seconds": busy,
    }


if __name__ == "__main__":
    kind, many = sys.argv[1:]
    sys.stdout.write(json.dumps({"make": make, "ours": ours, "stock": stock}[kind](int(many))) + "\n")
