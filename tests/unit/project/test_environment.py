"""Where a folder of the settings is, whatever folder a process is started in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from project.environment import BASE_DIR

SHOW = "from project.environment import Environment as E; print(E().data_dir, E().admin_password)"


def test_a_relative_folder_is_taken_from_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "secrets.env").write_text("ADMIN_PASSWORD=found\n")
    relative = os.path.relpath(tmp_path, BASE_DIR)
    environment = {**os.environ, "DATA_DIR": relative, "PYTHONPATH": str(BASE_DIR)}
    environment.pop("ADMIN_PASSWORD", None)
    command = [sys.executable, "-c", SHOW]
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(BASE_DIR / relative), "found"]
