"""What a running job may use: progress, checkpoint, iterate, once, spawn, cancelled; never changes a run's state."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload
from uuid import UUID

import structlog
from django.db.models import Model, QuerySet

from jobs import ledger
from jobs.bell import announce
from jobs.errors import Cancelled, Interrupted
from jobs.identifiers import child_run_id
from jobs.models import Run
from jobs.veil import veiled
from jobs.wire import digest

if TYPE_CHECKING:
    from jobs.task import Job

T = TypeVar("T")
M = TypeVar("M", bound=Model)

CHECK_SECONDS = 1.0
SPAWN_BATCH = 500

_active: ContextVar[RunContext | None] = ContextVar("daybook_run", default=None)


def current_run() -> RunContext:
    """Return the context of the run that this code executes in.

    Raises: LookupError outside a run.
    """
    run = _active.get()
    if run is None:
        raise LookupError("no run is active here: current_run() works inside a job")
    return run


def active_run() -> RunContext | None:
    """Return the context of the run that this code executes in; None outside one."""
    return _active.get()


class RunContext:
    """One attempt as its job sees it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._checked_at = time.monotonic()
        self._noted_at = 0.0
        self._asked = ""
        self.has_spawned = False
        self._checkpoint: dict[str, Any] = dict(run.checkpoint or {})

    @cached_property
    def log(self) -> Any:
        """A logger named after the job."""
        return structlog.get_logger(self._run.job)

    @property
    def id(self) -> UUID:
        """The run's id, also the Celery task id."""
        return self._run.pk

    @property
    def job(self) -> str:
        """The job's name."""
        return self._run.job

    @property
    def attempt(self) -> int:
        """Number of this attempt, from 1."""
        return self._run.attempt

    @property
    def token(self) -> int:
        """Fencing token: higher with every attempt; pass it to outside systems that can refuse an older one."""
        return self._run.token

    @property
    def correlation_id(self) -> str:
        """Ties everything this run causes together."""
        return self._run.correlation_id

    @property
    def owner_id(self) -> int | None:
        """The user on whose behalf it runs."""
        return self._run.owner_id

    @property
    def root_id(self) -> UUID:
        """The first ancestor's id, or its own."""
        return self._run.root_id or self._run.pk

    @property
    def fire_at(self) -> datetime | None:
        """When its schedule was due; None for a run that no schedule made."""
        return self._run.fire_at

    @property
    def fence(self) -> ledger.Fence:
        """What lets this attempt change its run's row."""
        return ledger.Fence(self._run.pk, token=self._run.token)

    @property
    def row(self) -> Run:
        """The row as it was claimed."""
        return self._run

    @property
    def cancelled(self) -> bool:
        """Whether a person asked it to stop; asks the database at most once a second."""
        return self._asked_to_stop() == "cancel"

    def stop_if_asked(self) -> None:
        """Raise Cancelled when a person asked or another attempt took over, Interrupted when the worker stops."""
        match self._asked_to_stop():
            case "cancel":
                raise Cancelled("cancelled while running")
            case "lost":
                raise Cancelled("another attempt has taken over")
            case "shutdown":
                raise Interrupted("the worker shuts down")

    def _asked_to_stop(self) -> str:
        if not self._asked and time.monotonic() - self._checked_at >= CHECK_SECONDS:
            self._checked_at = time.monotonic()
            self._asked = ledger.is_asked_to_stop(self.fence)
        return self._asked

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Show how far it is; written at most once a second, and always at the end."""
        if time.monotonic() - self._noted_at >= CHECK_SECONDS or done == total:
            self._noted_at = time.monotonic()
            ledger.note(self.fence, progress={"done": done, "total": total, "note": veiled(note)})

    def checkpoint(self, **state: Any) -> None:
        """Keep JSON values for a further attempt (see `checkpointed`); written at once.

        In a transaction with the work it stands for, both happen exactly once: a second attempt finds it kept, and a
        frozen one that wakes up too late is refused. Raises: Cancelled when another attempt has taken over.
        """
        self._checkpoint.update(state)
        if not ledger.note(self.fence, checkpoint=self._checkpoint):
            raise Cancelled("another attempt has taken over")

    def checkpointed(self, name: str, default: Any = None) -> Any:
        """Return a value that this or an earlier attempt kept."""
        return self._checkpoint.get(name, default)

    def once(self, key: str, step: Callable[[], T]) -> T:
        """Return `step()`, run at most once to its end over all attempts; its JSON result is kept."""
        name = f"once:{key}"
        if name not in self._checkpoint:
            self.checkpoint(**{name: step()})
        return cast("T", self._checkpoint[name])

    @overload
    def iterate(self, rows: QuerySet[M], *, batch: int = 100, name: str = "cursor") -> Iterator[M]: ...
    @overload
    def iterate(self, rows: Iterable[T], *, batch: int = 100, name: str = "cursor") -> Iterator[T]: ...
    def iterate(self, rows: Any, *, batch: int = 100, name: str = "cursor") -> Iterator[Any]:
        """Yield the rows by primary key; a further attempt goes on after the last kept one, about a second ago.

        Stops cleanly, at a row's end, on cancel and shutdown. `rows` may be any iterable that yields the same items
        each time: then their number is the cursor.
        """
        if not isinstance(rows, QuerySet):
            yield from self._iterate_numbered(rows, name)
            return
        last = self.checkpointed(name)
        kept_at = time.monotonic()
        while chunk := list((rows.filter(pk__gt=last) if last is not None else rows).order_by("pk")[:batch]):
            for row in chunk:
                self._keep_before_stop(name, last)
                yield row
                last = row.pk
                if time.monotonic() - kept_at >= CHECK_SECONDS:
                    kept_at = time.monotonic()
                    self.checkpoint(**{name: last})
        self.checkpoint(**{name: last})

    def _iterate_numbered(self, items: Iterable[T], name: str) -> Iterator[T]:
        done, kept_at = int(self.checkpointed(name) or 0), time.monotonic()
        for item in islice(items, done, None):
            self._keep_before_stop(name, done)
            yield item
            done += 1
            if time.monotonic() - kept_at >= CHECK_SECONDS:
                kept_at = time.monotonic()
                self.checkpoint(**{name: done})
        self.checkpoint(**{name: done})

    def spawn(self, job: Job, items: Iterable[Mapping[str, Any]], *, owner: str = "", **options: Any) -> list[UUID]:
        """Enqueue a child run per dict of keyword arguments, each once over all attempts; returns their ids in order.

        This run ends when they have, its result joined by theirs (see fanout). `owner` names the argument that holds
        the user a child belongs to; `options` are those of apply_async. Where a unique key is taken, the run
        that has it is returned in the child's place; it isn't waited for.
        """
        self.has_spawned = True
        ids = []
        for chunk in batched(items, SPAWN_BATCH):
            children = [self._child(job, dict(kwargs), owner, options) for kwargs in chunk]
            ids += self._enqueued(job, children)
        return ids

    def _enqueued(self, job: Job, children: list[Run]) -> list[UUID]:
        if job.replaces_waiting or any(child.unique_key for child in children):
            return [job.enqueue(child, is_fresh=False).pk for child in children]
        announce(*ledger.enqueue_many(children))
        return [child.pk for child in children]

    def _child(self, job: Job, kwargs: dict[str, Any], owner: str, options: dict[str, Any]) -> Run:
        task_id = str(child_run_id(self.id, f"{job.name}:{digest(kwargs)}"))
        whose = {"owner": kwargs[owner]} if owner else {}
        return job.new_run([], kwargs, task_id=task_id, cause="parent", spawned=True, **{**options, **whose})

    def _keep_before_stop(self, name: str, last: Any) -> None:
        try:
            self.stop_if_asked()
        except (Cancelled, Interrupted):
            self.checkpoint(**{name: last})
            raise


def activate(run: Run) -> Any:
    """Make `run` the active one; returns the token for `deactivate`."""
    return _active.set(RunContext(run))


def deactivate(token: Any) -> None:
    """Make the run before it active again."""
    _active.reset(token)


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`, never holding more than one list."""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk
