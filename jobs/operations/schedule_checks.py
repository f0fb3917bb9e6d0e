"""What a schedule's settings must be like; every face asks here before it saves, and names each fault by its field."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import Field
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs import queries, registry
from jobs.arguments import check_types
from jobs.errors import ArgumentsError, DaybookError
from jobs.models import SchedulePlan
from jobs.operations.rule_rows import RuleRow, new_row
from jobs.queries.schedule_settings import POLICIES, SETTINGS
from jobs.rule_text import RuleTextError, read_rule
from jobs.scheduling import clock
from jobs.scheduling.rules import rule_of
from jobs.task import Job

Problems = dict[str, list[str]]
_TIMES = ("start_at", "end_at", "expires_at")
_TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(
        ("name", "job", "rule", "zone", "queue", "exchange", "routing_key", "description", "owner"), (str, "a text")
    ),
    **dict.fromkeys(("enabled", "one_off"), (bool, "true or false")),
    **dict.fromkeys(("kwargs", "headers"), (dict, 'a JSON object, such as {"name": 1}')),
    "args": (list, "a JSON list, such as [1, 2]"),
}  # fmt: skip


class BadScheduleError(DaybookError, ValueError):
    """Settings that no schedule may have; `problems` holds the faults by setting."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("; ".join(f"{name}: {fault}" for name, faults in problems.items() for fault in faults))
        self.problems = problems


def check_schedule(wanted: Mapping[str, Any], *, changed: Collection[str], pk: int | None = None) -> RuleRow | None:
    """Check the changed settings, each alone and with those they belong to; returns the rule's row, unsaved.

    What stays as it was is not judged: an operator must be able to pause a schedule whose job is gone. `pk` is that of
    the schedule edited. None is returned when the rule isn't changed.

    Raises: BadScheduleError.
    """
    problems = _faults_of_types(wanted, changed)
    if problems:
        raise BadScheduleError(problems)
    for names, judge in _JUDGES:
        if names & set(changed):
            for name, fault in judge({**wanted, "pk": pk}):
                problems.setdefault(name, []).append(fault)
    if problems:
        raise BadScheduleError(problems)
    return read_row(wanted) if {"rule", "zone"} & set(changed) else None


def read_row(wanted: Mapping[str, Any]) -> RuleRow:
    """Return the unsaved row of the wanted rule.

    Raises: RuleTextError.
    """
    return new_row(read_rule(wanted["rule"], zone=wanted["zone"]))


def read_moment(text: str | None) -> datetime | None:
    """Return the time that an ISO 8601 text means; one without zone is UTC.

    Raises: ValueError.
    """
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def in_utc(text: str | None) -> str | None:
    """Return the time as settings have it: ISO 8601 in UTC, to the second."""
    moment = read_moment(text)
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def find_owner(name: str) -> AbstractBaseUser | None:
    """Return the user of that name; None for no name, or nobody's."""
    users = get_user_model()
    return users.objects.filter(**{users.USERNAME_FIELD: name}).first() if name else None


def check_call(job: Job, args: list[Any], kwargs: Mapping[str, Any]) -> None:
    """Check that the job takes these arguments, by position and by name.

    Raises: ArgumentsError.
    """
    if args and (problem := registry.problem_of_call(job, args, kwargs)):
        raise ArgumentsError(problem)
    parameters = inspect.signature(job.run).parameters.values()
    if args and any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in parameters):
        return
    check_types(job.run, {**dict(zip((each.name for each in parameters), args, strict=False)), **kwargs})


def _faults_of_types(wanted: Mapping[str, Any], changed: Collection[str]) -> Problems:
    problems: Problems = {name: ["there is no such setting"] for name in changed if name not in SETTINGS}
    for name in changed:
        kind, words = _TYPES.get(name, (object, ""))
        if not isinstance(wanted[name], kind):
            problems[name] = [f"must be {words}"]
    for name in set(_TIMES) & set(changed):
        try:
            read_moment(wanted[name])
        except (ValueError, TypeError):
            problems[name] = ["must be an ISO 8601 time, such as 2030-05-01T09:00:00+02:00"]
    return problems


Faults = Iterable[tuple[str, str]]


def _of_name(wanted: Mapping[str, Any]) -> Faults:
    name = wanted["name"]
    if not name.strip():
        yield "name", "must not be empty"
    elif len(name) > 200 or not name.isprintable():
        yield "name", "must be at most 200 printable characters"
    elif PeriodicTask.objects.filter(name=name).exclude(pk=wanted["pk"]).exists():
        yield "name", f"there is a schedule {name!r} already"


def _of_job(wanted: Mapping[str, Any]) -> Faults:
    try:
        job = registry.find(wanted["job"])
    except DaybookError as error:
        yield "job", str(error)
        return
    try:
        check_call(job, wanted["args"], wanted["kwargs"])
    except ArgumentsError as error:
        yield ("args" if wanted["args"] else "kwargs"), str(error)


def _of_rule(wanted: Mapping[str, Any]) -> Faults:
    try:
        rule = read_row(wanted)
        rule.row.full_clean(validate_unique=False)
        schedule = PeriodicTask(start_time=read_moment(wanted["start_at"]), **{rule.column: rule.row})
        problem = clock.problem_of(rule_of(schedule), now=timezone.now())
    except RuleTextError as error:
        yield ("zone" if "time zone" in str(error) else "rule"), str(error)
    except ValidationError as error:
        for fault in error.messages:
            yield "rule", fault
    else:
        if problem:
            yield "rule", problem


def _of_times(wanted: Mapping[str, Any]) -> Faults:
    start, end = read_moment(wanted["start_at"]), read_moment(wanted["end_at"])
    if end and start and end <= start:
        yield "end_at", "must be after the start"
    if wanted["expires_at"] and wanted["expire_seconds"] is not None:
        yield "expire_seconds", "only one of expires_at and expire_seconds can be set"


def _of_end(wanted: Mapping[str, Any]) -> Faults:
    end = read_moment(wanted["end_at"])
    if end and end <= timezone.now():
        yield "end_at", "has passed"


def _of_queue(wanted: Mapping[str, Any]) -> Faults:
    known = queries.usable_queues()
    if wanted["queue"] and wanted["queue"] not in known:
        yield "queue", f"no queue is called {wanted['queue']!r}; there are {', '.join(known)}"


def _of_owner(wanted: Mapping[str, Any]) -> Faults:
    if wanted["owner"] and find_owner(wanted["owner"]) is None:
        yield "owner", f"there is no user {wanted['owner']!r}"


def _of_numbers(wanted: Mapping[str, Any]) -> Faults:
    for name, most in (("priority", 9), ("expire_seconds", 2_147_483_647)):
        value = wanted[name]
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most):
            yield name, f"must be a whole number from 0 to {most}, or nothing"


def _of_policies(wanted: Mapping[str, Any]) -> Faults:
    for name in POLICIES:
        try:
            field = cast("Field[Any, Any]", SchedulePlan._meta.get_field(name))  # noqa: SLF001 - Django's documented API
            field.clean(wanted[name], None)
        except ValidationError as error:
            for fault in error.messages:
                yield name, fault


_JUDGES: list[tuple[set[str], Callable[[Mapping[str, Any]], Faults]]] = [
    ({"name"}, _of_name),
    ({"job", "args", "kwargs"}, _of_job),
    ({"rule", "zone", "start_at"}, _of_rule),
    ({"start_at", "end_at", "expires_at", "expire_seconds"}, _of_times),
    ({"end_at"}, _of_end),
    ({"queue"}, _of_queue),
    ({"owner"}, _of_owner),
    ({"priority", "expire_seconds"}, _of_numbers),
    (set(POLICIES), _of_policies),
]
