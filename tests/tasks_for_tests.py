"""Jobs under test: each does one thing that a test needs, and notes what it did in the file that NOTES names."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from celery import Task, chain, chord, group, shared_task
from celery.exceptions import Ignore, Reject, SoftTimeLimitExceeded
from django.db import OperationalError, connection

from jobs import Concurrency, PermanentError, Retry, Snooze, TransientError, Unique, current_run, job
from tests import guarded_jobs, lingering_jobs, packed_jobs, telling_jobs  # noqa: F401 - registered with the others
from tests.hooked import hooked  # noqa: F401
from tests.notes import note, noted_body

log = structlog.get_logger(__name__)
SOON = Retry(attempts=3, wait=0.01)


@job
def add(x: float, y: float = 0) -> float:
    return x + y


@job
def total(numbers: list[float]) -> float:
    return sum(numbers)


@job
def for_user(*, user_id: int | None = None) -> int | None:
    return user_id


@job
def noted(label: str = "") -> str:
    with noted_body(label=label):
        return label


@shared_task(name="plain")
def plain(value: Any) -> Any:
    note("plain", value=value)
    return value


@job
def fails(message: str = "boom 42") -> None:
    note("body")
    raise RuntimeError(message)


@job
def fails_strangely() -> None:
    raise RuntimeError("a\x00b \ud800")


@job(retry=SOON)
def fails_until(attempt: int) -> int:
    note("body", attempt=current_run().attempt)
    if current_run().attempt < attempt:
        raise ValueError(f"attempt {current_run().attempt}")
    return current_run().attempt


@job(retry=Retry(attempts=5, wait=0.01, retry_on=(OSError,), discard_on=(FileNotFoundError,)))
def fails_with(kind: str) -> None:
    note("body")
    errors = {"OSError": OSError, "FileNotFoundError": FileNotFoundError, "KeyError": KeyError}
    raise errors[kind]("chosen")


@job(retry=SOON)
def fails_permanently() -> None:
    note("body")
    raise PermanentError("never")


@job(retry=SOON)
def asks_to_wait(seconds: float) -> str:
    note("body")
    if current_run().attempt == 1:
        raise TransientError("slow down", retry_after=seconds)
    return "done"


@job(retry=Retry(attempts=1))
def snoozes(times: int) -> int:
    done = int(current_run().checkpointed("done", 0))
    note("body", attempt=current_run().attempt)
    if done < times:
        current_run().checkpoint(done=done + 1)
        raise Snooze(timedelta(milliseconds=1))
    return done


@job(retry=SOON)
def loses_the_database(always: bool = False) -> str:
    note("body")
    if always or current_run().token == 1:
        raise OperationalError(
            "database is locked" if connection.vendor == "sqlite" else "server closed the connection"
        )
    return "done"


@job(bind=True, max_retries=3)
def retries_itself(self: Task[..., Any], times: int, wait: float = 0.01) -> int:
    note("body", retries=self.request.retries, id=self.request.id)
    if self.request.retries < times:
        raise self.retry(countdown=wait, exc=ValueError("try again"))
    return int(self.request.retries)


@job(bind=True)
def retries_with_new_arguments(self: Task[..., Any], n: int) -> int:
    note("body", n=n)
    if n < 3:
        raise self.retry(args=(n + 1,), countdown=0)
    return n


@shared_task(
    name="retries_automatically", autoretry_for=(KeyError,), retry_backoff=False, default_retry_delay=0, max_retries=2
)
def retries_automatically(succeed_at: int) -> int:
    run = current_run()
    note("body", attempt=run.attempt)
    if run.attempt < succeed_at:
        raise KeyError(run.attempt)
    return run.attempt


@job
def ignores() -> None:
    raise Ignore


@job
def rejects() -> None:
    raise Reject("no", requeue=False)


@job(bind=True)
def replaces_itself(self: Task[..., Any], x: float) -> Any:
    note("body")
    return self.replace(add.s(x, 1))


@job
def returns_what_json_cannot_carry() -> Any:
    return object()


@job(retry=Retry(attempts=1, lost_attempts=3))
def kills_itself() -> None:
    note("begin", attempt=current_run().attempt)
    os.kill(os.getpid(), signal.SIGKILL)


@job
def exits(status: int) -> None:
    note("begin", attempt=current_run().attempt)
    sys.exit(status)


@job
def sleeps(seconds: float) -> float:
    with noted_body():
        time.sleep(seconds)
    return seconds


@job(retry=Retry(attempts=2, wait=0.01, lost_attempts=3))
def sleeps_at_first(seconds: float) -> int:
    """Sleep in the first claim only, so that a second one ends at once."""
    with noted_body():
        if current_run().token == 1:
            time.sleep(seconds)
    return current_run().token


@job(retry=Retry(attempts=2, wait=0.0), time_limit=1)
def hangs() -> None:
    note("begin", attempt=current_run().attempt)
    while True:
        time.sleep(0.1)


@job(soft_time_limit=1)
def hangs_politely() -> str:
    try:
        time.sleep(60)
    except SoftTimeLimitExceeded:
        note("told")
        raise
    return "never"


@job(concurrency=Concurrency(1, key="{key}"))
def one_at_a_time(key: str, seconds: float = 0.0) -> str:
    with noted_body(key=key):
        time.sleep(seconds)
    return key


@job(unique=Unique())
def unique_by_arguments(value: Any = None) -> Any:
    note("body", value=value)
    return value


@job(sensitive=("code",))
def sends_code(address: str, code: str) -> str:
    note("sent", address=address, length=len(code))
    return address


@job(bind=True, sensitive=("code",))
def sends_another_code(self: Task[..., Any], code: str, again: bool = True) -> int:
    if again:
        raise self.retry(kwargs={"code": code[::-1], "again": False}, countdown=0)
    return len(code)


@job
def tells_its_connection() -> dict[str, Any]:
    """Return the pid of the server process behind this database connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()" if connection.vendor == "postgresql" else "SELECT 0")
        backend = cursor.fetchone()
    return {"backend": backend and backend[0], "process": os.getpid()}


@job
def logs(message: str) -> str:
    log.info(message)
    return current_run().correlation_id


@job
def logs_and_spawns(message: str) -> str:
    log.info(message)
    result = logs.delay(message=f"{message} child")
    return str(result.id)


@job
def spawns(children: int) -> list[str]:
    return [str(child) for child in current_run().spawn(noted, [{"label": f"child {n}"} for n in range(children)])]


@job(bind=True)
def tells_its_state(self: Task[..., Any], seconds: float) -> str:
    self.update_state(state="PROGRESS", meta={"done": 1})
    note("told")
    time.sleep(seconds)
    return "done"


@job(retry=SOON)
def steps(times: int) -> list[int]:
    """Do each step once; the attempts before the last each fail behind a further step."""
    run, done = current_run(), []
    for number in range(times):
        done.append(int(run.once(f"step-{number}", partial(_step, number))))
        if run.attempt == number + 1 < times:
            raise ValueError(f"failed behind step {number}")
    return done


def _step(number: int) -> int:
    note("step", number=number)
    return number


@job
def starts_a_chord() -> str:
    return str(chord([add.s(n, n) for n in range(3)])(total.s()).id)


@job
def starts_a_canvas() -> str:
    return str(chain(group(add.s(1, 1), add.s(2, 2)), total.s(), add.s(10)).apply_async().id)


@job
def errback(task_id: str) -> None:
    note("errback", task_id=task_id)
