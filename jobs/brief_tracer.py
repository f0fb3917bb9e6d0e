"""Celery's tracer of a job for runs that a pack performs: where these are many, without what the pack does for all.

Ours says of each brief run how it ended, so Celery's doesn't; and Celery's care for Django's connections, two calls
for each task, is left to the task that performs the pack. Whoever else listens to its signals hears of each run.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

from celery import signals
from celery.app.trace import build_tracer
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]


@cache
def tracer_of(job: Any, hostname: str, *, is_brief: bool) -> Any:
    """Return Celery's own tracer of the job, the one for brief runs or the one for any."""
    with ExitStack() as stack:
        if is_brief:
            stack.enter_context(_quiet(logging.getLogger("celery.app.trace")))
            for signal in (signals.task_prerun, signals.task_postrun):
                stack.enter_context(_listeners_beside_celerys(signal))
        return build_tracer(job.name, job, job.app.loader, hostname, app=job.app)


class _Listeners:
    """Who listens to a signal, for the question whether there is anybody: Celery itself doesn't count."""

    def __init__(self, signal: Any) -> None:
        self._signal = signal
        self._celerys = [entry for entry in signal.receivers if _is_celerys(entry[1])]

    def __bool__(self) -> bool:
        return bool(self._signal.receivers != self._celerys)


def _is_celerys(receiver: Any) -> bool:
    """Whether it is Celery's own, or gone, which Celery finds out later."""
    listener = receiver() if isinstance(receiver, weakref.ReferenceType) else receiver
    return listener is None or isinstance(getattr(listener, "__self__", None), DjangoWorkerFixup)


@contextmanager
def _listeners_beside_celerys(signal: Any) -> Iterator[None]:
    """Show a tracer that is built meanwhile these listeners; it looks whether there are any at each run."""
    with signal.lock:
        receivers = signal.receivers
        others = _Listeners(signal)
        signal.receivers = others
        try:
            yield
        finally:
            signal.receivers = receivers


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Let a tracer that is built meanwhile log no line of a success."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
