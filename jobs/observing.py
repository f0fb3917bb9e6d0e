"""What watchers outside are told of runs: traces and error trackers plug in here; without one nothing happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from jobs.models import Run


@dataclass(frozen=True, slots=True)
class FinalFailure:
    """A run that failed for good."""

    run_id: str
    job: str
    queue: str
    attempt: int
    correlation_id: str
    error: BaseException


class Observer:
    """Somebody who wants to know; each method does nothing unless it is overridden, and none may raise."""

    def headers(self, job: str) -> Mapping[str, str]:
        """Return what a new run carries in its row and its message, so that its attempts belong to its maker."""
        return {}

    def attempting(self, run: Run) -> AbstractContextManager[object]:
        """Return what surrounds an attempt."""
        return nullcontext()

    def attempt_failed(self, error: BaseException) -> None:
        """Hear that the attempt under way ends with an error, which tells no secret."""

    def failed(self, failure: FinalFailure) -> None:
        """Hear that a run failed for good, once its end is committed."""

    def flush(self) -> None:
        """Send what was kept to be sent: the process ends."""


_observers: list[Observer] = []


def observe_with(observer: Observer) -> None:
    """Tell the observer from now on."""
    _observers.append(observer)


def forget(observer: Observer) -> None:
    """Tell the observer no more."""
    _observers.remove(observer)


def with_headers(options: dict[str, object], *, job: str) -> dict[str, object]:
    """Return a new run's options with what observers want it to carry; what its message brought along stays."""
    carried = {name: value for each in _observers for name, value in each.headers(job).items()}
    brought = options.get("headers")
    if not carried:
        return options
    return {**options, "headers": {**carried, **(brought if isinstance(brought, Mapping) else {})}}


def attempting(run: Run) -> AbstractContextManager[None]:
    """Return what surrounds an attempt."""
    return _among_observers(run) if _observers else nullcontext()


@contextmanager
def _among_observers(run: Run) -> Iterator[None]:
    with ExitStack() as stack:
        for each in _observers:
            stack.enter_context(each.attempting(run))
        yield


def attempt_failed(error: BaseException) -> None:
    """Tell that the attempt under way ends with an error."""
    for each in _observers:
        each.attempt_failed(error)


def run_failed(run_id: UUID, error: BaseException) -> None:
    """Tell, once the transaction has committed, that a run failed for good."""
    if _observers:
        transaction.on_commit(lambda: _tell_failure(run_id, error), robust=True)


def _tell_failure(run_id: UUID, error: BaseException) -> None:
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        return
    failure = FinalFailure(str(run.pk), run.job, run.queue, run.attempt, run.correlation_id, error)
    for each in _observers:
        each.failed(failure)


def observers() -> tuple[Observer, ...]:
    """Return who is told."""
    return tuple(_observers)


def flush() -> None:
    """Let observers send what they have kept."""
    for each in _observers:
        each.flush()
