"""Work done in a process of its own that is killed at a random point of it, again and again."""

from __future__ import annotations

import os
import random
import signal
import time
import traceback
from collections.abc import Callable

from django.db import connections

PAUSE_SECONDS = 0.002


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long the work takes in such a process when nobody disturbs it."""
    begun = time.monotonic()
    assert ended_within(work, seconds=120), "the work took more than 120 seconds"
    return time.monotonic() - begun


def kill_again_and_again(
    work: Callable[[], object], *, kills: int, within: float, dice: random.Random, over: Callable[[], bool]
) -> int:
    """Kill the work that often, each time at a random point within so many seconds; returns how often it ended before.

    It goes on until a kill has found the work advanced, so that not all fell before it had begun.

    `over` is called after each end, by itself or by a kill, may make more work, and says whether the work advanced: as
    long as it doesn't, it gets more and more time.
    """
    killed = ended = 0
    patience, was_amid = within, False
    while killed < kills or not was_amid:
        has_ended = ended_within(work, seconds=dice.uniform(0, patience))
        ended, killed = ended + has_ended, killed + (not has_ended)
        advanced = over()
        was_amid = was_amid or (advanced and not has_ended)
        patience = within if advanced else 1.5 * patience
    return ended


def ended_within(work: Callable[[], object], *, seconds: float) -> bool:
    """Do the work in a forked process, and kill it after so many seconds; whether it had ended by then.

    Raises: AssertionError when the work failed.
    """
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        _work_and_exit(work)
    until, status = time.monotonic() + seconds, None
    while status is None and time.monotonic() < until:
        time.sleep(PAUSE_SECONDS)
        status = _status(pid, os.WNOHANG)
    if status is None:
        os.kill(pid, signal.SIGKILL)
        status = _status(pid, 0)
    assert status in {0, -signal.SIGKILL}, f"the work failed with {status}"
    return status == 0


def _work_and_exit(work: Callable[[], object]) -> None:
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _status(pid: int, options: int) -> int | None:
    found, status = os.waitpid(pid, options)
    return os.waitstatus_to_exitcode(status) if found else None
