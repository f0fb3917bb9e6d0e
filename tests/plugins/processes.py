"""Real processes for tests: each in a session of its own, its output in a file, gone when the test ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from project.embedded.supervision import TETHER
from project.environment import BASE_DIR
from tests.plugins.polling import poll

STOP_SECONDS = 60.0


class Process:
    """A started command."""

    def __init__(
        self, command: list[str], *, environment: dict[str, str], output: Path, folder: Path = BASE_DIR
    ) -> None:
        self.output = output
        with output.open("wb") as stream:
            self._popen = subprocess.Popen(
                [*TETHER, *command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._popen.pid

    def text(self) -> str:
        """Return what it has written so far."""
        return self.output.read_text(errors="replace")

    def said(self, pattern: str, *, within: float = 30.0) -> re.Match[str]:
        """Wait until its output matches, and return the match; fails at once when it has ended without."""

        def found() -> re.Match[str] | None:
            ended = self._popen.poll() is not None
            match = re.search(pattern, self.text(), re.MULTILINE)
            assert match or not ended, f"ended with {self._popen.returncode} before {pattern!r}:\n{self.text()}"
            return match

        try:
            match = poll(found, within=within)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text()}") from None
        assert match
        return match

    def send(self, number: int) -> None:
        """Send a signal to the process alone."""
        self._popen.send_signal(number)

    def freeze(self) -> None:
        """Stop the whole group in its tracks."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen group go on."""
        os.killpg(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill the whole group, as a machine that loses its power would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait(STOP_SECONDS)

    def ended(self, *, within: float = STOP_SECONDS) -> int:
        """Wait for its end and return its status."""
        return self._popen.wait(within)

    def stop(self) -> int:
        """Ask it to end (SIGTERM), wait, and return its status; killed when it doesn't."""
        if self._popen.poll() is None:
            self._popen.terminate()
        try:
            return self.ended()
        except subprocess.TimeoutExpired:
            self.kill()
            raise


Start = Callable[..., Process]


@pytest.fixture
def process_environment() -> dict[str, str]:
    """Return the environment in which a child sees this test's database and broker (needs a transactional database)."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return {**os.environ, "DATABASE_URL": f"sqlite:///{name}"}
    base = os.environ["DATABASE_URL"].rpartition("/")[0]
    return {**os.environ, "DATABASE_URL": f"{base}/{name}"}


@pytest.fixture
def start(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start commands, e.g. `start("project", "worker")`: a module, a .py file or a program's path."""
    started: list[Process] = []

    def begin(program: str, *arguments: str, **variables: str) -> Process:
        process = Process(
            [*python(program), *arguments],
            environment={**process_environment, **variables},
            output=tmp_path / f"process-{len(started)}.log",
        )
        started.append(process)
        return process

    yield begin
    for process in reversed(started):
        process.kill()


def python(program: str) -> list[str]:
    """Return the words that run a module, a .py file or, by its path, a program."""
    if program.startswith("/"):
        return [program]
    return [sys.executable, program] if program.endswith(".py") else [sys.executable, "-m", program]


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Return a function that names a port nobody listens on."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find
