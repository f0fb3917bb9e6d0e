"""Turns due schedules into runs, many in one transaction: each fire time once, with any number of beats.

A fire becomes a run, or a row that says why not: MISSED past its grace, SKIPPED by the overlap policy or a guard.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django_celery_beat.models import PeriodicTask

from jobs import faultpoints, ledger, registry
from jobs.cancelling import cancel
from jobs.dialect import claimable, write_columns
from jobs.errors import DaybookError, RuleError
from jobs.models import Run, ScheduleEdit, SchedulePlan
from jobs.policies import Misfire, Overlap
from jobs.publish import publish_after_commit
from jobs.scheduling import clock, misfire, overlap
from jobs.scheduling.planning import unless_ended
from jobs.scheduling.rules import end_of
from jobs.scheduling.ticks import new_run, record
from jobs.states import State
from jobs.task import Job

log = structlog.get_logger(__name__)

BATCH = 500
MOST_SECONDS = 5.0
_HELD = "skipped: an unfinished run has its unique key"
_FIRED = ("next_fire_at", "last_fire_at", "problem", "problem_fires")


@dataclass(slots=True)
class Tick:
    """One due schedule on one pass: the rows it makes, and the runs it takes the place of."""

    plan: SchedulePlan
    runs: list[Run] = field(default_factory=list)
    records: list[Run] = field(default_factory=list)
    replaces: bool = False


def fire_due(*, now: datetime) -> int:
    """Create the runs of the schedules that are due; returns how many schedules fired.

    It ends after some seconds with the page it is at: a beat with much to fire is busy, not wedged.
    """
    fired, deadline = 0, time.monotonic() + MOST_SECONDS
    while _due(now).exists():
        with transaction.atomic():
            looked_at, found = _fire_batch(now)
            faultpoints.reach("in fire")
        faultpoints.reach("after fire")
        fired += found
        if looked_at < BATCH or time.monotonic() > deadline:
            break
    return fired


def _fire_batch(now: datetime) -> tuple[int, int]:
    """Return how many due schedules it looked at, and how many of them fired."""
    due = claimable(_due(now).order_by("next_fire_at"), of=("self", "schedule"), no_key=True)
    plans = list(due[:BATCH])
    edits = ScheduleEdit.objects.first_of([plan.pk for plan in plans])
    jobs, unfinished = registry.registered(), _unfinished(plans)
    untils = ((plan, min(now, edits.get(plan.pk, now))) for plan in plans)
    ticks = [
        _tick(plan, now, until, jobs, unfinished[plan.pk])
        for plan, until in untils
        # What is due after an edit is due by a rule that is no more: the planner's turn.
        if plan.next_fire_at is not None and plan.next_fire_at <= until
    ]
    _cancel_replaced(ticks, unfinished)
    _save(ticks, now)
    return len(plans), len(ticks)


def _due(now: datetime) -> QuerySet[SchedulePlan]:
    return SchedulePlan.objects.filter(next_fire_at__lte=now, schedule__enabled=True).select_related("schedule")


def _unfinished(plans: list[SchedulePlan]) -> dict[int, list[tuple[UUID, str]]]:
    """Return by schedule the runs that have not ended, of those schedules that mind."""
    found: dict[int, list[tuple[UUID, str]]] = defaultdict(list)
    minding = [plan.pk for plan in plans if plan.overlap != Overlap.ALLOW]
    if minding:
        runs = Run.objects.unfinished().filter(schedule__in=minding)
        for schedule_id, pk, state in runs.values_list("schedule_id", "pk", "state"):
            found[schedule_id].append((pk, state))
    return found


def _tick(
    plan: SchedulePlan,
    now: datetime,
    until: datetime,
    jobs: Mapping[str, Job],
    unfinished: list[tuple[UUID, str]],
) -> Tick:
    tick = Tick(plan)
    try:
        verdict, following = _judged(plan, now, until)
    except RuleError as error:
        log.error("schedule can't be planned", schedule=plan.schedule.name, problem=str(error))  # noqa: TRY400
        plan.next_fire_at, plan.problem = None, str(error)
        return tick
    before = overlap.Earlier.of([state for _, state in unfinished])
    if verdict.missed is not None:
        log.warning("fires missed", schedule=plan.schedule.name, missed=str(verdict.missed))
        tick.records.append(record(plan, verdict.missed.first, now, State.MISSED, str(verdict.missed)))
    for fire_at in verdict.runs:
        _decide(tick, fire_at, now, jobs, replace(before, waiting=before.waiting + len(tick.runs)))
    plan.next_fire_at, plan.last_fire_at = following, verdict.latest or plan.last_fire_at
    return tick


def _judged(plan: SchedulePlan, now: datetime, until: datetime) -> tuple[misfire.Verdict, datetime | None]:
    """Return the verdict over the fires that are due, and the next fire: due, too, where more are than go at once."""
    assert plan.next_fire_at is not None
    first, grace, end = plan.next_fire_at, timedelta(seconds=plan.grace_seconds), end_of(plan.schedule, plan)
    due = clock.due_fires(plan.rule, first=first, until=min(until, end or until), since=now - grace, anchor=first)
    verdict = misfire.judge(due.listed, now=now, grace=grace, policy=Misfire(plan.misfire), earlier=due.earlier)
    return verdict, unless_ended(due.following, end)


def _decide(tick: Tick, fire_at: datetime, now: datetime, jobs: Mapping[str, Job], earlier: overlap.Earlier) -> None:
    plan, policy = tick.plan, Overlap(tick.plan.overlap)
    if reason := overlap.refusal(policy, earlier):
        tick.records.append(record(plan, fire_at, now, State.SKIPPED, reason))
        return
    try:
        job = jobs.get(plan.schedule.task) or registry.find(plan.schedule.task)
        run = new_run(job, plan, fire_at, now)
    except (DaybookError, ValueError) as error:
        _note_problem(tick, fire_at, now, str(error))
        return
    plan.problem, plan.problem_fires = "", 0
    tick.runs.append(run)
    tick.replaces = policy is Overlap.CANCEL_RUNNING


def _note_problem(tick: Tick, fire_at: datetime, now: datetime, problem: str) -> None:
    """Record a fire that can't become a run: a row for the first of its kind, a count for those after it."""
    plan = tick.plan
    if plan.problem != problem:
        log.error("schedule can't fire", schedule=plan.schedule.name, problem=problem)
        tick.records.append(record(plan, fire_at, now, State.SKIPPED, problem))
        plan.problem, plan.problem_fires = problem, 0
    plan.problem_fires += 1


def _cancel_replaced(ticks: Iterable[Tick], unfinished: Mapping[int, list[tuple[UUID, str]]]) -> None:
    for tick in ticks:
        if tick.replaces:
            for run_id, _ in unfinished[tick.plan.pk]:
                cancel(run_id, by=f"schedule {tick.plan.schedule.name}: its next run")


def _save(ticks: list[Tick], now: datetime) -> None:
    runs = [(tick.plan, run) for tick in ticks for run in tick.runs]
    new = ledger.enqueue_ticks([run for _, run in runs])
    # Another row of this very tick wins over such a record, too: it is refused once more, without a word.
    refused = [record(plan, run.fire_at or now, now, State.SKIPPED, _HELD) for plan, run in runs if run.pk not in new]
    ledger.enqueue_ticks([*(row for tick in ticks for row in tick.records), *refused])
    publish_after_commit(*(run for _, run in runs if run.pk in new))
    if ticks:
        write_columns([tick.plan for tick in ticks], _FIRED)
    _count(ticks, now)


def _count(ticks: list[Tick], now: datetime) -> None:
    by_number: dict[int, list[int]] = defaultdict(list)
    for tick in ticks:
        by_number[len(tick.runs)].append(tick.plan.pk)
    for number, fired in by_number.items():
        if number:
            counted = F("total_run_count") + number
            PeriodicTask.objects.filter(pk__in=fired).update(last_run_at=now, total_run_count=counted)
    done = [tick.plan.pk for tick in ticks if tick.plan.schedule.one_off]
    if done:
        PeriodicTask.objects.filter(pk__in=done).update(enabled=False)
