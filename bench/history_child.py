"""One step of the history part in a process of its own: `history_child.py VERB`, one of those at the end of this file.

Prints one JSON object as its last line.
"""

from __future__ import annotations

import json
import math
import os
import select
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import count, cycle
from typing import Any, NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django first
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Count  # noqa: E402
from django.test import Client  # noqa: E402
from django_celery_beat.models import PeriodicTask  # noqa: E402

from bench.history_rows import PLACES, RARE  # noqa: E402
from bench.processes import cpu_seconds  # noqa: E402
from jobs import job, ledger, prune, rollup  # noqa: E402
from jobs.models import Run  # noqa: E402
from jobs.states import State  # noqa: E402

LOOKS = 20
PRUNED = 1_000_000
PAUSE_SECONDS = 0.02
OWN = {
    "runs": "/api/v1/runs",
    "failures": "/api/v1/failures?hours=168",
    "successes": "/api/v1/runs?state=success",
}
LISTS = "/admin/jobs/run/?"
FILTERS = {
    "job": ("bench_1", "bench_31", RARE),
    "queue": ("base", RARE),
    "cause": ("code", "foreign", "replay"),
    "state": ("success", "failed", "missed", "cancelled", "running", "waiting", "scheduled", "dead"),
    "enqueued": ("15m", "7d"),
    "q": ("bench_1", RARE, "bench7", f"bench{PLACES['users'] + 1}"),
}


def look() -> dict[str, Any]:
    """Ask every face everything, in rounds; returns by question the p50 and p95, statements and CPU."""
    _declare_jobs()
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.DAYBOOK = {**settings.DAYBOOK, "api_requests_per_minute": 1_000_000}
    questions = _questions()
    statements = {what: _statements(client, next(asked)) for what, (client, asked) in questions.items()}
    # What disturbs the machine for a second is no face's own.
    looks: dict[str, list[Look]] = {what: [] for what in questions}
    for _ in range(LOOKS):
        for what, (client, asked) in questions.items():
            looks[what].append(_look(client, next(asked)))
    return {what: {**_told(found), "statements": statements[what]} for what, found in looks.items()}


def _client(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


class Look(NamedTuple):
    """One answer, in milliseconds: by the clock, and of CPU here and of the server."""

    clock: float
    cpu: float
    postgres_cpu: float


def _look(client: Client, address: str) -> Look:
    begun, busy, serving = time.perf_counter(), time.process_time(), _server_seconds()
    _ask(client, address)
    spent = time.perf_counter() - begun, time.process_time() - busy, _server_seconds() - serving
    return Look(*(seconds * 1000 for seconds in spent))


def _told(looks: list[Look]) -> dict[str, float]:
    taken = sorted(look.clock for look in looks)
    return {
        "p50_ms": statistics.median(taken),
        "p95_ms": taken[math.ceil(0.95 * len(taken)) - 1],
        "cpu_ms": statistics.fmean(look.cpu for look in looks),
        "postgres_cpu_ms": statistics.fmean(look.postgres_cpu for look in looks),
    }


def _statements(client: Client, address: str) -> int:
    statements = count()
    with connection.execute_wrapper(lambda execute, *given: (next(statements), execute(*given))[1]):
        _ask(client, address)
    return next(statements)


def _ask(client: Client, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}: {answer.content[:300]!r}")


def _server_seconds() -> float:
    """Return the CPU that this connection's server process has used."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cpu_seconds(cursor.fetchone())


def _questions() -> dict[str, tuple[Client, Iterator[str]]]:
    """Return who asks each question, and the addresses to ask in turn."""
    staff = _client("bench1")
    asked: dict[str, tuple[Client, Iterator[str]]] = {
        what: (staff, cycle(addresses)) for what, addresses in _of_staff().items()
    }
    for who, name in (("a user", "bench7"), ("a user of few", f"bench{PLACES['users'] + 1}")):
        client = _client(name)
        for what, address in OWN.items():
            asked[f"API own {what}, {who}"] = client, cycle([address])
    return asked


def _of_staff() -> dict[str, list[str]]:
    runs = {
        "queued": Run.objects.unfinished().filter(state=State.QUEUED),
        "running": Run.objects.running(),
        "finished": Run.objects.filter(state=State.SUCCESS, parent=None),
        "failed": Run.objects.filter(state=State.FAILED),
        "with children": Run.objects.filter(pk__in=_some_parents()),
    }
    ids = {what: [str(pk) for pk in rows.values_list("pk", flat=True)[:LOOKS]] for what, rows in runs.items()}
    correlated = Run.objects.filter(pk__in=ids["finished"]).values_list("correlation_id", flat=True)
    dead = Run.objects.dead_letters().values_list("error_fingerprint", flat=True)[:LOOKS]
    return {
        **{f"overview, {period}": [f"/admin/jobs/run/overview/?period={period}"] for period in ("1h", "24h", "7d")},
        "runs": [LISTS],
        **{f"runs, {name}={value}": [f"{LISTS}{name}={value}"] for name, values in FILTERS.items() for value in values},
        "runs, schedule": [f"{LISTS}schedule={pk}" for pk in PeriodicTask.objects.values_list("pk", flat=True)],
        "runs, q=correlation id": [f"{LISTS}q={each}" for each in correlated],
        "runs, q=fingerprint": [f"{LISTS}q={each}" for each in dead],
        **{f"run, {what}": [f"/admin/jobs/run/{pk}/change/" for pk in found] for what, found in ids.items()},
        "API runs": ["/api/v1/runs"],
        **{f"API why, {what}": [f"/api/v1/runs/{pk}/why" for pk in ids[what]] for what in ("queued", "running")},
        "API run": [f"/api/v1/runs/{pk}" for pk in ids["finished"]],
        "API stats": ["/api/v1/stats"],
        "API stats, 168 hours": ["/api/v1/stats?hours=168"],
        "API failures": ["/api/v1/failures?hours=168&limit=50"],
        "API inflight": ["/api/v1/inflight"],
        "API queues": ["/api/v1/queues"],
        "API overview": ["/api/v1/overview"],
        "API dead letters": ["/api/v1/dead-letters"],
        "dead letters": ["/admin/jobs/run/dead-letters/"],
        "schedules": ["/admin/django_celery_beat/periodictask/"],
        "metrics": ["/metrics"],
    }


def _some_parents() -> list[Any]:
    """Return the parent of very many, and some others."""
    children = Run.objects.exclude(parent=None).order_by("parent").values_list("parent", flat=True)
    many = Run.objects.exclude(parent=None).values_list("parent").annotate(each=Count("*")).order_by("-each").first()
    return [many and many[0], *children[:1000:100]]


def migrate() -> dict[str, float]:
    """Make the tables."""
    call_command("migrate", verbosity=0)
    return {}


def count_days() -> dict[str, float]:
    """Let beat's passes add up the days; returns how long each took."""
    begun, busy = time.perf_counter(), time.process_time()
    for _ in range(PLACES["days"]):
        rollup.count_ends(now=ledger.now())
    return {
        "pass_ms": (time.perf_counter() - begun) * 1000 / PLACES["days"],
        "pass_cpu_ms": (time.process_time() - busy) * 1000 / PLACES["days"],
    }


def prune_many() -> dict[str, float]:
    """Prune as the nightly job does, until so many runs are gone."""
    begun, busy, runs = time.perf_counter(), time.process_time(), 0
    while runs < PRUNED and (deleted := prune.prune(now=ledger.now())):
        runs += deleted
    return {"runs": runs, "seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - busy}


def enqueue() -> dict[str, float]:
    """Enqueue one by one, 50 a second, until the standard input is closed."""
    target = job(name="bench_enqueued")(_nothing)
    target.delay()
    print("ready", flush=True)
    taken: list[float] = []
    while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
        at = time.perf_counter()
        target.delay()
        taken.append((time.perf_counter() - at) * 1000)
    ordered = sorted(taken)
    return {
        "runs": len(taken),
        "p50_ms": statistics.median(taken),
        "p99_ms": ordered[int(0.99 * len(taken))],
        "longest_ms": ordered[-1],
    }


def _declare_jobs() -> None:
    for number in range(PLACES["jobs"]):
        job(name=f"bench_{number + 1}")(_nothing)


def _nothing(user_id: int = 0) -> None:
    """Do nothing."""


VERBS = {"migrate": migrate, "count_days": count_days, "look": look, "prune": prune_many, "enqueue": enqueue}

if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    sys.stdout.write(json.dumps(VERBS[verb](*words)) + "\n")
