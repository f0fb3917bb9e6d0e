"""What faces ask about jobs and runs; reads only, and never shows a sealed value."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from celery import current_app
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Count, Min, Q
from django.utils import timezone
from django_celery_results.models import TaskResult
from kombu.utils import json as kombu_json

from jobs import registry
from jobs.arguments import schema_of
from jobs.conf import conf
from jobs.errors import DaybookError
from jobs.explain import Reason, why
from jobs.identifiers import run_id_of
from jobs.keyset import Cursor, Page, page_of
from jobs.models import Queue, Run, Worker
from jobs.models.run import RunQuerySet
from jobs.phrases import duration_words
from jobs.policies import Declaration
from jobs.schedule_words import declared_words
from jobs.states import State
from jobs.task import Job
from jobs.timeline import Moment, timeline
from jobs.wire import masked

CHILDREN_SHOWN = 100
_HEAVY = ("args", "kwargs", "options", "checkpoint", "attempts")

# In these words each arm is one of the partial indexes; as a plain state__in it would be a scan of the table.
_QUEUED = Q(state=State.QUEUED, published_at=None) | Q(state=State.QUEUED, published_at__isnull=False)
_TIMED = Q(state__in=[State.SCHEDULED, State.RETRYING])

STATE_GROUPS: dict[str, Q] = {
    "waiting": _QUEUED | _TIMED,
    "running": Q(state=State.RUNNING),
    "dead": Q(state=State.FAILED, resolved_at=None),
    **{state.value.lower(): Q(state=state) for state in State},
    "queued": _QUEUED,
}


class NoSuchRunError(DaybookError):
    """No run has that id; it may have been pruned."""


@dataclass(frozen=True, kw_only=True)
class JobDetails:
    """A job as its author declared it."""

    name: str
    about: str
    queue: str
    priority: int
    schedule: str
    guards: list[str]
    attempts: int
    sensitive: list[str]
    arguments: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class QueueDetails:
    """A queue as it stands now."""

    name: str
    waiting: int
    running: int
    longest_wait_seconds: float | None
    workers: int
    paused_at: datetime | None
    paused_by: str


@dataclass(frozen=True, kw_only=True)
class RunDetails:
    """All that is known of one run; arguments masked, result None until it succeeded, reasons empty once it ended."""

    run: Run
    args: list[Any]
    kwargs: dict[str, Any]
    result: Any
    has_result: bool
    trace: str
    moments: list[Moment]
    reasons: list[Reason]
    children: list[Run]


def all_jobs() -> list[JobDetails]:
    """Return every job this installation knows, by name."""
    return [describe(job) for job in registry.registered().values()]


def describe(job: Job) -> JobDetails:
    """Return what the job's author declared."""
    says = job.declaration
    return JobDetails(
        name=job.name,
        about=(job.__doc__ or "").strip().partition("\n")[0],
        queue=job.queue_name(),
        priority=says.priority,
        schedule=declared_words(says.schedule),
        guards=_guards(says),
        attempts=says.retry.attempts,
        sensitive=list(says.sensitive),
        arguments=schema_of(job.run),
    )


def find_run(run_id: str | UUID) -> Run:
    """Return the run with that id; a foreign Celery task id finds its run too.

    Raises: NoSuchRunError
    """
    run = Run.objects.select_related("owner", "schedule", "parent", "worker").filter(pk=run_id_of(str(run_id))).first()
    if run is None:
        raise NoSuchRunError(f"no run has the id {run_id}; finished runs are pruned after their retention time")
    return run


def history(  # noqa: PLR0913 - each narrows the list
    *,
    job: str = "",
    state: str = "",
    queue: str = "",
    owner: AbstractBaseUser | None = None,
    since: datetime | None = None,
    cursor: Cursor | None = None,
    limit: int = 50,
) -> Page:
    """Return a page of runs, newest first; `state` is a state or one of waiting, running, dead."""
    runs = listed()
    if state:
        runs = runs.filter(STATE_GROUPS[state.lower()])
    exact = {"job": job, "queue": queue, "owner": owner, "created_at__gte": since}
    return page_of(runs.filter(**{name: value for name, value in exact.items() if value}), cursor=cursor, limit=limit)


def listed() -> RunQuerySet:
    """Return all runs as lists need them: related names at hand, bulky columns left in the database."""
    return Run.objects.select_related("owner").defer(*_HEAVY)


def search(runs: RunQuerySet, term: str) -> RunQuerySet:
    """Filter to the runs that `term` points to: an id, a correlation id, a user's name, or part of a job's name.

    Each answer comes from an index; nothing scans the table.
    """
    term = term.strip()
    if term.startswith("job-"):
        return runs.filter(correlation_id=term)
    try:
        run_id = uuid.UUID(term)
    except ValueError:
        names = [name for name in registry.registered() if term.lower() in name.lower()]
        username = get_user_model().USERNAME_FIELD
        # A list and not a subquery, which would keep the database from using an index for any arm.
        owners = list(get_user_model().objects.filter(**{f"{username}__iexact": term}).values_list("pk", flat=True))
        return runs.filter(Q(job__in=[*names, term]) | Q(owner__in=owners) | Q(correlation_id=term))
    return runs.filter(Q(pk=run_id) | Q(parent=run_id) | Q(correlation_id=term))


def details(run: Run) -> RunDetails:
    """Return everything a person may see of the run."""
    kept = TaskResult.objects.filter(task_id=task_id_of(run)).first()
    succeeded = run.state == State.SUCCESS and kept is not None
    workers = {str(pk): name for pk, name in Worker.objects.filter(pk__in=_worker_ids(run)).values_list("pk", "name")}
    return RunDetails(
        run=run,
        args=masked(run.args),
        kwargs=masked(run.kwargs),
        result=masked(_loaded(kept.result)) if kept and succeeded else None,
        has_result=succeeded,
        trace=(kept.traceback or "") if kept else "",
        moments=timeline(run, owner=str(run.owner or ""), workers=workers),
        reasons=[] if State(run.state).is_final else why(run),
        children=list(listed().filter(parent=run).order_by("created_at", "id")[:CHILDREN_SHOWN]),
    )


def task_id_of(run: Run) -> str:
    """Return the id under which Celery and its result backend know the run."""
    return str((run.options or {}).get("task_id") or run.pk)


def run_seconds(run: Run) -> float | None:
    """Return how long the latest attempt took, or has taken so far; None before the first."""
    if run.started_at is None:
        return None
    end = run.finished_at or (timezone.now() if run.state == State.RUNNING else None)
    return (end - run.started_at).total_seconds() if end else None


def all_queues() -> list[QueueDetails]:
    """Return the configured queues, and any other that runs or workers name."""
    now = timezone.now()
    rows = {row.name: row for row in Queue.objects.select_related("paused_by")}
    waiting = {row["queue"]: row for row in _per_queue(_QUEUED)}
    running = {row["queue"]: row for row in _per_queue(Q(state=State.RUNNING))}
    served = Counter(name for worker in live_workers() for name in worker.queues)
    configured = queue_names()
    others = sorted({*rows, *waiting, *running, *served} - set(configured))
    return [
        QueueDetails(
            name=name,
            waiting=waiting[name]["runs"] if name in waiting else 0,
            running=running[name]["runs"] if name in running else 0,
            longest_wait_seconds=(now - waiting[name]["oldest_at"]).total_seconds() if name in waiting else None,
            workers=served[name],
            paused_at=rows[name].paused_at if name in rows else None,
            paused_by=str(rows[name].paused_by or "") if name in rows else "",
        )
        for name in [*configured, *others]
    ]


def queue_names() -> list[str]:
    """Return the names of the configured queues."""
    return [queue.name for queue in current_app.conf.task_queues]


def live_workers() -> list[Worker]:
    """Return the Celery workers that report in."""
    reporting = Worker.objects.filter(kind=Worker.Kind.WORKER, stopped_at=None, lost_at=None)
    return [worker for worker in reporting if worker_state(worker) == "alive"]


def worker_state(worker: Worker) -> str:
    """Return whether the worker is alive, late (silent beyond the lease), stopped or lost."""
    if worker.lost_at:
        return "lost"
    if worker.stopped_at:
        return "stopped"
    silent = (timezone.now() - worker.heartbeat_at).total_seconds()
    return "late" if silent > conf().lease_seconds else "alive"


def _per_queue(condition: Q) -> Iterable[Any]:
    return Run.objects.filter(condition).values("queue").annotate(runs=Count("pk"), oldest_at=Min("run_at")).order_by()


def _guards(says: Declaration) -> list[str]:
    guards = []
    if says.concurrency:
        guards.append((f"{says.concurrency.limit} at a time", says.concurrency.key))
    if says.unique:
        guards.append(("one unfinished", says.unique.key))
    if says.rate_limit:
        guards.append((f"{says.rate_limit.count} per {duration_words(says.rate_limit.seconds)}", says.rate_limit.key))
    return [f"{words} per {key}" if key else words for words, key in guards]


def wait_seconds(run: Run) -> float | None:
    """Return how long the run waited for its first attempt; None before it."""
    first = datetime.fromisoformat(run.attempts[0]["started_at"]) if run.attempts else run.started_at
    return (first - run.created_at).total_seconds() if first else None


def _worker_ids(run: Run) -> set[UUID]:
    named = {entry.get("worker") for entry in run.attempts}
    return {UUID(name) for name in named if name} | ({run.worker_id} if run.worker_id else set())


def _loaded(text: str | None) -> Any:
    try:
        return kombu_json.loads(text or "null")
    except ValueError:
        return text
