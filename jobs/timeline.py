"""The life of one run as a list of moments, told from its row alone; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jobs.states import State

if TYPE_CHECKING:
    from jobs.models.run import Run

_LATER = datetime.max.replace(tzinfo=UTC)
_ENDINGS = {
    State.SUCCESS: ("Finished", "good"),
    State.FAILED: ("Failed: a dead letter until replayed or discarded", "bad"),
    State.CANCELLED: ("Cancelled", "quiet"),
    State.SKIPPED: ("Skipped", "quiet"),
    State.MISSED: ("Missed: noticed too late to run", "warn"),
}
_ATTEMPT_NOW = {
    State.RUNNING: ("running", "busy"),
    State.SUCCESS: ("succeeded", "good"),
    State.CANCELLED: ("stopped", "quiet"),
}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing that happened to a run, or is about to."""

    at: datetime | None
    what: str
    detail: str = ""
    tone: str = "quiet"
    ended_at: datetime | None = None
    trace: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took, where it has an end."""
        return (self.ended_at - self.at).total_seconds() if self.at and self.ended_at else None


def timeline(run: Run, *, owner: str = "", workers: Mapping[str, str] | None = None) -> list[Moment]:
    """Return what is known of the run's life, oldest first, what is still to come last.

    `workers` gives names to worker ids.
    """
    names = workers or {}
    moments = [
        _enqueued(run, owner),
        *_published(run),
        *_attempts(run, names),
        *_latest_attempt(run, names),
        *_wishes(run),
    ]
    moments.sort(key=lambda moment: moment.at or _LATER)
    return [*moments, *_ending(run), *_to_come(run)]


def _enqueued(run: Run, owner: str) -> Moment:
    detail = [f"for {owner}"] if owner else []
    if run.fire_at:
        detail.append(f"due {run.fire_at:%Y-%m-%d %H:%M:%S} UTC")
    return Moment(at=run.created_at, what=f"Enqueued by {run.get_cause_display()}", detail=", ".join(detail))


def _published(run: Run) -> Iterator[Moment]:
    if run.published_at and not _ran_here(run):
        yield Moment(at=run.published_at, what="Published", detail=f"to queue {run.queue}", tone="info")


def _ran_here(run: Run) -> bool:
    """Whether it is a run of `jobs run`, which counts as published only so that the dispatcher leaves it alone."""
    if run.worker is None:
        return run.cause == "cli" and run.started_at is not None
    return bool(run.worker.kind == run.worker.Kind.COMMAND)


def _attempts(run: Run, names: Mapping[str, str]) -> Iterator[Moment]:
    for entry in run.attempts:
        yield Moment(
            at=_time(entry.get("started_at")),
            ended_at=_time(entry.get("ended_at")),
            what=f"Attempt {entry.get('attempt')} failed",
            detail=_joined(_on(names, entry.get("worker")), f"{entry.get('kind', '')}: {entry.get('message', '')}"),
            tone="bad",
            trace=str(entry.get("trace", "")),
        )


def _latest_attempt(run: Run, names: Mapping[str, str]) -> Iterator[Moment]:
    word = _ATTEMPT_NOW.get(State(run.state))
    logged = run.attempts[-1].get("started_at") if run.attempts else None
    if word is None or run.started_at is None or _time(logged) == run.started_at:
        return
    yield Moment(
        at=run.started_at,
        ended_at=run.finished_at,
        what=f"Attempt {run.attempt} {word[0]}",
        detail=_on(names, run.worker_id),
        tone=word[1],
    )


def _wishes(run: Run) -> Iterator[Moment]:
    if run.cancel_requested_at:
        yield Moment(at=run.cancel_requested_at, what="Asked to stop", tone="warn")
    if run.resolved_at:
        yield Moment(at=run.resolved_at, what="Closed by a person")


def _ending(run: Run) -> Iterator[Moment]:
    ending = _ENDINGS.get(State(run.state))
    if ending:
        yield Moment(at=run.finished_at, what=ending[0], detail=run.reason, tone=ending[1])


def _to_come(run: Run) -> Iterator[Moment]:
    if run.state == State.RETRYING:
        yield Moment(at=run.run_at, what=f"Attempt {run.attempt + 1} is due", detail=run.reason, tone="warn")
    elif run.state == State.SCHEDULED:
        yield Moment(at=run.run_at, what="Starts not before this", detail=run.reason, tone="info")
    elif run.state == State.RUNNING and run.waits_for:
        yield Moment(at=None, what=f"Waits for {run.get_waits_for_display()}", tone="busy")
    elif run.state == State.QUEUED:
        yield Moment(at=None, what="Waits for a worker", detail=run.reason, tone="info")


def _on(names: Mapping[str, str], worker_id: Any) -> str:
    return f"on {names[str(worker_id)]}" if str(worker_id) in names else ""


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
