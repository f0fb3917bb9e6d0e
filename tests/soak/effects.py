"""Append-only logs that many processes share: each line is one JSON object, written whole by a single write."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FOLDER = "SOAK_FOLDER"
MACHINE = "SOAK_MACHINE"

Line = dict[str, Any]


def folder() -> Path:
    """Return the folder of the soak that this process takes part in."""
    return Path(os.environ[FOLDER])


def append(log: str, **values: Any) -> None:
    """Append a line to the log called `log`, with this process and both clocks."""
    line = {**values, "pid": os.getpid(), "at": time.time(), "mono": time.monotonic()}
    # O_APPEND keeps concurrent writers apart, and a killed process leaves a whole line or none.
    descriptor = os.open(folder() / f"{log}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, json.dumps(line).encode() + b"\n")
    finally:
        os.close(descriptor)


def read(path: Path) -> list[Line]:
    """Return the lines of a log; none when nobody wrote one."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def write(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write lines as a log of their own."""
    path.write_text("".join(json.dumps(line, default=str) + "\n" for line in lines))
