"""Watchers of runs that come with extras: OpenTelemetry and Sentry; each set up by its setting, absent without it."""

from __future__ import annotations

import importlib.util

from django.core.exceptions import ImproperlyConfigured

from jobs import observing
from project.environment import Environment
from project.observers.errors import SentryObserver
from project.observers.traces import TraceObserver, exporting_tracer


def set_up(environment: Environment) -> None:
    """Start the observers that the settings ask for.

    Raises: ImproperlyConfigured when the extra of one is not installed.
    """
    for name, value, extra, package in (
        ("OTLP_ENDPOINT", environment.otlp_endpoint, "tracing", "opentelemetry.sdk"),
        ("SENTRY_DSN", environment.sentry_dsn, "sentry", "sentry_sdk"),
    ):
        if value and not _is_installed(package):
            raise ImproperlyConfigured(f"{name} is set, and the extra `{extra}` is not installed: daybook[{extra}].")
    if environment.otlp_endpoint:
        observing.observe_with(TraceObserver(exporting_tracer(environment.otlp_endpoint)))
    if environment.sentry_dsn:
        observing.observe_with(SentryObserver(environment.sentry_dsn, release=environment.code_version))


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False
