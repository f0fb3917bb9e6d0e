"""Which archives need a person: active ones that no schedule runs, and those that keep failing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django_celery_beat.models import PeriodicTask

from ingestion.archive_operations import JOB, schedule_of, without_schedule
from ingestion.models import ArchiveConfiguration
from jobs.doctor import Finding
from jobs.models import Run
from jobs.states import State

FAILURES_IN_ROW = 2
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Trouble:
    """An archive, and what is wrong with it."""

    configuration: ArchiveConfiguration
    problem: str

    def __str__(self) -> str:
        return f"{JOB} {self.configuration.pk} of {self.configuration.owner.get_username()}: {self.problem}"


def troubles() -> list[Trouble]:
    """Return the active archives of active users that have no schedule, and those that have failed twice in a row."""
    return [*(Trouble(one, "no schedule runs it") for one in without_schedule()), *_failing()]


def look(part: str) -> Finding:
    """Return the doctor's finding of the archives; its own verb tells of each."""
    found = troubles()
    told = "; ".join(str(trouble) for trouble in found[:_SHOWN]) + ("; and others" if len(found) > _SHOWN else "")
    remedy = "jobs archive schedule --all makes the missing schedules; jobs failures shows why the others fail"
    return Finding(part, not found, told or "each has its schedule, none keeps failing", remedy)


def _failing() -> Iterator[Trouble]:
    failed = ArchiveConfiguration.objects.active().exclude(last_error="").select_related("owner", "source", "target")
    for one in failed.order_by("pk"):
        schedule = schedule_of(one)
        if schedule is not None and _failed_in_row(schedule) >= FAILURES_IN_ROW:
            yield Trouble(one, f"keeps failing: {one.last_error}")


def _failed_in_row(schedule: PeriodicTask) -> int:
    """Return how many of its latest runs have failed, counted no further than is asked here."""
    ended = Run.objects.filter(Q(state=State.SUCCESS) | Q(state=State.FAILED), schedule=schedule)
    states = list(ended.order_by("-created_at", "-id").values_list("state", flat=True)[:FAILURES_IN_ROW])
    return states.count(State.FAILED) if State.SUCCESS not in states else 0
