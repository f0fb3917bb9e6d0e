"""Goes through rows and users as the active run does, with its place kept; outside a run plainly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TypeVar

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model, QuerySet

from jobs.context import active_run

M = TypeVar("M", bound=Model)
U = TypeVar("U", bound=AbstractBaseUser)

log = structlog.get_logger(__name__)


def each(rows: QuerySet[M]) -> Iterator[M]:
    """Yield the rows by primary key; a further attempt of the run goes on where this one stopped."""
    run = active_run()
    return run.iterate(rows) if run else rows.order_by("pk").iterator(chunk_size=100)


def serve_each(users: QuerySet[U], serve: Callable[[U], Mapping[str, int]]) -> Counter[str]:
    """Call `serve` for each user and return the sums of what it counts, users and errors among them.

    What goes wrong for one user is logged, counted and keeps nobody else waiting.
    """
    counts: Counter[str] = Counter(users=0, errors=0)
    for user in each(users):
        counts["users"] += 1
        with structlog.contextvars.bound_contextvars(user_id=user.pk), going_on(counts, "user not served"):
            counts.update(serve(user))
    return counts


@contextmanager
def going_on(counts: MutableMapping[str, int], failure: str, **details: Any) -> Iterator[None]:
    """Log what goes wrong inside and count it under `errors`, so that the others go on; a time limit ends the run."""
    try:
        yield
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception(failure, **details)
        counts["errors"] += 1
