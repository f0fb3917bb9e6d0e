"""Runs, jobs, workers and messages as plain JSON values, the same in every face; nothing sealed or secret comes out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from jobs.models import ApiToken, BadMessage, Run, Worker
from jobs.quarantine import as_text
from jobs.queries import JobDetails, Overview, RunDetails, run_seconds, worker_state
from jobs.timeline import Moment
from jobs.wire import masked


def job_values(job: JobDetails) -> dict[str, Any]:
    """Return the job; `arguments` is a JSON schema."""
    return asdict(job)


def run_values(run: Run) -> dict[str, Any]:
    """Return the run as listings show it; `seconds` is how long the latest attempt took or has taken."""
    return {
        "id": str(run.pk),
        "job": run.job,
        "queue": run.queue,
        "priority": run.priority,
        "state": run.state,
        "owner": str(run.owner) if run.owner else None,
        "cause": run.cause,
        "correlation_id": run.correlation_id,
        "parent": str(run.parent_id) if run.parent_id else None,
        "attempt": run.attempt,
        "max_attempts": run.max_attempts,
        "created_at": run.created_at,
        "run_at": run.run_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "seconds": run_seconds(run),
        "progress": run.progress,
        "error": _error(run),
        "reason": run.reason,
    }


def details_values(known: RunDetails) -> dict[str, Any]:
    """Return the run with its arguments, result, traceback, timeline and children."""
    run = known.run
    return {
        **run_values(run),
        "args": known.args,
        "kwargs": known.kwargs,
        "result": known.result,
        "traceback": known.trace,
        "schedule": run.schedule.name if run.schedule else None,
        "worker": str(run.worker) if run.worker else None,
        "cpu_seconds": run.cpu_seconds,
        "max_rss": run.max_rss,
        "code_version": run.code_version,
        "timeline": [_moment(moment) for moment in known.moments],
        "why": [asdict(reason) for reason in known.reasons],
        "children": [run_values(child) for child in known.children],
    }


def worker_values(worker: Worker) -> dict[str, Any]:
    """Return the node; `state` is alive, late, stopped or lost."""
    columns = ("name", "kind", "hostname", "pid", "queues", "concurrency", "code_version")
    figures = ("lag_seconds", "cpu_cores", "memory_bytes")
    times = ("started_at", "heartbeat_at", "stopping_at", "stopped_at", "lost_at")
    return {
        "id": str(worker.pk),
        "state": worker_state(worker),
        **{name: getattr(worker, name) for name in (*columns, *figures, *times)},
    }


def overview_values(seen: Overview) -> dict[str, Any]:
    """Return how everything stands: what ended, queues, running and failed runs, and who works."""
    return {
        "at": seen.at,
        "ended": asdict(seen.ended),
        "queues": [asdict(queue) for queue in seen.queues],
        "running": [run_values(run) for run in seen.running],
        "failed": [run_values(run) for run in seen.failed],
        "workers": [worker_values(worker) for worker in seen.workers],
    }


def message_values(message: BadMessage, *, with_body: bool = False) -> dict[str, Any]:
    """Return the quarantined message; its body, when wanted, as text."""
    columns = ("reason", "detail", "job", "task_id", "queue", "content_type", "size")
    times = ("received_at", "replayed_at", "discarded_at")
    return {
        "id": str(message.pk),
        **{name: getattr(message, name) for name in (*columns, *times)},
        "headers": masked(message.headers),
        **({"body": as_text(message)} if with_body else {}),
    }


def token_values(token: ApiToken) -> dict[str, Any]:
    """Return the token without anything that opens."""
    columns = ("name", "beginning", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    return {"id": str(token.pk), "user": str(token.user), **{name: getattr(token, name) for name in columns}}


def _error(run: Run) -> dict[str, str] | None:
    if not run.error_kind:
        return None
    return {"kind": run.error_kind, "message": run.error_message, "fingerprint": run.error_fingerprint}


def _moment(moment: Moment) -> dict[str, Any]:
    return {"at": moment.at, "what": moment.what, "detail": moment.detail, "ended_at": moment.ended_at}
