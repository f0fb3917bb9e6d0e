"""A worker's look at its children: one that was stopped for a lease is ended, all others are left alone."""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import partial

import pytest

from jobs.frozen import FrozenChildren
from jobs.machine import Life, Process
from tests.plugins.polling import poll

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows its processes so"),
    pytest.mark.req("PL-5"),
]


def lives_as(process: Process, wanted: Life) -> bool:
    return process.life() is wanted


def test_a_child_that_was_stopped_for_a_lease_is_ended_and_no_other() -> None:
    with subprocess.Popen(["sleep", "60"]) as frozen, subprocess.Popen(["sleep", "60"]) as good:
        frozen.send_signal(signal.SIGSTOP)
        poll(lambda: Process.of(frozen.pid).life() is Life.STOPPED, within=5)
        children = FrozenChildren(lambda: [frozen.pid, good.pid])
        assert [children.look(at=at) for at in range(8)] == [[]] * 8
        assert children.look(at=8.0) == [frozen.pid]
        assert frozen.wait(5) == -signal.SIGKILL
        assert children.look(at=9.0) == []
        assert good.poll() is None
        good.kill()


def test_a_child_that_went_on_meanwhile_has_a_lease_again() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        process = Process.of(child.pid)
        children = FrozenChildren(lambda: [child.pid])
        for at in range(21):
            halted = at % 7 != 0
            child.send_signal(signal.SIGSTOP if halted else signal.SIGCONT)
            wanted = {True: Life.STOPPED, False: Life.ALIVE}[halted]
            poll(partial(lives_as, process, wanted), within=5)
            assert children.look(at=float(at)) == []
        child.kill()
