"""What people decide about a schedule, as plain JSON values: the words of its history, the command line and the API."""

from __future__ import annotations

import inspect
import json
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from django_celery_beat.models import PeriodicTask

from jobs import registry
from jobs.models import SchedulePlan
from jobs.rule_text import rule_text
from jobs.schedule_words import zone_words
from jobs.wire import MASK, masked, unseal

POLICIES = ("misfire", "grace_seconds", "overlap", "jitter_seconds", "failures_to_pause")


@dataclass(frozen=True, kw_only=True)
class ScheduleSettings:
    """A schedule as people set it; times are ISO 8601, the owner is a user name, empty means the default."""

    name: str = ""
    job: str = ""
    rule: str = ""
    zone: str = "UTC"
    start_at: str | None = None
    end_at: str | None = None
    enabled: bool = True
    one_off: bool = False
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    queue: str = ""
    priority: int | None = None
    expires_at: str | None = None
    expire_seconds: int | None = None
    exchange: str = ""
    routing_key: str = ""
    headers: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    owner: str = ""
    misfire: str = "coalesce"
    grace_seconds: int = 300
    overlap: str = "allow"
    jitter_seconds: int = 0
    failures_to_pause: int | None = None


SETTINGS = tuple(setting.name for setting in fields(ScheduleSettings))
TEXT_SETTINGS = (
    *("name", "job", "rule", "zone", "start_at", "end_at", "queue", "expires_at", "exchange", "routing_key"),
    *("description", "owner", "misfire", "overlap"),
)


def settings_of(schedule: PeriodicTask) -> ScheduleSettings:
    """Return how the schedule stands now, arguments in clear: mask them before anyone sees them."""
    plan = getattr(schedule, "plan", None) or SchedulePlan()
    return ScheduleSettings(
        name=schedule.name,
        job=schedule.task,
        rule=rule_text(schedule),
        zone=zone_words(schedule) or "UTC",
        start_at=_iso(schedule.start_time),
        end_at=_iso(plan.end_at),
        enabled=schedule.enabled,
        one_off=schedule.one_off,
        args=unseal(read_json(schedule.args, [])),
        kwargs=unseal(read_json(schedule.kwargs, {})),
        queue=schedule.queue or "",
        priority=schedule.priority,
        expires_at=_iso(schedule.expires),
        expire_seconds=schedule.expire_seconds,
        exchange=schedule.exchange or "",
        routing_key=schedule.routing_key or "",
        headers=read_json(schedule.headers, {}),
        description=schedule.description,
        owner=plan.owner.get_username() if plan.owner else "",
        **{name: getattr(plan, name) for name in POLICIES},
    )


def shown_arguments(schedule: PeriodicTask) -> tuple[list[Any], dict[str, Any]]:
    """Return the schedule's arguments fit to show: those that the job calls sensitive, or that sound so, masked."""
    args, kwargs = read_json(schedule.args, []), read_json(schedule.kwargs, {})
    job = registry.registered().get(schedule.task)
    secret = set(job.declaration.sensitive) if job else set()
    names = [*inspect.signature(job.run).parameters] if job and secret else []
    args = [MASK if name in secret else value for value, name in zip_longest(args, names[: len(args)])]
    return masked(args), masked({name: MASK if name in secret else value for name, value in kwargs.items()})


def shown_settings(values: dict[str, Any]) -> dict[str, Any]:
    """Return settings by name fit to show: secrets in arguments and headers masked."""
    return {name: masked(value, name="" if name in SETTINGS else name) for name, value in values.items()}


def setting_values(schedule: PeriodicTask) -> dict[str, Any]:
    """Return the schedule's settings by name, arguments in clear."""
    return asdict(settings_of(schedule))


def read_json(text: str | None, empty: Any) -> Any:
    """Return what the column's text says; `empty` where SQL left something that is no JSON of that type."""
    try:
        value = json.loads(text or "null")
    except ValueError:
        return empty
    return value if isinstance(value, type(empty)) else empty


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None
