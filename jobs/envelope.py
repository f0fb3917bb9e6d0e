"""What Celery knows of a run's message, rebuilt from the row: for ends and attempts that no message brought."""

from __future__ import annotations

from typing import Any

from celery import states
from celery.app.task import Context

from jobs.models import Run
from jobs.states import State
from jobs.wire import shown

CELERY_STATES = {
    State.SCHEDULED: states.PENDING,
    State.QUEUED: states.PENDING,
    State.RUNNING: states.STARTED,
    State.RETRYING: states.RETRY,
    State.SUCCESS: states.SUCCESS,
    State.FAILED: states.FAILURE,
    State.CANCELLED: states.REVOKED,
    State.SKIPPED: states.REVOKED,
    State.MISSED: states.REVOKED,
}


def request_of(run: Run) -> dict[str, Any]:
    """Return the request that a worker would have made of the run's message: ids, links, chain, chord, group."""
    options = run.options
    return {
        "id": run.task_id,
        "task": run.job,
        "root_id": str(run.root_id) if run.root_id else run.text_id,
        "parent_id": run.parent_id and str(run.parent_id),
        **retold(run),
        "group": options.get("group_id"),
        "group_index": options.get("group_index"),
        "ignore_result": options.get("ignore_result", False),
        "delivery_info": {"routing_key": run.queue},
        "headers": {},
    }


def retold(run: Run) -> dict[str, Any]:
    """Return the part of the request that is read from the row even where a message came: what follows, and arguments.

    A message only rings: who can write to the broker must not be able to add a link to somebody's run.
    """
    request = sequel_of(run)
    request["argsrepr"], request["kwargsrepr"] = shown(run.args), shown(run.kwargs)
    request["retries"] = run.attempt - 1
    return request


def sequel_of(run: Run) -> dict[str, Any]:
    """Return the part of the request that says what follows the run: links, the rest of its chain, its chord."""
    told = run.options.get
    return {"callbacks": told("link"), "errbacks": told("link_error"), "chain": told("chain"), "chord": told("chord")}


def context_of(run: Run) -> Context:
    """Return the same for Celery's failure handling."""
    return Context({**request_of(run), "errbacks": run.options.get("link_error") or [], "args": [], "kwargs": {}})


def follow_ups_of(run: Run) -> list[Any]:
    """Return the run's links, and the rest of its chain as one list, as they were enqueued."""
    links, chain = run.options.get("link") or [], run.options.get("chain")
    return [*links, *([chain] if chain else [])]
