"""Staying in the foreground: every way to be told to stop is one KeyboardInterrupt, and stopping isn't interrupted."""

from __future__ import annotations

import contextlib
import signal
import sys
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt_on_signals() -> None:
    """Turn each stop signal into KeyboardInterrupt."""
    for number in STOP_SIGNALS:
        signal.signal(number, _interrupt)


def end_on_signals() -> None:
    """Let each stop signal end this process at once, as it does where nobody listens."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)


def ignore_further_signals() -> None:
    """Let an ordered stop run to its end, however often Ctrl-C is pressed."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def say(line: str) -> None:
    """Write a line at once; a terminal that is gone must not keep the processes from being stopped."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
