"""Drafts the row of a new run from a job, its arguments and Celery's options; writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import UUID

import structlog
from celery.utils.time import maybe_iso8601
from django.db.models.base import ModelState
from django.utils import timezone

from jobs import context, observing, window, wire
from jobs.conf import Conf, conf
from jobs.errors import ArgumentsError
from jobs.identifiers import correlation_id_of, new_run_id, run_id_of
from jobs.models import Run
from jobs.models.run import Cause
from jobs.publish import is_left_to_dispatcher
from jobs.registry import problem_of_call
from jobs.states import State
from jobs.veil import without_passwords

if TYPE_CHECKING:
    from jobs.task import Job

# Their headers say what the row doesn't.
_WITH_MESSAGE = (Cause.SCHEDULE, Cause.FOREIGN)
# Options that need no message: the row's request tells them (jobs/envelope.py), or they say how a message would travel.
_TOLD_BY_ROW = frozenset(
    (
        *("link", "link_error", "chain", "chord", "group_id", "group_index", "ignore_result"),
        *("exchange", "exchange_type", "routing_key", "delivery_mode", "serializer", "compression"),
    )
)
_UNSAID = {field.attname: field.get_default() for field in Run._meta.concrete_fields}  # noqa: SLF001 - Django's documented API
_NOT_KEPT = (
    "producer",
    "serializer",
    "connection",
    "publisher",
    "add_to_parent",
    "retries",
    "retry",
    "retry_policy",
    "root_id",
    "parent_id",
    "eta",
    "argsrepr",
    "kwargsrepr",
)


def draft(  # noqa: PLR0913 - one column each
    job: Job,
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
    spawned: bool = False,
    alone: bool = False,
    **more: Any,
) -> Run:
    """Return the unsaved row of a run of `job`; `more` are Celery's options for the message.

    A run `alone`, or with an option that only a message can carry, has a message of its own, whatever the job says;
    a `spawned` one is packed unless it says otherwise.

    Raises: ArgumentsError.
    """
    declared, active, now = job.declaration, context.active_run(), timezone.now()
    current = conf()
    called = _called(job, args, kwargs, current, tenant=tenant, unique_key=unique_key)
    queue_name, routed = route(job, {"queue": queue, **more}, args, kwargs)
    run_at = moment(eta, now) or (now + timedelta(seconds=countdown) if countdown else now)
    run_id = run_id_of(task_id) if task_id else new_run_id()
    own_message = alone or cause in _WITH_MESSAGE or routed.keys() - _TOLD_BY_ROW
    is_packed = not own_message and job.most_in_pack(spawned=spawned) > 0
    kept = {name: value for name, value in {**routed, **(options or {})}.items() if value is not None}
    run = _fresh(
        id=run_id,
        job=job.name,
        queue=queue_name,
        priority=declared.priority if priority is None else priority,
        state=State.SCHEDULED if run_at > now else State.QUEUED,
        options=cast("Any", observing.with_headers(kept, job=job.name)),
        owner_id=_owner_id(owner) if owner is not None else getattr(active, "owner_id", None),
        cause=cause or (Cause.PARENT if active else Cause.CODE),
        created_at=now,
        run_at=run_at,
        fire_at=run_at if eta is not None and expires is not None else None,
        expires_at=moment(expires if expires is not None else declared.expires_seconds, now),
        is_packed=is_packed,
        max_attempts=job.retry_policy.attempts,
        correlation_id=_correlation_id(active, run_id),
        parent_id=active.id if active else None,
        root_id=active.root_id if active else None,
        code_version=current.code_version,
        **called,
    )
    _count_on(run)
    if task_id and task_id != str(run.pk):
        run.options["task_id"] = task_id
    return run


class Usual(NamedTuple):
    """What runs of a job have in common whose call says nothing but arguments, and what that was worked out from."""

    source: tuple[Any, ...]
    columns: dict[str, Any]


def draft_usual(job: Job, args: list[Any], kwargs: dict[str, Any]) -> Run:
    """Return what `draft` does for arguments alone; for a job's second run on it is mostly known what that is.

    Raises: ArgumentsError.
    """
    current, usual = conf(), job.usual
    source = (current, job.declaration, job.time_limit, job.soft_time_limit)
    if context.active_run() is not None or observing.observers():
        return draft(job, args, kwargs)
    if usual is None or usual.source != source:
        run = draft(job, args, kwargs)
        if not _is_routed(job) and job.declaration.expires_seconds is None:
            job.usual = Usual(source, {**vars(run), "options": dict(run.options)})
        return run
    run, run_id, now = Run.__new__(Run), new_run_id(), datetime.now(UTC)
    own = {"id": run_id, "correlation_id": _correlation_id(None, run_id), "created_at": now, "run_at": now}
    fresh = {"options": dict(usual.columns["options"]), "attempts": [], "_state": ModelState()}
    vars(run).update({**usual.columns, **own, **fresh, **_called(job, args, kwargs, current)})
    _count_on(run)
    return run


def draft_alike(job: Job, calls: Iterable[dict[str, Any]], *, tenant: str = "", **options: Any) -> Iterator[Run]:
    """Yield the unsaved row of a run of `job` for each dict of keyword arguments, all with the same `options`.

    Raises: ArgumentsError.
    """
    pattern: dict[str, Any] = {}
    is_routed, is_related = _is_routed(job), False
    for kwargs in calls:
        if not pattern or is_routed:
            run = draft(job, [], kwargs, tenant=tenant, **options)
            # As it is now: whoever gets the run may ask it for what it then keeps, such as its id as a text.
            pattern = dict(vars(run))
            is_related = run.correlation_id != correlation_id_of(run.pk)
        else:
            run, run_id = Run.__new__(Run), new_run_id()
            called = _called(job, [], kwargs, conf(), tenant=tenant, unique_key=options.get("unique_key"))
            correlation_id = pattern["correlation_id"] if is_related else correlation_id_of(run_id)
            own = {"id": run_id, "correlation_id": correlation_id, "_state": ModelState()}
            vars(run).update(pattern, **called, **own)
            _count_on(run)
        yield run


def _is_routed(job: Job) -> bool:
    """Whether where a run goes may depend on its arguments."""
    return bool(cast("Any", job.app.amqp.router).routes)


def _fresh(**columns: Any) -> Run:
    """Return what Run() would, without the ORM's look at each of its fifty columns."""
    run = Run.__new__(Run)
    vars(run).update({**_UNSAID, "attempts": [], **columns, "_state": ModelState()})
    return run


def _called(job: Job, args: list[Any], kwargs: dict[str, Any], current: Conf, **guarded: Any) -> dict[str, Any]:
    """Return the columns that depend on the arguments, once these are known to fit."""
    if problem := problem_of_call(job, args, kwargs):
        raise ArgumentsError(problem)
    wire.check_size(args, kwargs, most_bytes=current.max_arguments_bytes)
    sealed_args, sealed_kwargs = sealed(job, args, kwargs)
    return {"args": sealed_args, "kwargs": sealed_kwargs, **_guards(job, args, kwargs, **guarded)}


def _count_on(run: Run) -> None:
    """Take a place in the queue's window for the message of a run that is due, if there is one."""
    has_message = run.state == State.QUEUED and not run.is_packed and not is_left_to_dispatcher()
    run.published_at = run.created_at if has_message and window.has_room(run.queue) else None


def route(job: Job, options: dict[str, Any], args: Any, kwargs: Any) -> tuple[str, dict[str, Any]]:
    """Return the name of the queue that Celery's router chooses, and the options left for the message."""
    given = {name: value for name, value in options.items() if name not in _NOT_KEPT and value is not None}
    wanted = {**_defaults(job), **given}
    if "queue" not in wanted and job.declaration.queue and "exchange" not in wanted:
        wanted["queue"] = job.declaration.queue
    router, named = cast("Any", job.app.amqp.router), wanted.pop("queue", None)
    if router.routes or not isinstance(named, str | None):
        routed = router.route({**wanted, "queue": named}, job.name, args, kwargs, job)
        queue = getattr(routed.pop("queue", None), "name", None) or job.app.conf.task_default_queue
    else:
        queue, routed = _queue_called(router, named), wanted
    for ours in ("priority", "expires", "countdown"):
        routed.pop(ours, None)
    return str(queue), routed


@lru_cache(maxsize=1000)
def _defaults(job: Job) -> dict[str, Any]:
    """Return the job's own options for its messages; what the app says of every message need not be in every row."""
    own = {name: value for name, value in job._get_exec_options().items() if value is not None}  # type: ignore[attr-defined] # noqa: SLF001
    if own.get("serializer") == job.app.conf.task_serializer:
        del own["serializer"]
    return own


@lru_cache(maxsize=1000)
def _queue_called(router: Any, name: str | None) -> str:
    """Return the name of the router's queue, of the default one where None is given.

    Raises: Celery's QueueNotFound.
    """
    return str(router.route({"queue": name} if name else {}, "")["queue"].name)


def sealed(job: Job, args: Iterable[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments as they may rest: the sensitive ones, and URLs with a password, encrypted."""
    return wire.seal(args, kwargs, names=job.declaration.sensitive, function=job.run)


def moment(value: float | datetime | str | None, now: datetime) -> datetime | None:
    """Return the aware time that Celery means by a time, an ISO 8601 text or seconds from now; None stays None."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return now + timedelta(seconds=value)
    time = cast("datetime", maybe_iso8601(value))
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _guards(job: Job, args: Any, kwargs: Any, *, tenant: str = "", unique_key: str | None = None) -> dict[str, Any]:
    """Return the guards' columns: each key is its format string filled with the arguments that are not sensitive."""
    says = job.declaration
    if not (says.unique or says.concurrency or says.rate_limit or says.tenant):
        return {"tenant": tenant[:100], "unique_key": unique_key and wire.key(unique_key)}
    given = wire.by_name(job.run, args, kwargs)
    values = {
        name: without_passwords(value) if isinstance(value, str) else value
        for name, value in given.items()
        if name not in says.sensitive
    }

    def key(template: str) -> str:
        return wire.key(f"{job.name}:{template.format(**values)}")

    unique = says.unique and (key(says.unique.key) if says.unique.key else f"{job.name}:{wire.digest(values)}")
    return {
        "tenant": (tenant or says.tenant.format(**values))[:100],
        "unique_key": (unique_key and wire.key(unique_key)) or unique,
        "concurrency_key": says.concurrency and key(says.concurrency.key),
        "concurrency_limit": says.concurrency.limit if says.concurrency else 1,
        "rate_key": says.rate_limit and key(says.rate_limit.key),
    }


def _owner_id(owner: Any) -> int:
    return int(getattr(owner, "pk", owner))


def _correlation_id(active: context.RunContext | None, run_id: UUID) -> str:
    if active is not None:
        return active.correlation_id
    bound = structlog.contextvars.get_contextvars()
    inherited = bound.get("correlation_id") or bound.get("request_id")
    if not inherited:
        return correlation_id_of(run_id)
    return str(inherited)[:64] if str(inherited).startswith("job-") else f"job-{inherited}"[:64]
