"""Schedules are added, edited, duplicated and removed: checked, in one transaction, on the record."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models.deletion import Collector
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from jobs import queries
from jobs.errors import RefusedError
from jobs.models import ScheduleChange, SchedulePlan
from jobs.models.schedule_change import Action
from jobs.operations.rule_rows import RuleRow, put_rule
from jobs.operations.schedule_checks import check_schedule, find_owner, read_moment
from jobs.operations.schedule_record import Asker, Settings, check_theirs, chunks, on_record
from jobs.operations.schedule_secrets import sealed, unmasked
from jobs.queries.schedule_settings import POLICIES
from jobs.rule_text import WEEKDAYS
from jobs.scheduling.rules import shared_row

OWNERS_MAY_CHANGE = {"rule", "zone", "enabled", "description", "start_at", "end_at"}


def default_settings() -> Settings:
    """Return the settings that a new schedule has where nobody says otherwise."""
    return queries.setting_values(PeriodicTask())


def add_schedule(settings: Mapping[str, Any], *, by: Asker, rule: RuleRow | None = None) -> PeriodicTask:
    """Add a schedule; `settings` are those of ScheduleSettings, name, job and rule at least; owner: staff only.

    `rule` is a saved row to share, instead of the rule's text.

    Raises: BadScheduleError; RefusedError when `by` is a user without staff rights.
    """
    if not by.is_staff:
        raise RefusedError("only staff may add schedules of any kind; users have daily and weekly ones")
    wanted = {**default_settings(), **settings}
    asked = {*settings, "name", "job", "rule", "args", "kwargs"} - ({"rule", "zone"} if rule else set())
    found = check_schedule(wanted, changed=asked)
    with on_record([], action=Action.CREATED, by=by) as ids:
        schedule = PeriodicTask()
        write(schedule, wanted, rule=rule or found)
        ids.append(schedule.pk)
    return queries.find_schedule(schedule.name)


def edit_schedule(
    schedule: PeriodicTask,
    changes: Mapping[str, Any],
    *,
    by: Asker,
    rule: RuleRow | None = None,
    action: Action = Action.EDITED,
    reverts: ScheduleChange | None = None,
) -> list[str]:
    """Change these settings, leave the others; returns the names of those that were changed.

    `rule` is a saved row to share, instead of the rule's text.

    Raises: NoSuchScheduleError when it isn't theirs; BadScheduleError; RefusedError for what owners may not change.
    """
    check_theirs(schedule, by)
    with on_record([schedule.pk], action=action, by=by, reverts=reverts):
        schedule = queries.schedule_with_id(schedule.pk)
        standing = queries.setting_values(schedule)
        wanted = {**standing, **changes, **_unmasked(changes, standing)}
        changed = [name for name in changes if name not in standing or wanted[name] != standing[name]]
        _check_owners_change(changed, wanted, by)
        found = check_schedule(wanted, changed=changed, pk=schedule.pk)
        if changed or rule:
            write(schedule, wanted, rule=rule or found)
    return changed


def duplicate_schedule(schedule: PeriodicTask, *, by: Asker) -> PeriodicTask:
    """Add a paused copy of the schedule under a name of its own.

    Raises: BadScheduleError when the copy would not be sound; RefusedError.
    """
    settings = queries.setting_values(schedule)
    taken = set(PeriodicTask.objects.filter(name__startswith=settings["name"][:180]).values_list("name", flat=True))
    names = (f"{settings['name'][:180]} (copy{f' {n}' if n > 1 else ''})" for n in range(1, len(taken) + 2))
    name = next(name for name in names if name not in taken)
    return add_schedule({**settings, "name": name, "enabled": False}, by=by)


def remove_schedules(schedules: Collection[PeriodicTask], *, by: Asker) -> int:
    """Delete these schedules, all or none; their runs and their history stay; returns how many.

    Raises: NoSuchScheduleError when one isn't theirs.
    """
    for schedule in schedules:
        check_theirs(schedule, by)
    with on_record([schedule.pk for schedule in schedules], action=Action.DELETED, by=by) as ids:
        for some in chunks(ids):
            rows = list(PeriodicTask.objects.filter(pk__in=some))
            for row in rows:
                # Else django-celery-beat notes the time of change twice per row.
                row.no_changes = True
            collector = Collector(using=PeriodicTask.objects.db)
            collector.collect(rows)
            collector.delete()
        PeriodicTasks.update_changed()
    return len(ids)


def write(schedule: PeriodicTask, wanted: Settings, *, rule: RuleRow | None) -> PeriodicTask:
    """Save the schedule and its plan with checked settings; without `rule` it keeps its own."""
    if rule is not None:
        put_rule(schedule, RuleRow(rule.column, rule.row if rule.row.pk else shared_row(rule.row)))
    for column in ("name", "enabled", "description", "priority", "expire_seconds", "exchange", "routing_key"):
        setattr(schedule, column, wanted[column])
    schedule.task, schedule.queue = wanted["job"], wanted["queue"]
    schedule.one_off = wanted["one_off"] or schedule.clocked is not None
    schedule.start_time, schedule.expires = read_moment(wanted["start_at"]), read_moment(wanted["expires_at"])
    args, kwargs = sealed(wanted["job"], wanted["args"], wanted["kwargs"])
    for column, value in (("args", args), ("kwargs", kwargs), ("headers", wanted["headers"])):
        setattr(schedule, column, json.dumps(value, ensure_ascii=False))
    schedule.save()
    plan = {name: wanted[name] for name in POLICIES}
    plan |= {"owner": find_owner(wanted["owner"]), "end_at": read_moment(wanted["end_at"])}
    SchedulePlan.objects.update_or_create(schedule=schedule, defaults=plan, create_defaults={**plan, "rule": ""})
    return schedule


def _unmasked(changes: Mapping[str, Any], standing: Settings) -> Settings:
    """Return the changed arguments with the secrets behind masks that were left as they were shown."""
    args, kwargs = (changes.get(name, standing[name]) for name in ("args", "kwargs"))
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return {}
    return dict(zip(("args", "kwargs"), unmasked(args, kwargs, standing=standing), strict=True))


def _check_owners_change(changed: Collection[str], wanted: Settings, by: Asker) -> None:
    if by.is_staff:
        return
    if refused := sorted(set(changed) - OWNERS_MAY_CHANGE):
        raise RefusedError(f"only staff may change {', '.join(refused)}")
    words = wanted["rule"].lower().split()
    is_clock = words[:1] in (["daily"], ["weekly"]) or (
        len(words) == 5
        and words[0].isdigit()
        and words[1].isdigit()
        and words[2:4] == ["*", "*"]
        and (words[4] in {"*", *WEEKDAYS} or words[4].isdigit())
    )
    if "rule" in changed and not is_clock:
        raise RefusedError("a user's schedule is daily or weekly, such as `daily 07:30` or `weekly mon 07:30`")
