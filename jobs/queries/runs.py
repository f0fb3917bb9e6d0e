"""Runs: found, listed, searched and told in full, never with a sealed value."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q
from django.utils import timezone
from django_celery_results.models import TaskResult
from kombu.utils import json as kombu_json

from jobs import registry
from jobs.errors import DaybookError
from jobs.explain import Reason, why
from jobs.identifiers import run_id_of
from jobs.keyset import Cursor, Page, page_of
from jobs.models import Run, Worker
from jobs.models.run import RunQuerySet
from jobs.queries.groups import STATE_GROUPS
from jobs.states import State
from jobs.timeline import Moment, timeline
from jobs.wire import masked

CHILDREN_SHOWN = 100
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_HEAVY = ("args", "kwargs", "options", "checkpoint", "attempts")


class NoSuchRunError(DaybookError):
    """No run has that id; it may have been pruned."""


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
    wanted = runs.filter(**{name: value for name, value in exact.items() if value})
    return page_of(wanted, cursor=cursor, limit=limit, in_parts=bool(queue))


def listed() -> RunQuerySet:
    """Return all runs as lists need them: related names at hand, bulky columns left in the database."""
    return Run.objects.select_related("owner").defer(*_HEAVY)


def failures(*, since: datetime, limit: int, owner: AbstractBaseUser | None = None) -> list[Run]:
    """Return the runs (of the owner) that failed since then, the latest first; those replayed meanwhile left out."""
    failed = listed().filter(state=State.FAILED, finished_at__gte=since)
    if owner is not None:
        failed = failed.filter(owner=owner.pk)
    return list(failed.order_by("-finished_at")[:limit])


def search(runs: RunQuerySet, term: str) -> RunQuerySet:
    """Filter to the runs that `term` points to: an id, a correlation id, an error's fingerprint, a user, else a job.

    Each answer comes from an index that has it in the order of lists, or is short; nothing scans the table.
    """
    term = term.strip()
    if term.startswith("job-"):
        return runs.filter(correlation_id=term)
    if _FINGERPRINT.fullmatch(term):
        return runs.filter(error_fingerprint=term, state=State.FAILED, resolved_at=None)
    try:
        run_id = uuid.UUID(term)
    except ValueError:
        return _search_words(runs, term)
    return runs.filter(Q(pk=run_id) | Q(parent=run_id) | Q(correlation_id=term))


def _search_words(runs: RunQuerySet, term: str) -> RunQuerySet:
    """Filter by one thing and not by several: of "this user's or this job's" a database may go through all runs."""
    username = get_user_model().USERNAME_FIELD
    # A list and not a subquery, which would keep the database from using an index.
    owners = list(get_user_model().objects.filter(**{f"{username}__iexact": term}).values_list("pk", flat=True))
    if owners:
        return runs.filter(owner__in=owners)
    names = [name for name in registry.registered() if term.lower() in name.lower()]
    return runs.filter(job__in=names) if names else runs.filter(Q(job=term) | Q(correlation_id=term))


def details(run: Run) -> RunDetails:
    """Return everything a person may see of the run."""
    kept = TaskResult.objects.filter(task_id=run.task_id).first()
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


def run_seconds(run: Run) -> float | None:
    """Return how long the latest attempt took, or has taken so far; None before the first."""
    if run.started_at is None:
        return None
    end = run.finished_at or (timezone.now() if run.state == State.RUNNING else None)
    return (end - run.started_at).total_seconds() if end else None


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
