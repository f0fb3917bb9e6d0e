"""Turns due schedules into runs: each fire time once, with any number of planners; what is too late becomes MISSED."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django_celery_beat.models import PeriodicTask

from jobs import ledger, registry
from jobs.errors import DaybookError, RuleError
from jobs.identifiers import new_correlation_id
from jobs.models import Run, SchedulePlan
from jobs.models.run import Cause
from jobs.policies import Misfire
from jobs.publish import publish_after_commit
from jobs.scheduling import clock, misfire
from jobs.scheduling.rules import rule_of
from jobs.states import State

log = structlog.get_logger(__name__)

MOST_FIRES = 1000
BATCH = 500
_RULES = ("crontab", "interval", "clocked", "solar")


def replan(*, now: datetime) -> int:
    """Plan the next fire of every enabled schedule that is new or whose rule was edited; returns how many."""
    planned = 0
    for schedule in PeriodicTask.objects.filter(enabled=True).select_related("plan", *_RULES).iterator(chunk_size=1000):
        plan = getattr(schedule, "plan", None)
        rule = rule_of(schedule)
        if plan is None or plan.rule != rule:
            _plan(schedule, rule, now)
            planned += 1
    SchedulePlan.objects.filter(schedule__enabled=False, next_fire_at__isnull=False).update(rule="", next_fire_at=None)
    return planned


def fire_due(*, now: datetime) -> int:
    """Create the runs of all schedules that are due; returns how many fired."""
    due = SchedulePlan.objects.filter(next_fire_at__lte=now, schedule__enabled=True).order_by("next_fire_at")
    return sum(_fire(plan, now) for plan in due.select_related("schedule")[:BATCH])


def _plan(schedule: PeriodicTask, rule: str, now: datetime) -> None:
    try:
        following = clock.next_fire(rule, after=now, anchor=now) if rule else None
    except RuleError as error:
        log.error("schedule can't be planned", schedule=schedule.name, error=str(error))  # noqa: TRY400
        following = None
    SchedulePlan.objects.update_or_create(schedule=schedule, defaults={"rule": rule, "next_fire_at": following})


def _fire(plan: SchedulePlan, now: datetime) -> int:
    assert plan.next_fire_at is not None
    anchor = plan.next_fire_at
    due = list(clock.fires_between(plan.rule, first=plan.next_fire_at, until=now, anchor=anchor))[-MOST_FIRES:]
    verdict = misfire.judge(due, now=now, grace=timedelta(seconds=plan.grace_seconds), policy=Misfire(plan.misfire))
    following = clock.next_fire(plan.rule, after=now, anchor=anchor)
    with transaction.atomic():
        # Not by a join: Django would update by a subquery, which PostgreSQL doesn't evaluate again after a lock wait.
        is_enabled = Exists(PeriodicTask.objects.filter(pk=OuterRef("pk"), enabled=True))
        mine = SchedulePlan.objects.filter(is_enabled, pk=plan.pk, next_fire_at=plan.next_fire_at, rule=plan.rule)
        if not mine.update(next_fire_at=following, last_fire_at=due[-1]):
            return 0
        if verdict.missed_first is not None:
            _record_missed(plan, verdict, now)
        for fire_at in verdict.runs:
            _enqueue(plan.schedule, fire_at, now)
    return 1


def _enqueue(schedule: PeriodicTask, fire_at: datetime, now: datetime) -> None:
    try:
        run = _new_run(schedule, fire_at)
    except (DaybookError, ValueError) as error:
        log.error("schedule can't fire", schedule=schedule.name, error=str(error))  # noqa: TRY400
        run = _record(schedule, fire_at, now, State.SKIPPED, str(error))
    _, created = ledger.enqueue(run)
    if created and run.published_at is not None:
        publish_after_commit(run)
    counted: dict[str, Any] = {"last_run_at": now, "total_run_count": F("total_run_count") + 1}
    # Never written as True: an operator may have paused it since it was read.
    done = {"enabled": False} if schedule.one_off else {}
    PeriodicTask.objects.filter(pk=schedule.pk).update(**counted, **done)


def _new_run(schedule: PeriodicTask, fire_at: datetime) -> Run:
    job = registry.find(schedule.task)
    options: dict[str, Any] = {name: getattr(schedule, name) or None for name in ("queue", "exchange", "routing_key")}
    args, kwargs = json.loads(schedule.args or "[]"), json.loads(schedule.kwargs or "{}")
    headers = {**json.loads(schedule.headers or "{}"), "periodic_task_name": schedule.name}
    owner = SchedulePlan.objects.filter(pk=schedule.pk).values_list("owner", flat=True).first()
    expires = schedule.expires_
    run = job.new_run(
        args, kwargs, cause=Cause.SCHEDULE, owner=owner, expires=expires, priority=schedule.priority, **options
    )
    run.options["headers"] = headers
    run.schedule_id, run.fire_at, run.correlation_id = schedule.pk, fire_at, new_correlation_id()
    return run


def _record_missed(plan: SchedulePlan, verdict: misfire.Verdict, now: datetime) -> None:
    assert verdict.missed_first is not None
    reason = f"{verdict.missed_count} fire(s) missed from {verdict.missed_first:%FT%TZ} to {verdict.missed_last:%FT%TZ}"
    ledger.enqueue(_record(plan.schedule, verdict.missed_first, now, State.MISSED, reason))
    log.warning("fires missed", schedule=plan.schedule.name, count=verdict.missed_count)


def _record(schedule: PeriodicTask, fire_at: datetime, now: datetime, state: State, reason: str) -> Run:
    return Run(
        job=schedule.task,
        queue=schedule.queue or "base",
        state=state,
        cause=Cause.SCHEDULE,
        schedule_id=schedule.pk,
        fire_at=fire_at,
        created_at=now,
        run_at=fire_at,
        finished_at=now,
        reason=reason[:200],
        correlation_id=new_correlation_id(),
    )
