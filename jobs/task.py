"""Job, the class of every task: enqueueing writes the row, running goes through the attempt; the rest is Celery."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any, NoReturn, cast
from uuid import UUID

import structlog
from celery import Task
from celery.app.trace import build_tracer
from celery.exceptions import Ignore
from celery.exceptions import Retry as CeleryRetry
from celery.result import AsyncResult
from django.db import transaction
from django.utils import timezone

from jobs import attempt, context, drafting, ledger
from jobs.bell import announce, enqueue_new
from jobs.conf import conf
from jobs.errors import ArgumentsError
from jobs.models import Run
from jobs.outcomes import Again
from jobs.policies import PLAIN, Declaration, Retry
from jobs.registry import problem_of_call
from jobs.request_stack import RequestStack
from jobs.veil import veiled

log = structlog.get_logger(__name__)


class Job(Task):  # type: ignore[type-arg]
    """A Celery task whose every execution is a run; the options of `@job` are in `declaration`."""

    abstract = True
    store_errors_even_if_ignored = True
    Request = "jobs.parcel:Request"
    declaration: Declaration = PLAIN
    usual: drafting.Usual | None = None
    _tracer: attempt.Tracer | None = None

    @classmethod
    def on_bound(cls, app: Any) -> None:
        """Give a class that Celery has just bound a quicker stack of requests."""
        if not isinstance(cls.request_stack, RequestStack):
            cls.request_stack = cast("Any", RequestStack())

    @property
    def __trace__(self) -> attempt.Tracer | None:
        """What a worker calls for a message: Celery's tracer inside our attempt."""
        if self._tracer is None:
            # Celery makes those of the jobs that a worker knows at its start.
            self.__trace__ = build_tracer(self.name, self, self.app.loader, app=self.app)
        return self._tracer

    @__trace__.setter
    def __trace__(self, tracer: attempt.Tracer | None) -> None:
        self._tracer = None if tracer is None else self._within_attempt(tracer)

    def _within_attempt(self, tracer: attempt.Tracer) -> attempt.Tracer:
        def trace(task_id: str, args: Any, kwargs: Any, request: Any = None) -> Any:
            return attempt.perform(self, tracer, attempt.Message(task_id, args, kwargs, request or {}))

        return trace

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the body: as an attempt when the tracer calls, as a plain function otherwise."""
        return attempt.execute(self, super().__call__, args, kwargs)

    def most_in_pack(self, *, spawned: bool = False) -> int:
        """Return how many runs one bell may stand for; 0 when each has a message of its own, that Celery can time.

        A job that says nothing of packs is packed where it is `spawned`, and everywhere by a setting.
        """
        limits = (self.time_limit, self.soft_time_limit)
        unasked = spawned or conf().packs_ordinary_jobs
        return 0 if any(limits) else self.declaration.most_in_pack(unasked=unasked)

    @property
    def retry_policy(self) -> Retry:
        """The declared policy; a plain task has a single attempt unless it calls retry()."""
        return self.declaration.retry

    @property
    def skips_when_busy(self) -> bool:
        """Whether a run that finds no free slot is skipped rather than made to wait."""
        guard = self.declaration.concurrency
        return guard is not None and guard.on_conflict == "skip"

    @property
    def replaces_waiting(self) -> bool:
        """Whether a new run cancels those of its key that wait."""
        guard = self.declaration.concurrency
        return guard is not None and guard.on_conflict == "replace"

    def queue_name(self) -> str:
        """Return the queue that runs go to when nobody says otherwise."""
        return drafting.route(self, {}, (), {})[0]

    def apply_async(  # noqa: PLR0913, PLR0917 - Celery's signature
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        task_id: str | None = None,
        producer: Any = None,
        link: Any = None,
        link_error: Any = None,
        shadow: str | None = None,
        **options: Any,
    ) -> AsyncResult[Any]:
        """Enqueue a run: its row in the caller's transaction, its message after the commit.

        Beyond Celery's options: `owner` (user or id), `cause`, `tenant`, `unique_key`.

        Raises: ArgumentsError (a TypeError) when the arguments don't fit the signature or aren't JSON.
        """
        if self.app.conf["task_always_eager"]:
            ours = ("owner", "cause", "tenant", "unique_key")
            kept = {name: value for name, value in options.items() if name not in ours}
            return super().apply_async(
                tuple(args or ()), dict(kwargs or {}), task_id, producer, link, link_error, shadow, **kept
            )
        trail = options.pop("add_to_parent", True)
        said = {"task_id": task_id, "link": _frozen(link), "link_error": _frozen(link_error), "shadow": shadow}
        options |= {name: value for name, value in said.items() if value is not None}
        run = self.new_run(list(args or ()), dict(kwargs or {}), **options)
        run = self.enqueue(run, is_fresh=task_id is None)
        result = self.AsyncResult(run.task_id)
        parent = self.app.current_worker_task
        if trail and parent is not None:
            parent.add_trail(result)
        return result

    def enqueue_many(self, items: Iterable[Mapping[str, Any]], **options: Any) -> list[UUID]:
        """Enqueue a run per dict of keyword arguments, in a few statements; returns their ids in order.

        `options` as for apply_async. Raises: ArgumentsError before anything is enqueued in its batch of 500.
        TypeError for a job whose guards look at every run by itself (unique, concurrency on_conflict="replace").
        """
        if self.declaration.unique or self.replaces_waiting:
            raise TypeError(f"{self.name}: a unique job, or one that replaces, can't be enqueued in bulk")
        ids: list[UUID] = []
        for chunk in context.batched(items, context.SPAWN_BATCH):
            runs = list(drafting.draft_alike(self, map(dict, chunk), **options))
            with transaction.atomic():
                ledger.enqueue_all(runs)
                announce(*runs)
            ids += [run.pk for run in runs]
        return ids

    def enqueue(self, run: Run, *, is_fresh: bool) -> Run:
        """Write the row and ring for it after the commit; returns the row in force."""
        active = context.active_run()
        if active is not None and active.id == run.pk:
            ledger.replace(run, fence=active.fence)
            return run
        if is_fresh and run.unique_key is None and not self.replaces_waiting:
            enqueue_new(run)
            return run
        with transaction.atomic() if self._looks_at_others else nullcontext():
            run, created = self._enqueue_guarded(run)
            if created:
                self._replace_waiting(run)
                announce(run)
        return run

    @property
    def _looks_at_others(self) -> bool:
        """Whether enqueueing a run asks of other runs, or changes them, more than one statement can."""
        unique = self.declaration.unique
        return self.replaces_waiting or bool(unique and unique.within)

    def _enqueue_guarded(self, run: Run) -> tuple[Run, bool]:
        within = self.declaration.unique.within if self.declaration.unique else None
        recent = ledger.recent(run.unique_key, seconds=within) if run.unique_key and within else None
        if recent is not None:
            return recent, False
        found, created = ledger.enqueue(run)
        if not created and found.pk == run.pk and ledger.replace(run, fence=None):
            log.info("run replaced", replaced=str(run.pk), by=run.job)
        return found, created

    def _replace_waiting(self, run: Run) -> None:
        if self.replaces_waiting:
            reason = f"replaced by {run.pk}"
            ledger.cancel_waiting(
                now=run.created_at, reason=reason, sparing=run.pk, concurrency_key=run.concurrency_key
            )

    def on_replace(self, sig: Any) -> Any:
        """Let a signature take this run's place: at once for a single task, after its header for a chord."""
        active = context.active_run()
        if active is None or self.request.is_eager:
            return super().on_replace(sig)
        sig.delay()
        ledger.set_aside(active.fence)
        raise Ignore("Replaced by new task")

    def new_run(self, args: list[Any], kwargs: dict[str, Any], **options: Any) -> Run:
        """Return the unsaved row of a run with these arguments; `options` as for apply_async.

        Raises: ArgumentsError.
        """
        return drafting.draft(self, args, kwargs, **options) if options else drafting.draft_usual(self, args, kwargs)

    def retry(  # noqa: PLR0913, PLR0917 - Celery's signature
        self,
        args: Any = None,
        kwargs: Any = None,
        exc: Exception | None = None,
        throw: bool = True,
        eta: datetime | None = None,
        countdown: float | None = None,
        max_retries: int | None = None,
        **options: Any,
    ) -> NoReturn:
        """Give the run back for another attempt as Celery does, but through the row instead of a message.

        `options` are apply_async's: another queue, priority, deadline, link ... for what is still to come.
        """
        current = attempt.current()
        if current is None or current.job.name != self.name:
            super().retry(args, kwargs, exc, throw, eta, countdown, max_retries, **options)
        assert current is not None
        most = self.max_retries if max_retries is None else max_retries
        if most is not None and self.request.retries >= most:
            raise exc or self.MaxRetriesExceededError(
                f"Can't retry {self.name}[{self.request.id}] args:{self.request.args} kwargs:{self.request.kwargs}"
            )
        now = timezone.now()
        wait = self.default_retry_delay if countdown is None else countdown
        at = drafting.moment(eta, now) or now + timedelta(seconds=wait)
        current.edits = self._edits(current.run, args, kwargs, options)
        current.again = Again(at, reason=veiled(f"retry() {exc!r}") if exc else "retry()")
        error = CeleryRetry(exc=cast("Exception", exc), when=at)
        if throw:
            raise error
        return error  # type: ignore[misc]

    def _edits(self, run: Run, args: Any, kwargs: Any, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns that retry() changes: the arguments, and where and how the next message goes.

        Raises: ArgumentsError when the new arguments don't fit.
        """
        call = (run.args if args is None else args, run.kwargs if kwargs is None else kwargs)
        if problem := problem_of_call(self, *call):
            raise ArgumentsError(problem)
        new_args, new_kwargs = drafting.sealed(self, *call)
        edits: dict[str, Any] = {"args": new_args, "kwargs": new_kwargs}
        given = {name: value for name, value in options.items() if value is not None}
        if not given:
            return edits
        queue, routed = drafting.route(self, given, *call)
        if given.keys() & {"queue", "exchange", "routing_key"}:
            edits["queue"] = queue
        if "priority" in given:
            edits["priority"] = given["priority"]
        if "expires" in given:
            edits["expires_at"] = drafting.moment(given["expires"], timezone.now())
        links = {name: _frozen(given[name]) for name in ("link", "link_error") if name in given}
        kept = {name: value for name, value in routed.items() if name in given}
        return {**edits, "options": {**run.options, **kept, **links}}


def _frozen(signatures: Any) -> Any:
    """Give each linked signature its id now, so that a second attempt can't enqueue it a second time."""
    if not signatures:
        return None
    frozen = []
    for signature in signatures if isinstance(signatures, list | tuple) else [signatures]:
        copy = signature.clone() if hasattr(signature, "clone") else signature
        if hasattr(copy, "freeze") and not copy.options.get("task_id"):
            copy.freeze(str(uuid.uuid4()))
        frozen.append(copy)
    return frozen
