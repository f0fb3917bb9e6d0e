"""Runs the readers of complex formats in a process of their own, which a hostile file may exhaust and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

WALL_SECONDS = 20
_ROOT = Path(__file__).resolve().parent.parent.parent


def read_confined(reader: str, content: bytes) -> str:
    """Return what `reader` ("pdf", "docx") finds in `content`.

    Raises:
        ValueError: the file has no readable text, or took too much time or memory.
    """
    command = [sys.executable, "-m", "ingestion.extraction.child", reader]
    # An empty environment: whatever the file does there, no secret is at hand.
    environment = {"PYTHONPATH": str(_ROOT), "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command, input=content, env=environment, timeout=WALL_SECONDS, capture_output=True, check=False
        )
    except subprocess.TimeoutExpired:
        message = f"reading it took longer than {WALL_SECONDS} s"
        raise ValueError(message) from None
    if done.returncode:
        raise ValueError("reading it took too much time or memory")
    answer = json.loads(done.stdout)
    if answer["error"] and not answer["text"]:
        raise ValueError(answer["error"])
    return str(answer["text"])
