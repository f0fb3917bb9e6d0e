"""The code of the release before this one, out of the repository's history, so that its processes can be run."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from project.environment import BASE_DIR

# The last commit that a deploy may upgrade from: with each release, that of the release before it.
COMMIT = "3f928ca2d2abf64cdb2a9c8ec165505def2c4588"


def unpack(folder: Path) -> None:
    """Put the code into the folder; where the history is not at hand the test is skipped, and says so."""
    found = subprocess.run(["git", "archive", COMMIT], cwd=BASE_DIR, capture_output=True, check=False)
    if found.returncode:
        pytest.skip(f"UPGRADES NOT PROVEN: commit {COMMIT} is not here: {found.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
        archive.extractall(folder, filter="data")


ENQUEUE_UNTIL_TOLD = """
import pathlib, sys, time
from tests.app import app
import django
django.setup()
from tests.tasks_for_tests import noted
acknowledged, stop = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
with acknowledged.open("a", buffering=1) as ids:
    while not stop.exists():
        ids.write(noted.delay("by the older release").id + "\\n")
        time.sleep(0.2)
"""
