"""Each peer's own virtual environment, made on demand from its pinned requirements and kept in a cache folder."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"
FOLDER = Path(os.environ.get("BENCH_CACHE") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "daybook-bench")


@cache
def programs_of(environment: str) -> Path:
    """Return the folder with the environment's programs, installed first where it is new or its pins have changed."""
    if not environment:
        return Path(sys.executable).parent
    pins = (REQUIREMENTS / f"{environment}.txt").read_text()
    home = FOLDER.expanduser() / environment
    kept = home / "pins.txt"
    if not kept.exists() or kept.read_text() != pins:
        print(f"installing {environment} into {home}", flush=True)
        venv.create(home, clear=True, with_pip=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--requirement", str(REQUIREMENTS / f"{environment}.txt")], check=True)
        kept.write_text(pins)
    return home / "bin"
