"""The jobs that this installation knows, as their authors declared them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jobs import registry
from jobs.arguments import schema_of
from jobs.phrases import duration_words
from jobs.policies import Declaration
from jobs.schedule_words import declared_words
from jobs.task import Job


@dataclass(frozen=True, kw_only=True)
class JobDetails:
    """A job as its author declared it."""

    name: str
    about: str
    queue: str
    priority: int
    schedule: str
    guards: list[str]
    attempts: int
    sensitive: list[str]
    arguments: dict[str, Any]


def all_jobs() -> list[JobDetails]:
    """Return every job this installation knows, by name."""
    return [describe(job) for job in registry.registered().values()]


def describe(job: Job) -> JobDetails:
    """Return what the job's author declared."""
    says = job.declaration
    return JobDetails(
        name=job.name,
        about=(job.__doc__ or "").strip().partition("\n")[0],
        queue=job.queue_name(),
        priority=says.priority,
        schedule=declared_words(says.schedule),
        guards=_guards(says),
        attempts=says.retry.attempts,
        sensitive=list(says.sensitive),
        arguments=schema_of(job.run),
    )


def _guards(says: Declaration) -> list[str]:
    guards = []
    if says.concurrency:
        guards.append((f"{says.concurrency.limit} at a time", says.concurrency.key))
    if says.unique:
        guards.append(("one unfinished", says.unique.key))
    if says.rate_limit:
        guards.append((f"{says.rate_limit.count} per {duration_words(says.rate_limit.seconds)}", says.rate_limit.key))
    return [f"{words} per {key}" if key else words for words, key in guards]
