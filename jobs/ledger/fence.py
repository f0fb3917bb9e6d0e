"""Who may still change a running run, and what its attempt used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from jobs.models import Run
from jobs.models.run import RunQuerySet
from jobs.states import State


class Fence(NamedTuple):
    """The holder of a running run: by its token, or by the node that runs it and, where known, the process."""

    run_id: UUID
    token: int | None = None
    worker_id: UUID | None = None
    process_id: int | None = None

    def rows(self) -> RunQuerySet:
        """Return the run if it is still running under this fence, else nothing."""
        holder = Q(token=self.token) if self.token is not None else Q(worker_id=self.worker_id)
        if self.process_id is not None:
            holder &= Q(process_id=self.process_id)
        return Run.objects.filter(holder, pk=self.run_id, state=State.RUNNING)


class Usage(NamedTuple):
    """What an attempt used: CPU in seconds, peak memory of its process in bytes; and when it began after its claim."""

    cpu_seconds: float | None = None
    max_rss: int | None = None
    started_at: datetime | None = None

    def columns(self) -> dict[str, Any]:
        """Return the usage as the run's columns."""
        columns = {"cpu_seconds": self.cpu_seconds, "max_rss": self.max_rss}
        return columns if self.started_at is None else {**columns, "started_at": self.started_at}


NO_USAGE = Usage()


def now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)
