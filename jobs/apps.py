"""The engine as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import connections
from django.db.models.signals import post_migrate, pre_delete, pre_migrate

from jobs import edit_triggers, lock_timeout
from jobs.checks import isolation_levels, supported_databases


class JobsConfig(AppConfig):
    """Daybook's engine: runs, schedules, workers and queues."""

    name = "jobs"
    verbose_name = "Jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks; fit django-celery-beat's tables to our beat."""
        from django_celery_beat import models as beat

        from jobs.rules_in_use import refuse_if_used

        checks.register(supported_databases)
        checks.register(isolation_levels)
        pre_migrate.connect(_before_migrations, sender=self)
        post_migrate.connect(_after_migrations, sender=self)
        for rule in (beat.IntervalSchedule, beat.CrontabSchedule, beat.ClockedSchedule, beat.SolarSchedule):
            pre_delete.connect(refuse_if_used, sender=rule)
        # The row that tells the stock scheduler to read everything again: our beat reads the journal of edits instead.
        beat.PeriodicTask.no_changes = True


def _before_migrations(*, using: str, plan: Any, **_: Any) -> None:
    if plan:
        edit_triggers.remove(connections[using])
        lock_timeout.limit(connections[using])


def _after_migrations(*, using: str, **_: Any) -> None:
    edit_triggers.install(connections[using])
    lock_timeout.lift(connections[using])
