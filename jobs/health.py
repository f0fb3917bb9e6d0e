"""What a probe can ask: database, broker, beat and workers, each with its age and what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from celery import current_app
from django.db import Error, connection
from django_celery_beat.models import PeriodicTask

from jobs import broker, edit_triggers, ledger
from jobs.conf import conf
from jobs.lately import Lately
from jobs.models import Queue, Run, SchedulePlan, Worker
from jobs.models.run import QUEUED_PARTS
from jobs.scheduling.overdue import overdue_schedules

MOST_LAG_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class Check:
    """One part's state: whether it works, what is wrong (empty when it works), and its figures."""

    ok: bool
    problem: str = ""
    figures: dict[str, Any] | None = None


def report(wanted: Collection[str] = (), *, lately: bool = False) -> dict[str, Check]:
    """Return the wanted checks, or all, by name; one that can't be made counts as failed, none raises.

    With `lately`, for what is asked every few seconds, the broker's answer may be as old, and is not waited for.
    """
    checks: dict[str, Callable[[], Check]] = {
        "database": _database,
        "broker": partial(_broker, last_depth if lately else _depth),
        "beat": _beat,
        "dispatch": _dispatch,
        "workers": _workers,
        "schedules": _schedules,
    }
    return {name: _made(check) for name, check in checks.items() if not wanted or name in wanted}


def is_ready(checks: dict[str, Check]) -> bool:
    """Whether work goes through."""
    return all(check.ok for check in checks.values())


def as_json(checks: dict[str, Check]) -> dict[str, Any]:
    """Return the checks as {"ready": bool, "checks": {name: {"ok", "problem", "figures"}}}."""
    return {"ready": is_ready(checks), "checks": {name: asdict(check) for name, check in checks.items()}}


def _made(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except Error as error:
        return Check(False, f"database: {error}".strip())


def _database() -> Check:
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check(True, figures={"vendor": connection.vendor, "seconds": round(time.monotonic() - started, 4)})


def _broker(depth: Callable[[], int | None]) -> Check:
    ready = depth()
    if ready is None:
        return Check(False, "the broker does not answer: runs wait in the database until it does")
    return Check(True, figures={"ready_messages": ready})


def _depth() -> int | None:
    return broker.depth(current_app.conf.task_default_queue)


last_depth = Lately(_depth, fresh_seconds=3.0, patience_seconds=0.5)


def _beat() -> Check:
    beats = list(Worker.objects.reporting(Worker.Kind.BEAT, now=ledger.now()))
    if not beats:
        return Check(False, "no beat reports: nothing that waits for a time, a retry or a slot will start")
    lag = min(beat.lag_seconds for beat in beats)
    wedged = lag > conf().beat_wedged_seconds / 2
    figures = {"beats": len(beats), "lag_seconds": max(beat.lag_seconds for beat in beats), **_ages(beats)}
    return Check(not wedged, f"beat is wedged: late by {lag:.0f} s" if wedged else "", figures=figures)


def _workers() -> Check:
    workers = list(Worker.objects.reporting(Worker.Kind.WORKER, now=ledger.now()))
    served = {queue for worker in workers for queue in worker.queues}
    waiting = {queue for part in QUEUED_PARTS for queue in Run.objects.filter(part).each("queue")}
    paused = set(Queue.objects.filter(paused_at__isnull=False).values_list("name", flat=True))
    unserved = sorted(waiting - served - paused)
    problem = f"no worker serves: {', '.join(unserved)}" if unserved else "" if workers else "no worker reports"
    figures = {"workers": len(workers), "unserved_queues": unserved, "paused_queues": sorted(paused), **_ages(workers)}
    return Check(not problem, problem, figures)


def _dispatch() -> Check:
    now = ledger.now()
    due = Run.objects.timed().filter(run_at__lte=now, waits_for="")
    oldest = due.order_by("run_at").values_list("run_at", flat=True).first()
    lag = (now - oldest).total_seconds() if oldest else 0.0
    wedged = lag > MOST_LAG_SECONDS
    return Check(
        not wedged,
        f"a run is due since {lag:.0f} s and no beat sends it" if wedged else "",
        {"lag_seconds": round(lag, 3)},
    )


def _schedules() -> Check:
    now = ledger.now()
    late = overdue_schedules(now=now)
    seconds = (now - late[0].fire_at).total_seconds() if late else 0.0
    missing = edit_triggers.missing(connection)
    figures = {
        "enabled": PeriodicTask.objects.filter(enabled=True).count(),
        "latest_seconds": round(seconds, 3),
        "overdue": [{"name": each.name, "since": each.fire_at.isoformat(), "why": each.why} for each in late],
        "with_problem": SchedulePlan.objects.exclude(problem="").count(),
        "paused_for_failures": SchedulePlan.objects.filter(failures_in_row__gt=0).exclude(paused_reason="").count(),
    }
    if missing:
        return Check(False, "edits of schedules go unnoticed: run `manage.py migrate`", figures)
    wedged = seconds > MOST_LAG_SECONDS
    problem = f"schedule {late[0].name!r} is {seconds:.0f} s overdue: {late[0].why}" if wedged else ""
    return Check(not wedged, problem, figures)


def _ages(rows: list[Worker]) -> dict[str, Any]:
    now = ledger.now()
    return {"oldest_heartbeat_seconds": round(max((_age(row, now) for row in rows), default=0.0), 1)}


def _age(row: Worker, now: datetime) -> float:
    return (now - row.heartbeat_at).total_seconds()
