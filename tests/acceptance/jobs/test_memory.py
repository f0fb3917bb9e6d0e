"""A job that eats more memory than there is: the kernel kills its process, the run ends, its worker goes on."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.jobs.conftest import Engine, children_of, is_alive
from tests.lingering_jobs import eats_memory
from tests.plugins.polling import poll
from tests.tasks_for_tests import add

MEGABYTES = 400


@pytest.fixture
def memory_group() -> Iterator[Path]:
    """A memory cgroup of the test's own (version 1) that holds MEGABYTES."""
    folder = Path("/sys/fs/cgroup/memory") / f"daybook-{uuid.uuid4().hex[:8]}"
    if not os.access(folder.parent / "cgroup.procs", os.W_OK):
        pytest.skip("no memory cgroup that this user may write")
    folder.mkdir()
    (folder / "memory.limit_in_bytes").write_text(str(MEGABYTES * 2**20))
    yield folder
    poll(lambda: not (folder / "cgroup.procs").read_text(), within=20)
    folder.rmdir()


@pytest.mark.broker
@pytest.mark.req("SW-5", "PW-8")
def test_a_job_that_runs_out_of_memory_ends_failed_and_its_worker_goes_on(
    engine: Engine, own_queue: str, memory_group: Path
) -> None:
    worker = engine.start_worker(queues=own_queue)
    for pid in (worker.pid, *children_of(worker.pid)):
        (memory_group / "cgroup.procs").write_text(str(pid))
    result = eats_memory.apply_async((2 * MEGABYTES,), queue=own_queue)
    run = engine.ended(result, within=40)
    assert (run.state, run.attempt, run.error_kind) == ("FAILED", 2, "LOST")
    assert "SIGKILL" in run.error_message
    small = add.apply_async((1, 1), queue=own_queue)
    assert small.get(timeout=20) == 2
    assert is_alive(worker.pid)
    assert 0 < (engine.run(small).max_rss or 0) < MEGABYTES * 2**20
    worker.kill()
