"""What a process and its children use is measured, at most every few seconds, and shared memory counts once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from jobs import machine
from jobs.footprint import MEASURE_SECONDS, Meter
from tests.plugins.polling import poll

pytestmark = [
    pytest.mark.req("PW-8"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it so"),
]
BUSY_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"


def test_the_first_look_tells_memory_and_the_next_after_a_while_cpu() -> None:
    meter = Meter()
    first = meter.read(at=100.0)
    assert first
    assert first.cpu_cores is None
    assert first.memory_bytes and 1_000_000 < first.memory_bytes < 4_000_000_000
    assert meter.read(at=100.0 + MEASURE_SECONDS - 0.1) is None
    before = machine.cpu_seconds([os.getpid()])
    poll(lambda: machine.cpu_seconds([os.getpid()]) > before or sum(range(100_000)) < 0)
    later = meter.read(at=100.0 + MEASURE_SECONDS)
    assert later and later.cpu_cores and later.cpu_cores > 0


def test_the_children_of_children_count() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY_CHILD], start_new_session=True) as parent:
        try:
            family = poll(lambda: found if len(found := machine.family(parent.pid)) == 2 else [], within=20)
            assert family[0] == parent.pid
            assert set(family) < set(machine.family(os.getpid()))
            poll(lambda: machine.cpu_seconds(family[1:]) > 0, within=20)
            each = [machine.memory_bytes([pid]) for pid in family]
            assert all(each)
            assert machine.memory_bytes(family) > max(each)
        finally:
            os.killpg(parent.pid, 9)


def test_a_process_that_is_gone_uses_nothing() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    assert (machine.family(gone.pid), machine.cpu_seconds([gone.pid])) == ([gone.pid], 0.0)
    assert machine.memory_bytes([gone.pid]) == 0
