"""A schedule's due tick performed here, for cron and containers: the same row decides as between beats."""

from __future__ import annotations

from datetime import datetime, timedelta

from django_celery_beat.models import PeriodicTask

from jobs import here, ledger, queries, registry
from jobs.errors import RefusedError
from jobs.models import Run, SchedulePlan
from jobs.operations.schedule_record import Asker, check_theirs
from jobs.policies import Overlap
from jobs.scheduling import clock, overlap
from jobs.scheduling.ticks import new_run, record
from jobs.states import State


def run_tick_here(schedule: PeriodicTask, *, by: Asker, patience_seconds: float = 0.0) -> Run:
    """Run the schedule's latest due fire in this process, unless a beat or another command has it; returns its run.

    Guards are waited for as in `run_here`. Beats that find the fire afterwards leave it alone.

    Raises: NoSuchScheduleError when it isn't theirs; UnknownJobError, ArgumentsError, RuleError; RefusedError when it
    is paused, not planned yet, has no fire within its grace, or the fire is another's.
    """
    check_theirs(schedule, by)
    here.declare_dead_commands_lost()
    plan, now = _plan(schedule), ledger.now()
    fire_at = _due_fire(plan, now)
    reason = overlap.refusal(Overlap(plan.overlap), _earlier(plan, fire_at))
    run = new_run(registry.find(schedule.task), plan, fire_at, now)
    run, created = ledger.enqueue(record(plan, fire_at, now, State.SKIPPED, reason) if reason else run)
    if not created:
        raise RefusedError(_taken(plan, fire_at))
    return queries.find_run(run.pk if reason else here.perform_here(run, patience_seconds=patience_seconds).pk)


def _plan(schedule: PeriodicTask) -> SchedulePlan:
    plan: SchedulePlan | None = SchedulePlan.objects.select_related("schedule").filter(pk=schedule.pk).first()
    if plan is None or not plan.rule:
        raise RefusedError(f"{schedule.name} has not been planned yet: a beat does that once it runs")
    if not plan.schedule.enabled:
        raise RefusedError(f"{schedule.name} is paused")
    return plan


def _due_fire(plan: SchedulePlan, now: datetime) -> datetime:
    grace = timedelta(seconds=plan.grace_seconds)
    anchor = plan.phase_at or plan.next_fire_at or now
    fire_at = clock.latest_fire(plan.rule, until=now, since=now - grace, anchor=anchor)
    if fire_at is None:
        raise RefusedError(f"{plan.schedule.name} has no fire within the last {plan.grace_seconds} s")
    return fire_at


def _earlier(plan: SchedulePlan, fire_at: datetime) -> overlap.Earlier:
    states = Run.objects.unfinished().filter(schedule=plan.pk).exclude(fire_at=fire_at).values_list("state", flat=True)
    return overlap.Earlier.of(states)


def _taken(plan: SchedulePlan, fire_at: datetime) -> str:
    has_it = Run.objects.filter(schedule=plan.pk, fire_at=fire_at).first()
    if has_it is None:
        return f"{plan.schedule.name}: an unfinished run has its unique key"
    return f"the fire of {fire_at:%FT%TZ} is run {has_it.pk} already, {has_it.state.lower()}"
