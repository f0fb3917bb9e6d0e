"""The small soaks of every change, on the default back end: a thousand jobs and twenty kills, and a wiped broker."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from project.environment import BASE_DIR

SECONDS = 420
pytestmark = [pytest.mark.embedded, pytest.mark.timeout(SECONDS + 30)]


def soak(*arguments: str, **size: str) -> str:
    """Run a soak on the default back end and return what it printed; it must find nothing to complain of."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SOAK_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", *arguments],
        cwd=BASE_DIR,
        env={**environment, **size, "SOAK_BACKEND": "sqlite-valkey"},
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
