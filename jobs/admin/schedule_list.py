"""The list of schedules: a few statements a page, however many schedules there are; filters that count nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from jobs import queries, registry
from jobs.admin.themed import ChangeList


class ScheduleChangeList(ChangeList):
    """A page of schedules, each with its last run."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and the last runs of its schedules."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        last = queries.last_runs([row.pk for row in rows])
        for row in rows:
            row.last_run = last.get(row.pk)
        self.result_list = rows


class StateFilter(admin.SimpleListFilter):
    """Schedules by whether they fire."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states."""
        return [(name, title) for name, (title, _) in _STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the schedules in the chosen state."""
        _, condition = _STATES.get(self.value() or "", ("", Q))
        return queryset.filter(condition())


class JobFilter(admin.SimpleListFilter):
    """Schedules of a job."""

    title = "job"
    parameter_name = "task"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the jobs known here; no statement asks which are used."""
        return [(name, name) for name in registry.registered()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> QuerySet[PeriodicTask]:
        """Return the chosen job's schedules."""
        return queryset.filter(task=self.value()) if self.value() else queryset


def _overdue() -> Q:
    return Q(enabled=True, plan__next_fire_at__lt=timezone.now() - queries.OVERDUE)


_STATES: dict[str, tuple[str, Callable[[], Q]]] = {
    "on": ("on", lambda: Q(enabled=True)),
    "paused": ("paused", lambda: Q(enabled=False)),
    "stopped": ("paused by failures", lambda: Q(enabled=False) & Q(plan__isnull=False) & ~Q(plan__paused_reason="")),
    "overdue": ("overdue", _overdue),
    "problem": ("can't fire", lambda: Q(plan__isnull=False) & ~Q(plan__problem="")),
}
