"""Repeats the growing log files of the processes on one stream, each line after its process's name."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

POLL_SECONDS = 0.2


class LogFollower(threading.Thread):
    """Follows the logs from their present end until stopped; survives their rotation."""

    def __init__(self, paths: list[Path], *, write: Callable[[str], object]) -> None:
        super().__init__(name="log-follower", daemon=True)
        self._logs = [_Log(path) for path in paths]
        self._width = max(len(path.stem) for path in paths)
        self._write = write
        self._stopping = threading.Event()

    def run(self) -> None:
        """Repeat new lines until stopped, the last ones included."""
        while not self._stopping.wait(POLL_SECONDS):
            self._repeat()
        self._repeat()
        for log in self._logs:
            log.close()

    def stop(self) -> None:
        """Write what is left, then end."""
        self._stopping.set()
        self.join()

    def _repeat(self) -> None:
        for log in self._logs:
            for line in log.new_lines():
                self._write(f"{log.path.stem:<{self._width}} | {line}")


class _Log:
    """One file's unread rest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._part = b""
        if path.exists():
            self._file = path.open("rb")
            self._file.seek(0, 2)

    def new_lines(self) -> list[str]:
        """Return the lines completed since the last call."""
        replaced = self._is_replaced()
        data = self._part + self._rest()
        if replaced:
            self.close()
            self._file = self.path.open("rb")
            data += self._rest()
        *lines, self._part = data.split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def close(self) -> None:
        """Read no more."""
        if self._file:
            self._file.close()
            self._file = None

    def _rest(self) -> bytes:
        return self._file.read() if self._file else b""

    def _is_replaced(self) -> bool:
        """Whether another file stands at the path than the one being read; the old one then grows no more."""
        try:
            current = self.path.stat()
        except FileNotFoundError:
            return False
        return self._file is None or not os.path.samestat(os.fstat(self._file.fileno()), current)
