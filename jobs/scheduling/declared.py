"""Schedules that jobs declare: created by name at deploy, never overwriting an operator's edits, never deleted."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from jobs import registry
from jobs.models import SchedulePlan
from jobs.policies import Cron, Declaration, Every, Misfire, Overlap, Schedule
from jobs.scheduling.rules import RULES, crontab_of, rule_of, shared_row
from jobs.task import Job

log = structlog.get_logger(__name__)

_PERIODS = ((60, IntervalSchedule.MINUTES), (1, IntervalSchedule.SECONDS), (1e-6, IntervalSchedule.MICROSECONDS))


def sync_declared(*, disable_gone: bool = True) -> list[str]:
    """Create the schedules declared by `@job(schedule=...)` that don't exist yet; returns their names.

    One that exists follows a changed declaration (an interval from the environment, say) unless operators have given
    it another rule: that stays. One whose declaration is gone is disabled, unless `disable_gone` is False: while two
    versions of the code run, neither knows all declarations.
    """
    jobs = {name: job for name, job in registry.registered().items() if job.declaration.schedule is not None}
    rows = PeriodicTask.objects.filter(name__in=jobs).select_related("plan", *RULES)
    there = {schedule.name: schedule for schedule in rows}
    for name, schedule in there.items():
        _follow(schedule, jobs[name].declaration)
    created = [name for name, job in jobs.items() if name not in there and _create_once(job)]
    if disable_gone:
        _disable_gone(jobs)
    return created


def _disable_gone(jobs: Collection[str]) -> None:
    gone = PeriodicTask.objects.filter(plan__declared=True, enabled=True).exclude(name__in=jobs)
    for schedule in gone:
        log.warning("declaration gone, schedule disabled", schedule=schedule.name)
    gone.update(enabled=False)


def _follow(schedule: PeriodicTask, declared: Declaration) -> None:
    plan = getattr(schedule, "plan", None)
    assert declared.schedule is not None
    wanted = declared_rule(declared.schedule)
    if plan is None or not plan.declared or plan.declared_rule == wanted:
        return
    with transaction.atomic():
        if plan.declared_rule == rule_of(schedule):
            others = dict.fromkeys(RULES)
            PeriodicTask.objects.filter(pk=schedule.pk).update(**{**others, **_rule_columns(declared.schedule)})
            log.info("schedule follows its declaration", schedule=schedule.name, rule=wanted)
        elif rule_of(schedule) != wanted:
            return
        SchedulePlan.objects.filter(pk=schedule.pk).update(declared_rule=wanted)


def _create_once(job: Job) -> bool:
    """Create the job's schedule; False when another process was quicker."""
    try:
        return _create(job)
    except ValidationError:
        # The schedule itself looks whether its name is taken, after get_or_create has.
        if not PeriodicTask.objects.filter(name=job.name).exists():
            raise
        return False


def _create(job: Job) -> bool:
    declared = job.declaration
    assert declared.schedule is not None
    with transaction.atomic():
        schedule, created = PeriodicTask.objects.get_or_create(
            name=job.name,
            defaults={
                "task": job.name,
                "kwargs": json.dumps(declared.schedule_arguments),
                "description": "Declared by the job.",
                **_rule_columns(declared.schedule),
            },
        )
        if created:
            policies = {
                "grace_seconds": declared.grace_seconds,
                "misfire": Misfire(declared.misfire).value,
                "overlap": Overlap(declared.overlap).value,
                "jitter_seconds": declared.jitter_seconds,
            }
            plan = {"declared": True, "declared_rule": declared_rule(declared.schedule), **policies}
            SchedulePlan.objects.update_or_create(schedule=schedule, defaults=plan)
    return bool(created)


def declared_rule(schedule: Schedule) -> str:
    """Return the rule that a schedule made from this declaration has."""
    match schedule:
        case Every(seconds):
            return f"every {seconds:.15g}"
        case Cron(expression, zone):
            return f"cron {' '.join(expression.split())} @{zone}"


def _rule_columns(schedule: Schedule) -> dict[str, Any]:
    match schedule:
        case Every(seconds):
            length, period = next(
                (length, period) for length, period in _PERIODS if length < 1 or seconds % length == 0
            )
            return {"interval": shared_row(IntervalSchedule(every=round(seconds / length), period=period))}
        case Cron(expression, zone):
            return {"crontab": shared_row(crontab_of(expression, zone=zone))}
