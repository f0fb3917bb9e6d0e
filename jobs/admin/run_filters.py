"""The filters of the run list; their choices are known beforehand, so that none of them reads the big table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from jobs import registry
from jobs.models import Run
from jobs.models.run import Cause
from jobs.queries import STATE_GROUPS, queue_names
from jobs.states import State

_PERIODS = {"15m": ("Last 15 minutes", timedelta(minutes=15)), "1h": ("Last hour", timedelta(hours=1))}
_PERIODS |= {"24h": ("Last 24 hours", timedelta(days=1)), "7d": ("Last 7 days", timedelta(days=7))}


class StateFilter(SimpleListFilter):
    """By state, or by the groups an operator thinks in."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Return groups first, then single states."""
        groups = [("running", "Running"), ("waiting", "Waiting"), ("dead", "Dead letters")]
        return groups + [(s.lower(), s.title()) for s in State if s != State.RUNNING]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Filter by the chosen group; an unknown one finds nothing."""
        chosen = self.value()
        if chosen is None:
            return queryset
        return queryset.filter(STATE_GROUPS[chosen]) if chosen in STATE_GROUPS else queryset.none()


class JobFilter(SimpleListFilter):
    """By job, as far as this process knows it."""

    title, parameter_name = "job", "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Return the registered names."""
        return [(name, name) for name in registry.registered()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Filter by name."""
        return queryset.filter(job=self.value()) if self.value() else queryset


class QueueFilter(SimpleListFilter):
    """By queue."""

    title, parameter_name = "queue", "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Return the configured queues."""
        return [(name, name) for name in queue_names()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Filter by name."""
        return queryset.filter(queue=self.value()) if self.value() else queryset


class CauseFilter(SimpleListFilter):
    """By what asked for the run."""

    title, parameter_name = "cause", "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Return every cause."""
        return [
            (value, str(label).capitalize() if value != Cause.API else str(label)) for value, label in Cause.choices
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Filter by cause."""
        return queryset.filter(cause=self.value()) if self.value() else queryset


class EnqueuedFilter(SimpleListFilter):
    """By when the run was enqueued."""

    title, parameter_name = "enqueued", "enqueued"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Return the periods."""
        return [(key, words) for key, (words, _) in _PERIODS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Filter to runs not older than the period."""
        chosen = _PERIODS.get(self.value() or "")
        return queryset.filter(created_at__gte=timezone.now() - chosen[1]) if chosen else queryset


RUN_FILTERS = [StateFilter, JobFilter, QueueFilter, CauseFilter, EnqueuedFilter]
