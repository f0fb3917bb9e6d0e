"""Examines everything that jobs need, and says of each part whether it is well and how to mend it; changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.core import checks
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.module_loading import import_string

from jobs import dialect, health, inflight, queries
from jobs.conf import conf
from jobs.phrases import start_words

MOST_CLOCK_SECONDS = 2.0
_REMEDIES = {
    "database": "see that its server runs and that DATABASE_URL names it",
    "broker": "see that its server runs and that BROKER_URL names it, with its password",
    "dispatch": "see in beat's log what holds it up: jobs worker list shows its lag",
    "schedules": "see in beat's log why it is late: jobs worker list shows its lag",
}
_STARTED = {"beat": "beat", "workers": "worker"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: whether it is well, what was found, and, when it isn't, how to mend it."""

    part: str
    ok: bool
    found: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Return what was found of every part, the applications' (`doctor_looks`) too; what can't be looked at is wrong."""
    probed = [
        Finding(name, check.ok, check.problem or _figures(check.figures or {}), _remedy(name))
        for name, check in health.report().items()
    ]
    looks = {**_LOOKS, **{part: import_string(path) for part, path in conf().doctor_looks.items()}}
    findings = probed + [_made(part, look) for part, look in looks.items()]
    return [replace(finding, remedy="") if finding.ok else finding for finding in findings]


def _remedy(name: str) -> str:
    role = _STARTED.get(name)
    return f"start one: {start_words(role, app=conf().celery_app)}" if role else _REMEDIES[name]


def _made(part: str, look: Callable[[str], Finding]) -> Finding:
    try:
        return look(part)
    except Error as error:
        return Finding(part, False, f"database: {error}".strip(), _REMEDIES["database"])


def _migrations(part: str) -> Finding:
    executor = MigrationExecutor(connection)
    missing = [str(step) for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    found = f"not applied: {', '.join(missing)}" if missing else "all applied"
    return Finding(part, not missing, found, "manage.py migrate")


def _queues(part: str) -> Finding:
    queues = queries.all_queues()
    unserved = [queue.name for queue in queues if not queue.workers and not queue.paused_at]
    paused = [queue.name for queue in queues if queue.paused_at]
    found = f"no worker serves {', '.join(unserved)}" if unserved else f"{len(queues) - len(paused)} served"
    suffix = f"; paused: {', '.join(paused)}" if paused else ""
    return Finding(part, not unserved, found + suffix, start_words("worker", app=conf().celery_app, queues=unserved))


def _clocks(part: str) -> Finding:
    now, ahead = timezone.now(), {}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            ahead["the database"] = (cursor.fetchone()[0] - now).total_seconds()
    for worker in queries.live_workers():
        # A heartbeat is in the past, so that only a clock ahead of ours shows.
        ahead[worker.name] = max(0.0, (worker.heartbeat_at - now).total_seconds())
    wrong = [f"{name} is {seconds:+.1f} s" for name, seconds in ahead.items() if abs(seconds) > MOST_CLOCK_SECONDS]
    found = ", ".join(wrong) or f"within {max((abs(seconds) for seconds in ahead.values()), default=0.0):.1f} s"
    return Finding(part, not wrong, found, "let every machine keep its time by NTP")


def _sessions(part: str) -> Finding:
    pooled = dialect.has_pooler()
    found = f"{'a' if pooled else 'no'} pooler before the database"
    return Finding(
        part,
        not pooled or dialect.hands_sessions_on(),
        found,
        "set DATABASE_POOLED=1, unless it leaves a session to its client for good",
    )


def _inflight(part: str) -> Finding:
    misfits = sum(1 for _ in inflight.check_inflight())
    found = f"{misfits} would not run under this code" if misfits else "everything that waits would run"
    return Finding(
        part, not misfits, found, "jobs check-inflight names them: deploy the code they need, or cancel them"
    )


def _settings(part: str) -> Finding:
    told = [f"{each.id}: {each.msg}" for each in checks.run_checks() if each.level >= checks.WARNING]
    return Finding(part, not told, " ".join(told) or "nothing unsafe", "docs/settings.md says what each should be")


def _figures(figures: dict[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_word(value)}" for name, value in figures.items())


def _word(value: object) -> str:
    return (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)


_LOOKS: dict[str, Callable[[str], Finding]] = {
    "migrations": _migrations,
    "queues": _queues,
    "sessions": _sessions,
    "clocks": _clocks,
    "in flight": _inflight,
    "settings": _settings,
}
