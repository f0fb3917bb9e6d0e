"""A function under test that nothing imports before it is looked for by its path."""

from __future__ import annotations

from jobs.tasks_api import task


@task
def insists() -> None:
    raise LookupError("still no such reader")
