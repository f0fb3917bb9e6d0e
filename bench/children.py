"""Measurements in a Python process of their own: a script that prints its figures as one JSON line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.contenders import OURS
from bench.ground import Ground
from project.environment import BASE_DIR


def environment_of(ground: Ground, database: str, **more: str) -> dict[str, str]:
    """Return the environment in which Daybook uses the ground's servers and, of that name, a database of its own."""
    places = {
        "DATABASE_URL": ground.database(database),
        "BROKER_URL": ground.redis.url,
        "DATA_DIR": str(ground.folder / "data"),
    }
    return {**os.environ, **OURS, **places, "PYTHONPATH": str(BASE_DIR), **more}


def figures_of(script: Path, *words: str, environment: dict[str, str], seconds: float) -> dict[str, float]:
    """Return what the script printed last.

    Raises: RuntimeError with what it said of its failure, TimeoutExpired when it takes too long.
    """
    command = [sys.executable, str(script), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{script.stem} {' '.join(words)}: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
