"""The engine's settings, typed; the only place that reads settings.DAYBOOK."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@cache
def _package_version() -> str:
    try:
        return importlib.metadata.version("daybook")
    except importlib.metadata.PackageNotFoundError:
        return "dev"


def _development_secret() -> str:
    return settings.SECRET_KEY if settings.DEBUG else ""


def _package_of_project() -> str:
    return str(settings.ROOT_URLCONF).partition(".")[0]


@dataclass(frozen=True)
class Conf:
    """What may be tuned; durations in seconds."""

    lease_seconds: float = 8.0
    dispatch_interval_seconds: float = 0.5
    window: int = 200
    republish_seconds: float = 10.0
    run_retention_days: int = 7
    record_retention_days: int = 365
    kept_key_days: int = 30
    watched_redis: str = ""
    watched_keys: tuple[str, ...] = ("checkpoint:*",)
    watched_seconds: float = 3600.0
    statistics_days: int = 8
    run_log_lines: int = 1000
    run_log_bytes: int = 256_000
    api_requests_per_minute: int = 600
    api_waiters: int = 2
    cancel_grace_seconds: float = 30.0
    publish_pause_seconds: float = 3.0
    database_patience_seconds: float = 60.0
    beat_wedged_seconds: float = 45.0
    machine: str = ""
    max_arguments_bytes: int = 1_000_000
    max_message_bytes: int = 4_000_000
    attempts_kept: int = 20
    schedules_per_user: int = 20
    user_jobs: tuple[str, ...] = ()
    user_zone: str = ""
    tell_when_ended: str = ""
    packs_ordinary_jobs: bool = True
    tenant_weights: dict[str, int] = field(default_factory=dict)
    beat_asides: dict[str, float] = field(default_factory=dict)
    doctor_looks: dict[str, str] = field(default_factory=dict)
    metric_sources: tuple[str, ...] = ()
    backfill_most: int = 5000
    encryption_keys: list[str] = field(default_factory=list)
    signing_keys: list[str] = field(default_factory=list)
    development_secret: str = field(default_factory=_development_secret)
    code_version: str = field(default_factory=_package_version)
    celery_app: str = field(default_factory=_package_of_project)

    @property
    def find_zone_of_user(self) -> Callable[[Any], str] | None:
        """The function that `user_zone` names by its dotted path: from a user to the name of a zone."""
        return import_string(self.user_zone) if self.user_zone else None

    @property
    def note_end_wish(self) -> Callable[[Any, Any], object] | None:
        """The function that `tell_when_ended` names: it takes a run's id and the user who wants to hear of its end."""
        return import_string(self.tell_when_ended) if self.tell_when_ended else None


_NAMES = {field.name for field in fields(Conf)}


_made: tuple[tuple[dict[str, Any], bool, str], Conf] | None = None


def conf() -> Conf:
    """Return the settings in force now; they are read anew only when they have changed, as tests let them."""
    global _made  # noqa: PLW0603 - asked for several times per run
    given = getattr(settings, "DAYBOOK", {})
    source = (given, settings.DEBUG, settings.SECRET_KEY)
    if _made is None or _made[0] != source:
        _made = (dict(given), *source[1:]), _read(given)
    return _made[1]


def _read(given: dict[str, Any]) -> Conf:
    if unknown := given.keys() - _NAMES:
        raise ValueError(f"unknown DAYBOOK settings: {sorted(unknown)}; known are {sorted(_NAMES)}")
    return Conf(**given)
