"""Pauses schedules whose runs fail one after another, and tells who listens; nothing else pauses by itself."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile

import structlog
from django.db import transaction
from django.dispatch import Signal
from django_celery_beat.models import PeriodicTask

from jobs.dialect import claimable
from jobs.models import Run, SchedulePlan
from jobs.states import State

log = structlog.get_logger(__name__)

BATCH = 100
_OUTCOMES = (State.SUCCESS, State.FAILED)

# Sent after the commit with `schedule` (PeriodicTask) and `reason`, from whichever beat paused it.
schedule_paused = Signal()


def pause_failing(*, now: datetime) -> int:
    """Pause the schedules whose last runs have all failed, as many as they bear; returns how many."""
    noted = SchedulePlan.objects.filter(failures_in_row__gt=0, failures_to_pause__isnull=False, schedule__enabled=True)
    paused, looked_at = 0, 0
    # Asked first: on SQLite a transaction takes the only write lock, even to find nothing.
    while ids := list(noted.filter(pk__gt=looked_at).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            some = noted.filter(pk__in=ids).select_related("schedule")
            paused += sum(_look(plan, now) for plan in claimable(some, of=("self", "schedule"), no_key=True))
        looked_at = ids[-1]
    return paused


def _look(plan: SchedulePlan, now: datetime) -> bool:
    assert plan.failures_to_pause is not None
    failures = _failures_in_row(plan)
    if len(failures) != plan.failures_in_row:
        SchedulePlan.objects.filter(pk=plan.pk).update(failures_in_row=len(failures))
    if len(failures) < plan.failures_to_pause:
        return False
    reason = f"paused: {len(failures)} runs failed in a row, the last by {failures[0].error_kind}"
    SchedulePlan.objects.filter(pk=plan.pk).update(paused_reason=reason, failures_since=now)
    PeriodicTask.objects.filter(pk=plan.pk).update(enabled=False)
    log.error("schedule paused", schedule=plan.schedule.name, reason=reason, last_run=str(failures[0].pk))
    transaction.on_commit(lambda: schedule_paused.send_robust(sender=None, schedule=plan.schedule, reason=reason))
    return True


def _failures_in_row(plan: SchedulePlan) -> list[Run]:
    """Return the failed runs since the last success, latest first, at most as many as the schedule bears."""
    ended = Run.objects.filter(schedule=plan.pk, fire_at__isnull=False, state__in=_OUTCOMES)
    if plan.failures_since is not None:
        ended = ended.filter(fire_at__gt=plan.failures_since)
    latest = ended.order_by("-fire_at").only("state", "error_kind")[: plan.failures_to_pause]
    return list(takewhile(lambda run: run.state == State.FAILED, latest))
