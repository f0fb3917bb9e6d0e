"""Job, the class of every task: enqueueing writes the row, running goes through the attempt; the rest is Celery."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, cast

import structlog
from celery import Task
from celery.exceptions import Ignore
from celery.exceptions import Retry as CeleryRetry
from celery.result import AsyncResult
from celery.utils.time import maybe_iso8601
from django.db import transaction
from django.utils import timezone

from jobs import attempt, context, ledger, window, wire
from jobs.conf import conf
from jobs.identifiers import new_correlation_id, new_run_id, run_id_of
from jobs.models import Run
from jobs.models.run import Cause
from jobs.outcomes import Again
from jobs.policies import PLAIN, Declaration, Retry
from jobs.publish import publish_after_commit
from jobs.states import State

log = structlog.get_logger(__name__)

_NOT_FOR_THE_MESSAGE = (
    "producer",
    "connection",
    "publisher",
    "add_to_parent",
    "retries",
    "root_id",
    "parent_id",
    "eta",
)


class Job(Task):  # type: ignore[type-arg]
    """A Celery task whose every execution is a run; the options of `@job` are in `declaration`."""

    abstract = True
    store_errors_even_if_ignored = True
    declaration: Declaration = PLAIN
    _tracer: attempt.Tracer | None = None

    @property
    def __trace__(self) -> attempt.Tracer | None:
        """What a worker calls for a message: Celery's tracer inside our attempt."""
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

    @property
    def retry_policy(self) -> Retry:
        """The declared policy; a plain task has a single attempt unless it calls retry()."""
        return self.declaration.retry

    @property
    def skips_when_busy(self) -> bool:
        """Whether a run that finds no free slot is skipped rather than made to wait."""
        guard = self.declaration.concurrency
        return guard is not None and guard.on_conflict == "skip"

    def queue_name(self) -> str:
        """Return the queue that runs go to when nobody says otherwise."""
        return self._route({}, (), {})[0]

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
        if self.app.conf.task_always_eager:
            ours = ("owner", "cause", "tenant", "unique_key")
            kept = {name: value for name, value in options.items() if name not in ours}
            return super().apply_async(
                tuple(args or ()), dict(kwargs or {}), task_id, producer, link, link_error, shadow, **kept
            )
        trail = options.get("add_to_parent", True)
        options |= {"link": _frozen(link), "link_error": _frozen(link_error), "shadow": shadow}
        run = self.new_run(list(args or ()), dict(kwargs or {}), task_id=task_id, **options)
        run = self._enqueue(run, is_fresh=task_id is None)
        result = self.AsyncResult(task_id or str(run.pk))
        parent = self.app.current_worker_task
        if trail and parent is not None:
            parent.add_trail(result)
        return result

    def _enqueue(self, run: Run, *, is_fresh: bool) -> Run:
        """Write the row and ring for it after the commit; returns the row in force."""
        active = context.active_run()
        if active is not None and active.id == run.pk:
            ledger.replace(run, fence=active.fence)
            return run
        with transaction.atomic():
            if is_fresh and run.unique_key is None:
                run, created = ledger.enqueue_new(run), True
            else:
                run, created = self._enqueue_guarded(run)
            if created:
                self._replace_waiting(run)
                publish_after_commit(run)
        return run

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
        guard = self.declaration.concurrency
        if guard is not None and guard.on_conflict == "replace":
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

    def new_run(  # noqa: PLR0913 - one column each
        self,
        args: list[Any],
        kwargs: dict[str, Any],
        *,
        task_id: str | None = None,
        owner: Any = None,
        cause: str | None = None,
        tenant: str = "",
        unique_key: str | None = None,
        queue: Any = None,
        priority: int | None = None,
        countdown: float | None = None,
        eta: datetime | str | None = None,
        expires: float | datetime | str | None = None,
        options: dict[str, Any] | None = None,
        **more: Any,
    ) -> Run:
        """Return the unsaved row of a run with these arguments; `more` are Celery's options for the message.

        Raises: ArgumentsError.
        """
        declared, active, now = self.declaration, context.active_run(), timezone.now()
        header = getattr(self, "__header__", None) if self.typing else None
        wire.check(args, kwargs, header=header, most_bytes=conf().max_arguments_bytes)
        queue_name, route = self._route({"queue": queue, **more}, args, kwargs)
        run_at = _time(eta, now) or now + timedelta(seconds=countdown or 0)
        run = Run(
            id=run_id_of(task_id) if task_id else new_run_id(),
            job=self.name,
            queue=queue_name,
            priority=declared.priority if priority is None else priority,
            state=State.SCHEDULED if run_at > now else State.QUEUED,
            owner_id=_owner_id(owner) if owner is not None else getattr(active, "owner_id", None),
            cause=cause or (Cause.PARENT if active else Cause.CODE),
            tenant=tenant or self._tenant(args, kwargs),
            created_at=now,
            run_at=run_at,
            expires_at=_time(expires if expires is not None else declared.expires_seconds, now),
            published_at=now if run_at <= now and window.has_room(queue_name) else None,
            max_attempts=self.retry_policy.attempts,
            correlation_id=_correlation_id(active),
            parent_id=active.id if active else None,
            root_id=active.root_id if active else None,
            unique_key=unique_key or self._key("unique", args, kwargs),
            concurrency_key=self._key("concurrency", args, kwargs),
            rate_key=self._key("rate_limit", args, kwargs),
            concurrency_limit=declared.concurrency.limit if declared.concurrency else 1,
            code_version=conf().code_version,
        )
        if declared.sensitive:
            args, kwargs = wire.seal(args, kwargs, names=declared.sensitive, function=self.run)
        run.args, run.kwargs = args, kwargs
        run.options = {name: value for name, value in {**route, **(options or {})}.items() if value is not None}
        if task_id and task_id != str(run.pk):
            run.options["task_id"] = task_id
        return run

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
        """Give the run back for another attempt as Celery does, but through the row instead of a message."""
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
        at = _time(eta, now) or now + timedelta(seconds=self.default_retry_delay if countdown is None else countdown)
        current.again = Again(at, reason=f"retry() {exc!r}" if exc else "retry()")
        current.edits = {name: value for name, value in (("args", args), ("kwargs", kwargs)) if value is not None}
        error = CeleryRetry(exc=cast("Exception", exc), when=at)
        if throw:
            raise error
        return error  # type: ignore[misc]

    def _route(self, options: dict[str, Any], args: Any, kwargs: Any) -> tuple[str, dict[str, Any]]:
        given = {name: value for name, value in options.items() if name not in _NOT_FOR_THE_MESSAGE}
        wanted = self._get_exec_options() | {name: value for name, value in given.items() if value is not None}  # type: ignore[attr-defined]
        if wanted.get("queue") is None and self.declaration.queue and not wanted.get("exchange"):
            wanted["queue"] = self.declaration.queue
        app = self.app
        given = {name: value for name, value in wanted.items() if value is not None}
        route = app.amqp.router.route(given, self.name, args, kwargs, cast("Any", self))
        queue = route.pop("queue", None)
        for ours in ("priority", "expires", "countdown"):
            route.pop(ours, None)
        return str(getattr(queue, "name", queue) or app.conf.task_default_queue), route

    def _tenant(self, args: list[Any], kwargs: dict[str, Any]) -> str:
        template = self.declaration.tenant
        return template.format(**wire.by_name(self.run, args, kwargs))[:100] if template else ""

    def _key(self, guard: str, args: list[Any], kwargs: dict[str, Any]) -> str | None:
        """Return the guard's key: its format string filled with the arguments by name, prefixed with the job."""
        policy = getattr(self.declaration, guard)
        if policy is None:
            return None
        values = wire.by_name(self.run, args, kwargs)
        filled = policy.key.format(**values) if policy.key else (wire.digest(values) if guard == "unique" else "")
        return f"{self.name}:{filled}"[:200]


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


def _owner_id(owner: Any) -> int:
    return int(getattr(owner, "pk", owner))


def _correlation_id(active: context.RunContext | None) -> str:
    if active is not None:
        return active.correlation_id
    bound = structlog.contextvars.get_contextvars()
    inherited = bound.get("correlation_id") or bound.get("request_id")
    if not inherited:
        return new_correlation_id()
    return str(inherited)[:64] if str(inherited).startswith("job-") else f"job-{inherited}"[:64]


def _time(value: float | datetime | str | None, now: datetime) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, int | float):
        return now + timedelta(seconds=value)
    moment = cast("datetime", maybe_iso8601(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
