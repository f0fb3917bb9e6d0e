"""The small soak of every change: about a thousand jobs and twenty kills on the default back end."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from project.environment import BASE_DIR

SECONDS = 420


@pytest.mark.embedded
@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.req("PL-5", "PL-6", "SW-5")
def test_a_thousand_jobs_survive_twenty_kills() -> None:
    size = {"SOAK_JOBS": "1000", "SOAK_KILLS": "20", "SOAK_SEED": "20", "SOAK_BACKEND": "sqlite-valkey"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SOAK_")}
    soak = subprocess.run(
        [sys.executable, "-m", "tests.soak"],
        cwd=BASE_DIR,
        env={**environment, **size},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert soak.returncode == 0, soak.stdout[-8000:] + soak.stderr[-4000:]
    assert "nothing lost, nothing doubled" in soak.stdout
