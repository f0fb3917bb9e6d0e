"""Plans what was edited: reads the journal of edits and gives each schedule concerned its next fire; nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.db import connection, transaction
from django_celery_beat.models import PeriodicTask

from jobs import edit_triggers
from jobs.dialect import claimable
from jobs.models import ScheduleEdit, SchedulePlan
from jobs.scheduling.planning import Plan, Wanted, plan_anew
from jobs.scheduling.rules import RULES, end_of, rule_of

log = structlog.get_logger(__name__)

BATCH = 500
_PLANNED = ("rule", "phase_at", "next_fire_at", "problem", "problem_fires")
_RESUMED = ("paused_reason", "failures_in_row", "failures_since")


def replan(*, now: datetime) -> int:
    """Plan the next fire of every schedule that is new or was edited since; returns how many."""
    edits = list(ScheduleEdit.objects.order_by("id")[:BATCH])
    if not edits:
        return 0
    with transaction.atomic():
        by_schedule = _by_schedule(edits)
        # An edit under way holds its schedule: its turn comes when it is committed. So none is planned from old rows.
        rows = PeriodicTask.objects.filter(pk__in=by_schedule).select_related("plan", *RULES)
        schedules = {schedule.pk: schedule for schedule in claimable(rows, no_key=True)}
        first = ScheduleEdit.objects.first_of(schedules)
        ready = [pk for pk, schedule in schedules.items() if not _is_due(schedule, min(now, first.get(pk, now)))]
        _save([_planned(schedules[pk], by_schedule[pk], now) for pk in ready])
        done = {*ready, *_gone(by_schedule.keys() - schedules.keys())}
        ScheduleEdit.objects.filter(pk__in=[edit.pk for edit in edits if edit.schedule_id in done]).delete()
    return len(ready)


def find_unplanned(*, now: datetime) -> int:
    """Journal schedules that have no plan though nobody journalled them: from before the triggers, or copied in."""
    if missing := edit_triggers.missing(connection):
        log.error("edits of schedules go unnoticed until `manage.py migrate` is run", missing=missing)
    unplanned = PeriodicTask.objects.filter(plan=None).values_list("pk", flat=True)
    ScheduleEdit.objects.bulk_create([ScheduleEdit(schedule_id=pk, edited_at=now) for pk in unplanned], batch_size=1000)
    return len(unplanned)


def _by_schedule(edits: Iterable[ScheduleEdit]) -> dict[int, list[ScheduleEdit]]:
    grouped: dict[int, list[ScheduleEdit]] = {}
    for edit in edits:
        grouped.setdefault(edit.schedule_id, []).append(edit)
    return grouped


def _gone(schedule_ids: set[int]) -> set[int]:
    there = PeriodicTask.objects.filter(pk__in=schedule_ids).values_list("pk", flat=True) if schedule_ids else ()
    return schedule_ids - set(there)


def _is_due(schedule: PeriodicTask, until: datetime) -> bool:
    """Whether it has to fire by its former rule yet, up to the edit: no fire is lost by an edit while beat was away."""
    plan = getattr(schedule, "plan", None)
    fire_at = plan.next_fire_at if plan and schedule.enabled else None
    return fire_at is not None and fire_at <= until


def _planned(schedule: PeriodicTask, edits: list[ScheduleEdit], now: datetime) -> SchedulePlan:
    row = getattr(schedule, "plan", None) or SchedulePlan(schedule=schedule)
    is_resume = any(edit.is_resume for edit in edits)
    plan = plan_anew(
        Plan(row.rule, row.phase_at, row.next_fire_at),
        Wanted(rule_of(schedule), schedule.enabled, end_of(schedule, row)),
        edited_at=min(now, edits[-1].edited_at),
        is_resume=is_resume,
    )
    row.rule, row.phase_at, row.next_fire_at = plan.rule, plan.phase_at, plan.next_fire_at
    row.problem, row.problem_fires = plan.problem, 0
    if is_resume and schedule.enabled:
        row.paused_reason, row.failures_in_row, row.failures_since = "", 0, now
    if plan.problem:
        log.error("schedule can't be planned", schedule=schedule.name, problem=plan.problem)
    return row


def _save(plans: list[SchedulePlan]) -> None:
    SchedulePlan.objects.bulk_create(
        plans, update_conflicts=True, unique_fields=["schedule"], update_fields=[*_PLANNED, *_RESUMED]
    )
