"""A message without a row, from a Celery client that isn't Daybook: it gets its row at the worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from jobs import ledger
from jobs.identifiers import run_id_of
from jobs.models.run import Cause
from jobs.states import State
from jobs.transport import HEADER

if TYPE_CHECKING:
    from jobs.attempt import Message
    from jobs.models import Run
    from jobs.task import Job

log = structlog.get_logger(__name__)

_KEPT = {"shadow": "shadow", "group": "group_id", "group_index": "group_index", "ignore_result": "ignore_result"}


# W3C Trace Context, as instrumented clients send it.
_TRACE = ("traceparent", "tracestate")


def is_foreign(request: Mapping[str, Any]) -> bool:
    """Whether the message was not sent by Daybook; ours without a row are leftovers of a rollback or a pruned run."""
    return not request.get(HEADER)


def adopt(job: Job, message: Message) -> Run:
    """Insert the row of a foreign message, as if it had been enqueued here; a row that is there already stays.

    Raises: ValueError or TypeError when its headers or arguments make no run.
    """
    request, task_id = message.request, message.task_id
    options = {ours: request[theirs] for theirs, ours in _KEPT.items() if request.get(theirs) is not None}
    for theirs, ours in (("callbacks", "link"), ("errbacks", "link_error"), ("chain", "chain"), ("chord", "chord")):
        if request.get(theirs):
            options[ours] = request[theirs]
    if brought := {name: request[name] for name in _TRACE if request.get(name)}:
        options["headers"] = brought
    if task_id != str(run_id_of(task_id)):
        options["task_id"] = task_id
    queue = (request.get("delivery_info") or {}).get("routing_key") or job.queue_name()
    run = job.new_run(
        list(message.args),
        dict(message.kwargs),
        task_id=task_id,
        queue=queue,
        cause=Cause.FOREIGN,
        eta=request.get("eta"),
        options=options,
    )
    if run.state == State.QUEUED:
        run.published_at = run.created_at
    _, created = ledger.enqueue(run)
    if created:
        log.info("adopted a foreign message", task_id=task_id, job=job.name)
    return run
