"""One machine's processes, running: supervisord above them, their logs on one stream, and an orderly end."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from project.embedded import foreground, supervision
from project.embedded.follow import LogFollower
from project.embedded.programs import Program


class EndedError(Exception):
    """supervisord ended by itself; its log is DATA_DIR/logs/supervisord.log."""


class Machine:
    """Runs the programs between entering and leaving; their logs and sockets are in `data_dir`."""

    def __init__(self, programs: list[Program], *, data_dir: Path, write: Callable[[str], object]) -> None:
        self._programs = programs
        self._run = data_dir / "run"
        self._logs = data_dir / "logs"
        self._write = write
        self._follower = LogFollower([self._logs / f"{program.name}.log" for program in programs], write=write)
        self._supervisord: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for folder in (self._run, self._logs):
            folder.mkdir(mode=0o700, exist_ok=True)
        configuration = self._run / "supervisord.conf"
        configuration.write_text(supervision.configuration(self._programs, run=self._run, logs=self._logs))
        self._follower.start()
        self._supervisord = supervision.start(configuration)
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> bool:
        """Stop everything; an interrupt is a wish to stop, so it ends here."""
        foreground.ignore_further_signals()
        self._write("stopping")
        if self._supervisord:
            supervision.stop(self._supervisord)
        self._follower.stop()
        return kind is KeyboardInterrupt

    def wait(self, seconds: float) -> None:
        """Let the processes run for a while.

        Raises:
            EndedError: they no longer do.
        """
        if self._supervisord is None:
            raise EndedError("not started")
        try:
            status = self._supervisord.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise EndedError(f"supervisord ended with status {status}; see {self._logs / 'supervisord.log'}")
