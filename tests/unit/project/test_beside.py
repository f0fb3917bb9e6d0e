"""Work done in a child of this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError

from project.embedded.beside import beside


def status_of(work: Callable[[], object]) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(beside(work), 0)[1])


def _refuse() -> None:
    raise CommandError("no door is locked")


def _fail() -> None:
    raise OSError("away")


def test_what_is_done_beside_is_done_and_leaves_nothing_here(tmp_path: Path) -> None:
    seen: list[str] = []

    def note() -> None:
        seen.append("there")
        (tmp_path / "note").write_text("done")

    assert status_of(note) == 0
    assert (seen, (tmp_path / "note").read_text()) == ([], "done")


def test_a_refusal_is_said_and_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert status_of(_refuse) == 1
    assert "no door is locked" in capfd.readouterr().err


def test_any_other_error_is_a_refusal_too_and_told_whole(capfd: pytest.CaptureFixture[str]) -> None:
    assert status_of(_fail) == 1
    assert "OSError: away" in capfd.readouterr().err


def test_it_goes_on_when_its_parent_becomes_another_program_and_ends_when_that_ends(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    if not (parent := os.fork()):
        os.close(reading)
        beside(signal.pause)
        os.execvp("sleep", ["sleep", "60"])
    os.close(writing)
    os.set_blocking(reading, False)
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    os.set_blocking(reading, True)
    # Both hold the pipe's other end: its end is read when both are gone.
    assert os.read(reading, 1) == b""
    os.close(reading)
