"""The notes that jobs under test leave: one line of JSON each, in the file that NOTES names."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jobs import current_run
from jobs.context import active_run


def note(event: str, **details: Any) -> None:
    """Append one line to the test's notes; whole, whoever else writes."""
    run = active_run()
    line = {"event": event, "pid": os.getpid(), "at": time.time(), "run": str(run.id) if run else None, **details}
    with Path(os.environ["NOTES"]).open("ab", buffering=0) as notes:
        notes.write(json.dumps(line).encode() + b"\n")


@contextmanager
def noted_body(**details: Any) -> Iterator[None]:
    """Note when a body begins and ends."""
    note("begin", attempt=current_run().attempt, token=current_run().token, **details)
    yield
    note("end", attempt=current_run().attempt, token=current_run().token, **details)
