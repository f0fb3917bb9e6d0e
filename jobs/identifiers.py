"""Ids of runs: time-ordered UUIDs that are also the Celery task ids; pure."""

from __future__ import annotations

import hashlib
import uuid

import uuid6

_FOREIGN = uuid.UUID("6f1d2c1e-7f0b-4c53-9d4a-5d0e5f2f6b1c")


def new_run_id() -> uuid.UUID:
    """Return a UUIDv7 (RFC 9562): sortable by creation, so that inserts stay at the index's right edge."""
    return uuid.UUID(bytes=uuid6.uuid7().bytes)


def run_id_of(task_id: str) -> uuid.UUID:
    """Return the run id of a Celery task id; a task id that is no UUID maps to one always the same."""
    try:
        return uuid.UUID(task_id)
    except ValueError:
        return uuid.uuid5(_FOREIGN, task_id)


def child_run_id(parent: uuid.UUID, name: str) -> uuid.UUID:
    """Return the id of the parent's child called `name`: always the same, and near the parent's in the index."""
    digest = hashlib.sha256(parent.bytes + name.encode()).digest()
    return uuid.UUID(
        bytes=parent.bytes[:6] + bytes([0x70 | digest[6] & 0x0F, digest[7], 0x80 | digest[8] & 0x3F]) + digest[9:16]
    )


def new_correlation_id() -> str:
    """Return a fresh correlation id, `job-<uuid>`; a UUIDv7 for the same reason."""
    return f"job-{uuid6.uuid7()}"
