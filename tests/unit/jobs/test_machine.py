"""What the kernel tells of real processes: alive, stopped, gone, and never one process for another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from jobs import machine
from jobs.machine import Life, Process
from tests.plugins.polling import poll

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows its processes so")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Return a process that sleeps."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_a_process_is_alive_stopped_and_alive_again(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process.of(sleeper.pid)
    assert process.life() is Life.ALIVE
    sleeper.send_signal(signal.SIGSTOP)
    poll(lambda: process.life() is Life.STOPPED, within=5)
    sleeper.send_signal(signal.SIGCONT)
    poll(lambda: process.life() is Life.ALIVE, within=5)


def test_a_process_that_has_ended_is_gone_before_and_after_its_parent_looks(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process.of(sleeper.pid)
    assert process.kill()
    poll(lambda: process.life() is Life.GONE, within=5)
    sleeper.wait()
    assert process.life() is Life.GONE
    assert not process.kill()


def test_a_stopped_process_can_be_ended(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.send_signal(signal.SIGSTOP)
    assert Process.of(sleeper.pid).kill()
    assert sleeper.wait(5) == -signal.SIGKILL


def test_another_process_with_the_same_pid_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    earlier = Process(sleeper.pid, Process.of(sleeper.pid).birth - 1)
    assert earlier.life() is Life.GONE
    assert not earlier.kill()
    assert sleeper.poll() is None


def test_a_process_of_unknown_birth_is_taken_for_alive_and_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    unknown = Process(sleeper.pid, 0)
    assert unknown.life() is Life.ALIVE
    assert not unknown.kill()


def test_a_process_never_ends_itself() -> None:
    assert not Process.of(os.getpid()).kill()


def test_a_busy_process_uses_ticks() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        process = Process.of(busy.pid)
        poll(lambda: process.ticks() > 0, within=10)
        busy.kill()


def test_the_machine_has_a_name_that_stays() -> None:
    assert machine.name() == machine.name() != ""
