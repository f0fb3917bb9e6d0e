"""Each contender's own virtual environment, made on demand from its pinned requirements and kept in a cache folder.

Ours, too: what only tests need would make it larger than a user's.
"""

from __future__ import annotations

import os
import subprocess
import venv
from functools import cache
from pathlib import Path

from project.environment import BASE_DIR

REQUIREMENTS = Path(__file__).parent / "requirements"
OURS = "daybook"
FOLDER = Path(os.environ.get("BENCH_CACHE") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "daybook-bench")


@cache
def programs_of(environment: str) -> Path:
    """Return the folder with the environment's programs, installed first where it is new or its pins have changed."""
    name = environment or OURS
    pinned = REQUIREMENTS / f"{name}.txt" if environment else BASE_DIR / "requirements.lock"
    pins = pinned.read_text()
    home = FOLDER.expanduser() / name
    kept = home / "pins.txt"
    if not kept.exists() or kept.read_text() != pins:
        print(f"installing {name} into {home}", flush=True)
        venv.create(home, clear=True, with_pip=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        locked = [] if environment else ["--no-deps", "--require-hashes"]
        subprocess.run([*pip, *locked, "--requirement", str(pinned)], check=True)
        kept.write_text(pins)
    return home / "bin"
