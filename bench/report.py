"""Writes what was measured to docs/benchmarks.md and docs/benchmarks.json; a part not run keeps what it had."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.ground import Ground
from bench.section import Section
from project.environment import BASE_DIR

PAGE = BASE_DIR / "docs" / "benchmarks.md"
FIGURES = BASE_DIR / "docs" / "benchmarks.json"
HEAD = (Path(__file__).parent / "head.md").read_text()
_SIZE_NAMES = ("REPETITIONS", "MINUTES", "JOBS", "ONLY", "SCHEDULES", "DUE", "MAILS", "NOTICES", "ROWS", "DEPTH")
SIZES = tuple(f"BENCH_{name}" for name in _SIZE_NAMES)
_SYNCS = 50


def write(name: str, section: Section, machine: str) -> None:
    """Replace the part's section in the page and its figures in the JSON."""
    figures: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    figures[name] = {"machine": machine, "at": datetime.now(UTC).isoformat(timespec="seconds"), **section.figures}
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    told = f"`{_command(name)}`, {datetime.now(UTC):%Y-%m-%d}, commit {_commit()}, {machine}."
    text = f"## {section.title}\n\n{told}\n\n{section.text}\n"
    sections = _sections()
    sections[section.title] = text
    PAGE.write_text(HEAD + "".join(f"\n{each}" for each in sections.values()))


def machine(ground: Ground) -> str:
    """Return what the figures were taken on: processors, load at the start, versions, and how fast the disk syncs."""
    load = os.getloadavg()[0]
    parts = [
        f"{os.cpu_count()} CPUs ({_processor()})",
        f"load {load:.1f} at the start",
        f"Python {platform.python_version()}",
        ground.postgres.version,
        ground.redis.version,
        f"fdatasync {_sync_milliseconds(ground.folder):.1f} ms",
    ]
    return ", ".join(parts)


def _command(name: str) -> str:
    """Return what repeats the part."""
    given = [f"{each}={os.environ[each]}" for each in SIZES if each in os.environ]
    return shlex.join([f"BENCH={name}", *given, "make", "bench"])


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _sections() -> dict[str, str]:
    text = PAGE.read_text() if PAGE.exists() else ""
    found = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.strip() + "\n" for part in found}


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _sync_milliseconds(folder: Path) -> float:
    taken = []
    path = folder / "sync"
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            file.write(b"x" * 8192)
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(1000 * (time.perf_counter() - started))
    path.unlink()
    return median(taken)
