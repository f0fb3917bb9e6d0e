"""What needs a person, first on the overview: parts that are not well, dead letters, pauses; each leads to its page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from jobs import health
from jobs.dead_letters import Group
from jobs.queries import Overview

_PAGES = {
    "broker": "admin:jobs_worker_changelist",
    "beat": "admin:jobs_worker_changelist",
    "dispatch": "admin:jobs_run_changelist",
    "workers": "admin:jobs_queue_changelist",
    "schedules": "admin:django_celery_beat_periodictask_changelist",
}


@dataclass(frozen=True)
class Matter:
    """One thing to look at: its tone (bad, warn), what it is, and the page where it is mended or seen."""

    tone: str
    text: str
    page: str


def matters(seen: Overview, dead: list[Group]) -> list[Matter]:
    """Return them, what keeps jobs from running first; none when all is well."""
    return [*_unwell(), *_dead(dead), *_paused(seen)]


def _unwell() -> Iterator[Matter]:
    for name, check in health.report(_PAGES, lately=True).items():
        if not check.ok:
            yield Matter("bad", check.problem, reverse(_PAGES[name]))


def _dead(groups: list[Group]) -> Iterator[Matter]:
    if groups:
        count = sum(group.count for group in groups)
        text = f"{count} failed run{'s wait' if count > 1 else ' waits'} for a person: replay or discard"
        yield Matter("warn", text, reverse("admin:jobs_run_dead_letters"))


def _paused(seen: Overview) -> Iterator[Matter]:
    paused = [queue for queue in seen.queues if queue.paused_at]
    if paused:
        told = ", ".join(f"{queue.name} ({queue.waiting} waiting)" for queue in paused)
        yield Matter("warn", f"paused: {told}", reverse("admin:jobs_queue_changelist"))
