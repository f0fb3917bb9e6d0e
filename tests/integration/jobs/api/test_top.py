"""`jobs top` tells what the overview and the API tell: live on a terminal until q, once elsewhere."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import signal
import sys
import termios
from datetime import timedelta
from typing import Any, Self

import pytest
from django.core.management import call_command
from django.utils import timezone

from jobs.models import Worker
from jobs.rollup import count_ends
from jobs.states import State
from project.environment import BASE_DIR
from tests.integration.jobs.api.conftest import Caller
from tests.plugins.polling import poll
from tests.rows import saved_run

pytestmark = [pytest.mark.django_db, pytest.mark.req("PW-4", "PW-8")]
LEAVES_SCREEN = "\x1b[?1049l"
VOLATILE = {"at", "since", "seconds", "longest_wait_seconds"}


@pytest.fixture
def busy() -> None:
    """Something of everything."""
    now = timezone.now()
    saved_run(job="quick", state=State.SUCCESS, started_at=now - timedelta(seconds=2), finished_at=now, attempt=1)
    error = {"error_kind": "OSError", "error_message": "disk [red]full", "error_fingerprint": "f" * 16}
    saved_run(job="broken", state=State.FAILED, started_at=now, finished_at=now, **error)
    progress = {"done": 3, "total": 9, "note": "anna"}
    saved_run(job="slow", state=State.RUNNING, started_at=now - timedelta(minutes=3), attempt=1, progress=progress)
    saved_run(queue="ai", state=State.QUEUED, run_at=now - timedelta(minutes=90))
    Worker.objects.create(
        name="mail@here",
        hostname="here",
        pid=7,
        queues=["email"],
        started_at=now - timedelta(hours=2),
        # Ahead, so that it is alive however long this machine takes from one face to the other.
        heartbeat_at=now + timedelta(hours=1),
        cpu_cores=1.25,
        memory_bytes=300 * 1024**2,
    )
    while count_ends(now=now):
        pass


def _top(*arguments: str) -> str:
    out = io.StringIO()
    call_command("jobs", "top", *arguments, stdout=out)
    return out.getvalue()


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _steady(each) for name, each in value.items() if name not in VOLATILE}
    return [_steady(each) for each in value] if isinstance(value, list) else value


@pytest.mark.usefixtures("busy")
def test_without_a_terminal_it_is_printed_once() -> None:
    text = _top()
    for said in (
        "last 1 h: 2 ended, 50 % well, 1 failed",
        "slow",
        "3 of 9 anna",
        "OSError: disk [red]full",
        "mail@here (pid 7)",
        "125 %",
        "300.0 MiB",
        "2 h",
    ):
        assert said in text
    waiting = next(line for line in text.splitlines() if line.startswith("ai "))
    assert waiting.split() == ["ai", "no", "worker", "1", "1", "h", "30", "min", "0", "0"]
    assert "\x1b" not in text


@pytest.mark.usefixtures("busy")
def test_programs_get_what_the_api_tells(viewer: Caller) -> None:
    told = json.loads(_top("--json", "--minutes", "30", "--limit", "1"))
    assert _steady(told) == _steady(viewer.get("overview?minutes=30&limit=1"))
    assert [(run["job"], run["state"]) for run in told["running"]] == [("slow", "RUNNING")]
    assert [run["job"] for run in told["failed"]] == ["broken"]
    assert (told["workers"][0]["cpu_cores"], told["workers"][0]["memory_bytes"]) == (1.25, 300 * 1024**2)


def test_bounds_are_checked(viewer: Caller) -> None:
    for asked in ("minutes=0", "minutes=10081", "limit=0", "limit=101"):
        assert viewer("GET", f"overview?{asked}").status_code == 422


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", [b"q", b"\x03"], ids=["q", "ctrl-c"])
def test_on_a_terminal_it_looks_anew_until_a_key_ends_it(process_environment: dict[str, str], key: bytes) -> None:
    with _Terminal(process_environment) as terminal:
        terminal.shows("Running now")
        saved_run(job="just_begun", state=State.RUNNING, started_at=timezone.now(), attempt=1)
        terminal.shows("just_begun")
        os.write(terminal.master, key)
        assert terminal.ended() == 0
    assert "Traceback" not in terminal.text
    assert LEAVES_SCREEN in terminal.text
    assert terminal.echoes


class _Terminal:
    """`jobs top` on a pseudo-terminal."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.text, self.echoes = "", False
        self.pid, self.master = pty.fork()
        if not self.pid:
            os.chdir(BASE_DIR)
            command = [sys.executable, "manage.py", "jobs", "top", "--interval", "0.2"]
            os.execve(sys.executable, command, {**environment, "TERM": "xterm", "COLUMNS": "160", "LINES": "60"})

    def __enter__(self) -> Self:
        os.set_blocking(self.master, False)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.master)

    def shows(self, words: str) -> None:
        """Wait until it has drawn these words."""
        try:
            poll(lambda: words in self._read(), within=90)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.text[-3000:]}") from None

    def ended(self) -> int:
        """Return its status once it has ended."""

        def status() -> list[int]:
            self._read()
            pid, told = os.waitpid(self.pid, os.WNOHANG)
            return [os.waitstatus_to_exitcode(told)] if pid else []

        found = poll(status, within=30)[0]
        self._read()
        return found

    def _read(self) -> str:
        try:
            self.text += os.read(self.master, 65_536).decode(errors="replace")
            self.echoes = bool(termios.tcgetattr(self.master)[3] & termios.ECHO)
        except OSError:
            pass
        return self.text
