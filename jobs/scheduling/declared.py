"""Schedules that jobs declare: created by name at deploy, never overwriting an operator's edits, never deleted."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import structlog
from django.db import transaction
from django.db.models import Model, QuerySet
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from jobs import registry
from jobs.models import SchedulePlan
from jobs.policies import Cron, Every, Schedule
from jobs.scheduling.rules import rule_of
from jobs.task import Job

M = TypeVar("M", bound=Model)

log = structlog.get_logger(__name__)


def sync_declared(*, disable_gone: bool = True) -> list[str]:
    """Create the schedules declared by `@job(schedule=...)` that don't exist yet; returns their names.

    One that exists stays as the operators left it. One whose declaration is gone is disabled, unless `disable_gone` is
    False: while two versions of the code run, neither knows all declarations.
    """
    jobs = {name: job for name, job in registry.registered().items() if job.declaration.schedule is not None}
    created = [name for name, job in jobs.items() if _create(job)]
    if not disable_gone:
        return created
    gone = PeriodicTask.objects.filter(plan__declared=True, enabled=True).exclude(name__in=jobs)
    for schedule in gone:
        log.warning("declaration gone, schedule disabled", schedule=schedule.name)
    gone.update(enabled=False)
    return created


def _create(job: Job) -> bool:
    declared = job.declaration
    assert declared.schedule is not None
    if PeriodicTask.objects.filter(name=job.name).exists():
        return False
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
            SchedulePlan.objects.update_or_create(
                schedule=schedule, defaults={"declared": True, "grace_seconds": declared.grace_seconds, "rule": ""}
            )
    log.debug("declared schedule", schedule=job.name, rule=rule_of(schedule), created=created)
    return bool(created)


def _rule_columns(schedule: Schedule) -> dict[str, Any]:
    match schedule:
        case Every(seconds):
            whole, period = (seconds / 60, IntervalSchedule.MINUTES) if seconds % 60 == 0 else (seconds, "seconds")
            return {"interval": _shared(IntervalSchedule, every=int(whole), period=period)}
        case Cron(expression, zone):
            minute, hour, day_of_month, month_of_year, day_of_week = expression.split()
            crontab = _shared(
                CrontabSchedule,
                minute=minute,
                hour=hour,
                day_of_month=day_of_month,
                month_of_year=month_of_year,
                day_of_week=day_of_week,
                timezone=zone,
            )
            return {"crontab": crontab}


def _shared(kind: type[M], **columns: Any) -> M:
    """Return the rule's row, made if need be; nothing keeps these tables from holding several that are alike."""
    rows: QuerySet[M] = kind._default_manager.filter(**columns)  # noqa: SLF001 - Django's documented API
    return rows.order_by("pk").first() or kind._default_manager.create(**columns)  # noqa: SLF001
