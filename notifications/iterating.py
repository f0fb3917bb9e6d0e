"""Goes through rows as the active run does, with its place kept; outside a run plainly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from django.db.models import Model, QuerySet

from jobs.context import active_run

M = TypeVar("M", bound=Model)


def each(rows: QuerySet[M]) -> Iterator[M]:
    """Yield the rows by primary key; a further attempt of the run goes on where this one stopped."""
    run = active_run()
    return run.iterate(rows) if run else rows.order_by("pk").iterator(chunk_size=100)
