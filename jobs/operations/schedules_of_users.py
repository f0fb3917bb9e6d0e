"""Schedules that belong to users: daily or weekly at a wall-clock time in the user's zone, so many for each at most."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django_celery_beat.models import PeriodicTask

from jobs import queries, registry
from jobs.conf import conf
from jobs.errors import RefusedError
from jobs.models.schedule_change import Action
from jobs.operations.schedule_checks import BadScheduleError, check_schedule
from jobs.operations.schedule_edits import default_settings, remove_schedules, write
from jobs.operations.schedule_record import Asker, on_record
from jobs.rule_text import WEEKDAYS


def schedule_for_user(  # noqa: PLR0913 - when, what and for whom
    owner: AbstractBaseUser,
    *,
    job: str,
    hour: int,
    minute: int,
    by: Asker,
    weekday: str = "",
    zone: str = "",
    kwargs: Mapping[str, Any] | None = None,
    name: str = "",
) -> PeriodicTask:
    """Add a schedule that runs the job for `owner` daily, or weekly on `weekday` (mon, tue, ...), at that time.

    Without `zone` it is the user's own, as the setting user_zone finds it. A job that takes a `user_id` gets the
    owner's. Users without staff rights may do so for themselves, with the jobs in the setting user_jobs.

    Raises: BadScheduleError; RefusedError when it isn't theirs to do, or the owner has as many as allowed.
    """
    _check_may(owner, job, by)
    rule = f"weekly {weekday} {hour:02}:{minute:02}" if weekday else f"daily {hour:02}:{minute:02}"
    username = owner.get_username()
    wanted = {
        **default_settings(),
        "name": name or f"{job} for {username}, {rule}",
        "job": job,
        "rule": rule,
        "zone": zone or zone_of(owner),
        "kwargs": _with_user(job, dict(kwargs or {}), owner),
        "owner": username,
    }
    _check_clock(hour, minute, weekday)
    row = check_schedule(wanted, changed=["name", "job", "rule", "zone", "kwargs", "owner"])
    with transaction.atomic():
        get_user_model().objects.select_for_update().get(pk=owner.pk)
        _check_limit(owner)
        with on_record([], action=Action.CREATED, by=by) as ids:
            ids.append(write(PeriodicTask(), wanted, rule=row).pk)
    return queries.find_schedule(wanted["name"])


def remove_schedules_of_user(owner: AbstractBaseUser, *, by: Asker, job: str = "") -> int:
    """Delete all schedules of the user, or those of one job; returns how many.

    Raises: RefusedError when `by` is another user without staff rights.
    """
    if not by.is_staff and getattr(by.user, "pk", None) != owner.pk:
        raise RefusedError("these are another user's schedules")
    return remove_schedules(list(queries.schedules_of(owner, job=job)), by=by)


def zone_of(user: AbstractBaseUser) -> str:
    """Return the zone of the user's wall clock; UTC where nothing says it."""
    find_zone = conf().find_zone_of_user
    return (find_zone(user) if find_zone else "") or "UTC"


def _check_may(owner: AbstractBaseUser, job: str, by: Asker) -> None:
    if by.is_staff:
        return
    if getattr(by.user, "pk", None) != owner.pk:
        raise RefusedError("only staff may make schedules for others")
    if job not in conf().user_jobs:
        known = ", ".join(conf().user_jobs) or "none"
        raise RefusedError(f"users may not schedule {job!r} for themselves; they may schedule {known}")


def _check_clock(hour: int, minute: int, weekday: str) -> None:
    problems = {}
    if not 0 <= hour <= 23 or not 0 <= minute <= 59:
        problems["time"] = ["hours go from 0 to 23, minutes from 0 to 59"]
    if weekday and weekday.lower()[:3] not in WEEKDAYS:
        problems["weekday"] = [f"must be one of {', '.join(WEEKDAYS)}"]
    if problems:
        raise BadScheduleError(problems)


def _check_limit(owner: AbstractBaseUser) -> None:
    most, has = conf().schedules_per_user, queries.schedules_of(owner).count()
    if has >= most:
        raise RefusedError(f"{owner.get_username()} has {has} schedules, and {most} is the most a user may have")


def _with_user(job: str, kwargs: dict[str, Any], owner: AbstractBaseUser) -> dict[str, Any]:
    takes_user = job in registry.registered() and "user_id" in inspect.signature(registry.find(job).run).parameters
    return {**kwargs, "user_id": owner.pk} if takes_user else kwargs
