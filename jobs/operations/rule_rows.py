"""The rows of django-celery-beat that hold rules: shared by schedules whose rules are alike, never edited for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, QuerySet
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from jobs.policies import Cron
from jobs.rule_text import Once, Period, Solar, WrittenRule
from jobs.scheduling import clock
from jobs.scheduling.rules import RULES, crontab_of, rule_of

_COLUMN_OF = {
    CrontabSchedule: "crontab",
    IntervalSchedule: "interval",
    ClockedSchedule: "clocked",
    SolarSchedule: "solar",
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A row, saved or not, and the schedule's column that points to it."""

    column: str
    row: Model


def new_row(rule: WrittenRule) -> RuleRow:
    """Return an unsaved row that holds the rule."""
    match rule:
        case Cron(expression, zone):
            return RuleRow("crontab", crontab_of(expression, zone=zone))
        case Period(count, unit):
            return RuleRow("interval", IntervalSchedule(every=count, period=unit))
        case Once(at):
            return RuleRow("clocked", ClockedSchedule(clocked_time=at))
        case Solar(event, latitude, longitude):
            return RuleRow("solar", SolarSchedule(event=event, latitude=latitude, longitude=longitude))


def problem_of_row(row: Model, *, now: datetime) -> str | None:
    """Return why a rule with this row would never fire; None when it is sound."""
    column = _COLUMN_OF[type(row)]
    return clock.problem_of(rule_of(PeriodicTask(**{column: row})), now=now)


def schedules_using(rows: Sequence[Model]) -> QuerySet[PeriodicTask]:
    """Return the schedules whose rule is one of these rows, all of one kind, by name."""
    schedules: QuerySet[PeriodicTask] = PeriodicTask.objects.order_by("name")
    if not rows:
        return schedules.none()
    return schedules.filter(**{f"{_COLUMN_OF[type(rows[0])]}__in": [row.pk for row in rows]})


def put_rule(schedule: PeriodicTask, rule: RuleRow | None) -> None:
    """Give the schedule this rule and no other."""
    for column in RULES:
        setattr(schedule, column, rule.row if rule and rule.column == column else None)
    if schedule.clocked:
        schedule.one_off = True
