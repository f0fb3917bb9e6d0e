"""The small soaks of every change: a thousand jobs and twenty kills on the default back end, and some on the others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from project.environment import BASE_DIR
from tests.soak.databases import POSTGRES_BIN

SECONDS = 420
pytestmark = [pytest.mark.embedded, pytest.mark.timeout(SECONDS + 30)]


SEARCHED = f"{os.environ['PATH']}:/usr/sbin:/usr/lib/rabbitmq/bin"
# Each back end with what it needs and what befalls it; a host that is cut off has a test of its own, test_hosts.py.
OTHERS = {
    "postgres-pgbouncer-redis": (
        ("redis-server", "pgbouncer"),
        "database pooler killed,database all backends terminated,kill child",
    ),
    "postgres-sentinel": (("redis-server",), "broker failover,broker failover while frozen,kill child"),
    "postgres-rabbitmq": (("rabbitmq-server",), "broker kill,kill child"),
}


def soak(*arguments: str, backend: str = "sqlite-valkey", **size: str) -> str:
    """Run a soak and return what it printed; it must find nothing to complain of."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SOAK_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", *arguments],
        cwd=BASE_DIR,
        env={**environment, **size, "SOAK_BACKEND": backend},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    return done.stdout


@pytest.mark.req("PL-5", "PL-6", "SW-5")
def test_a_thousand_jobs_survive_twenty_kills() -> None:
    printed = soak(SOAK_JOBS="1000", SOAK_KILLS="20", SOAK_SEED="20")
    assert "nothing lost, nothing doubled" in printed


@pytest.mark.req("PL-5")
def test_a_thousand_queued_runs_outlive_a_broker_that_forgets_them() -> None:
    printed = soak("--wiped", SOAK_JOBS="1000")
    assert printed.splitlines()[-1] == "1000 executions, 0 violations []"


@pytest.mark.req("PL-4", "PL-5", "PL-6")
@pytest.mark.parametrize("backend", OTHERS)
def test_jobs_survive_what_befalls_another_back_end(backend: str) -> None:
    programs, faults = OTHERS[backend]
    if missing := [program for program in programs if shutil.which(program, path=SEARCHED) is None]:
        pytest.skip(f"{backend} needs {', '.join(missing)}")
    if not POSTGRES_BIN:
        pytest.skip(f"{backend} needs PostgreSQL's own programs")
    printed = soak(backend=backend, SOAK_JOBS="120", SOAK_KILLS="6", SOAK_SECONDS="10", SOAK_ONLY=faults)
    assert "nothing lost, nothing doubled" in printed
    for fault in faults.split(","):
        assert f"fault: {fault}" in printed
