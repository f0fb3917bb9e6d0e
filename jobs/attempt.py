"""One attempt of a run through its life: claim, bind, execute, settle. Nothing in a worker runs a job any other way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, cast
from uuid import UUID

import structlog
from billiard.einfo import ExceptionInfo
from celery import states
from celery.app.trace import TraceInfo, trace_ok_t
from celery.exceptions import Ignore, Reject
from celery.exceptions import Retry as CeleryRetry
from django.db import Error

from jobs import context, faultpoints, ledger, machine, observing, presence
from jobs.adoption import adopt, is_foreign
from jobs.conf import conf
from jobs.dialect import is_database_fault, patiently
from jobs.envelope import retold
from jobs.identifiers import run_id_of
from jobs.ledger import Refusal, Usage
from jobs.models import Run
from jobs.outcomes import Again, Fail, Stop, decide
from jobs.registry import problem_of_call
from jobs.states import State
from jobs.tray import Tray
from jobs.veil import hiding, veiled, veiled_error
from jobs.wire import secrets_in, unseal

if TYPE_CHECKING:
    from jobs.task import Job

log = structlog.get_logger(__name__)

Tracer = Callable[[str, Any, Any, Any], Any]
_NOTHING_HIDDEN = nullcontext()
_active: ContextVar[Attempt | None] = ContextVar("daybook_attempt", default=None)


@dataclass(slots=True)
class Attempt:
    """What the engine knows of the attempt in this process until it is settled.

    Many short ones are each `is_brief`: they say all in one line, at their end.
    """

    run: Run
    job: Job
    task_id: str
    cpu_at_start: float
    entered: bool = False
    returned: bool = False
    again: Again | None = None
    edits: dict[str, Any] = field(default_factory=dict)
    follow_ups: list[Any] = field(default_factory=list)
    tray: Tray | None = None
    is_brief: bool = False

    @property
    def has_spawned(self) -> bool:
        """Whether its body spawned children."""
        return context.current_run().has_spawned

    @property
    def ends_alone(self) -> bool:
        """Whether nothing else happens in the transaction that ends it, so that it may be written with others."""
        return not (self.follow_ups or self.run.options.get("chord") or self.has_spawned)

    @property
    def fence(self) -> ledger.Fence:
        """What lets this attempt settle its run."""
        return ledger.Fence(self.run.id, token=self.run.token)

    def usage(self) -> Usage:
        """Return CPU seconds since the claim, or the end before it in a pack, and the process's peak memory."""
        spent, began_at = machine.spent(), None
        if self.tray is not None:
            began_at, self.tray.cpu_seconds = self.run.started_at, spent.cpu_seconds
        return Usage(spent.cpu_seconds - self.cpu_at_start, spent.max_rss, began_at)


@dataclass(frozen=True, slots=True)
class Message:
    """A task message as Celery's worker hands it over; `request` holds its headers and embedded signatures."""

    task_id: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    request: Mapping[str, Any]


def perform(job: Job, trace: Tracer, message: Message) -> Any:
    """Run one message as one attempt; a message that may not start anything is dropped.

    Returns what Celery's tracer does: `trace` calls the job's hooks and function, and our result backend at the end.
    """
    faultpoints.reach("before claim")
    run = admit(job, message)
    if isinstance(run, Refusal):
        return _dropped(run)
    return perform_claimed(job, trace, run, {**message.request, "id": message.task_id, **retold(run)})


def perform_claimed(
    job: Job, trace: Tracer, run: Run, request: dict[str, Any], *, tray: Tray | None = None, is_brief: bool = False
) -> Any:
    """Run the claimed run's attempt; a good end that has no consequences is laid on the `tray`, where there is one."""
    faultpoints.reach("after claim")
    task_id, cpu_at_start = request["id"], machine.spent().cpu_seconds if tray is None else tray.cpu_seconds
    attempt = Attempt(run, job, task_id, cpu_at_start, tray=tray, is_brief=is_brief)
    secrets = secrets_in(run.args, run.kwargs)
    with hiding(secrets) if secrets else _NOTHING_HIDDEN, bound(attempt):
        return trace(task_id, unseal(run.args), unseal(run.kwargs), request)


def admit(job: Job, message: Message) -> Run | Refusal:
    """Claim the message's run; a foreign client's message gets its row first. Waits for a database that is away.

    A run whose arguments don't fit the job here is parked: an older or newer worker may know the job otherwise.
    """
    tried: list[datetime] = []

    def claim_now(run_id: UUID) -> Run | Refusal:
        mine, declared = presence.claiming_id(), job.declaration
        # An earlier try may have claimed it and lost the answer with the database.
        if tried and (held := ledger.claimed(run_id, worker_id=mine, at=tried)):
            return held
        tried.append(ledger.now())
        rate, is_guarded = declared.rate_limit, declared.is_guarded
        return ledger.claim(run_id, worker_id=mine, now=tried[-1], job=job.name, rate=rate, is_guarded=is_guarded)

    def claim() -> Run | Refusal:
        run_id = run_id_of(message.task_id)
        if problem := problem_of_call(job, message.args, message.kwargs):
            ledger.park(run_id, now=ledger.now(), reason=f"{Refusal.MISFIT}: {problem}")
            return Refusal.MISFIT
        claimed = claim_now(run_id)
        if claimed is Refusal.UNKNOWN and is_foreign(message.request):
            adopt(job, message)
            claimed = claim_now(run_id)
        if isinstance(claimed, Refusal):
            _follow(claimed, job, run_id)
        return claimed

    try:
        return patiently(claim, seconds=conf().database_patience_seconds, what="claim")
    except Error as error:
        log.error("claim given up, the run stays queued", task_id=message.task_id, error=str(error))  # noqa: TRY400
        return Refusal.STALE


def execute(job: Job, body: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call the job's function as the active attempt's body, and turn its error into what follows from it."""
    attempt = _entering(job)
    if attempt is None:
        return body(*args, **kwargs)
    try:
        result = body(*args, **kwargs)
    except CeleryRetry as error:
        if isinstance(error.exc, Exception):
            error.exc = veiled_error(error.exc)
        raise
    except (Ignore, Reject) as error:
        _end_ignored(attempt, error)
    except Exception as error:
        _conclude(attempt, error)
    if attempt.again is not None:
        raise CeleryRetry("retry() was called without being raised", when=attempt.again.at)
    attempt.returned = True
    faultpoints.reach("after body")
    attempt.follow_ups = _take_follow_ups(job)
    return result


def active(task_id: str) -> Attempt | None:
    """Return the attempt of that task in this process; None in a worker's main process and outside attempts."""
    attempt = _active.get()
    return attempt if attempt is not None and attempt.task_id == task_id else None


def current() -> Attempt | None:
    """Return the attempt that this code executes in."""
    return _active.get()


@contextmanager
def bound(attempt: Attempt) -> Iterator[None]:
    """Bind the run's context and log fields for the attempt, log its start and end, and unbind everything after."""
    run = attempt.run
    started = time.monotonic()
    token, active_token = context.activate(run), _active.set(attempt)
    fields = {"correlation_id": run.correlation_id, "run_id": run.text_id, "job": run.job, "attempt": run.attempt}
    outer = structlog.contextvars.bind_contextvars(**fields)
    waited = _seconds(run.started_at, run.run_at)
    try:
        if not attempt.is_brief:
            log.info("run started", queue=run.queue, waited=waited)
        with observing.attempting(run):
            yield
    finally:
        log.info("run ended", seconds=round(time.monotonic() - started, 6), waited=waited)
        structlog.contextvars.reset_contextvars(**outer)
        _active.reset(active_token)
        context.deactivate(token)


def _conclude(attempt: Attempt, error: Exception) -> NoReturn:
    run, now = attempt.run, ledger.now()
    outcome = decide(
        error,
        retry=attempt.job.retry_policy,
        attempt=run.attempt,
        now=now,
        is_infrastructure=is_database_fault(error),
        faults=sum(1 for entry in run.attempts if entry.get("fault")),
    )
    told = veiled_error(error)
    if not isinstance(outcome, Stop):
        observing.attempt_failed(told)
    match outcome:
        case Again():
            attempt.again = replace(outcome, reason=veiled(outcome.reason))
            raise CeleryRetry(attempt.again.reason, exc=told, when=outcome.at) from told
        case Stop():
            attempt.job.backend.mark_as_revoked(attempt.task_id, str(told), request=attempt.job.request)
            raise Ignore(str(told)) from told
        case Fail():
            raise told


def _end_ignored(attempt: Attempt, error: Ignore | Reject) -> NoReturn:
    """Follow Celery's Ignore and Reject, which store nothing, but never leave a run running without an end."""
    if getattr(error, "requeue", False):
        attempt.again = Again(ledger.now() + attempt.job.retry_policy.backoff(1), spends=False, reason="requeued")
        raise CeleryRetry("requeued", when=attempt.again.at) from error
    # A run that gave its place to another is no longer this attempt's.
    if attempt.fence.rows().exists():
        reason = f"the job raised {type(error).__name__}"
        attempt.job.backend.mark_as_revoked(attempt.task_id, reason, request=attempt.job.request)
    raise Ignore(str(error)) from error


def _entering(job: Job) -> Attempt | None:
    attempt = _active.get()
    if attempt is None or attempt.entered or attempt.job.name != job.name:
        return None
    attempt.entered = True
    return attempt


def _take_follow_ups(job: Job) -> list[Any]:
    """Take links and the rest of a chain from Celery's tracer: they are enqueued in the finishing transaction."""
    request = job.request
    taken = [*(request.callbacks or []), *([request.chain] if request.chain else [])]
    request.callbacks, request.chain = None, None
    return taken


def _dropped(refusal: Refusal) -> Any:
    try:
        raise Ignore(refusal.value)  # noqa: TRY301 - ExceptionInfo reads the raised error
    except Ignore as error:
        return trace_ok_t(ExceptionInfo(internal=True), TraceInfo(states.IGNORED, error), 0.0, None)


def _follow(refusal: Refusal, job: Job, run_id: UUID) -> None:
    """Skip a run that gives up where its key is busy, and tell the chord of one that is skipped for good."""
    gives_up = refusal is Refusal.BUSY and job.skips_when_busy
    if gives_up:
        ledger.skip(run_id, reason=refusal, now=ledger.now())
    if not gives_up and refusal is not Refusal.EXPIRED:
        return
    run = Run.objects.filter(pk=run_id, state__in=[State.SKIPPED, State.MISSED]).first()
    if run is not None:
        cast("Any", job.backend).part_ended(run, reason=run.reason)


def _seconds(end: datetime | None, start: datetime) -> float | None:
    return None if end is None else round((end - start).total_seconds(), 3)
