"""What a person may ask about archives, for every face alike: configure, run, schedule, status, remove."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django_celery_beat.models import PeriodicTask

from ingestion.models import ArchiveConfiguration, Calendar
from jobs import operations as engine
from jobs import queries
from jobs.errors import RefusedError
from jobs.models import Run
from jobs.models.run import Cause
from jobs.operations.schedule_checks import BadScheduleError
from jobs.operations.schedule_record import Asker
from jobs.operations.schedules_of_users import remove_schedules_of_user, schedule_for_user

JOB = "archive_calendar"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ArchiveError(ValueError):
    """The archive can't be configured or found as asked."""


@dataclass(frozen=True, kw_only=True)
class ArchiveStatus:
    """One configuration, what it has copied, and when it runs next."""

    configuration: ArchiveConfiguration
    archived: int
    schedule: PeriodicTask | None
    last_run: Run | None


def configure_archive(
    user: AbstractBaseUser, *, source: Calendar, target: Calendar, **changes: Any
) -> ArchiveConfiguration:
    """Return the user's archive from `source` to `target`, made or changed; the target is only written from then on.

    Raises: ArchiveError when a calendar is another user's, or both are the same.
    """
    if {source.owner_id, target.owner_id} != {user.pk}:
        raise ArchiveError("Both calendars must be the user's own.")
    if source.pk == target.pk:
        raise ArchiveError("A calendar can't be its own archive.")
    Calendar.objects.filter(pk=target.pk).update(is_archive=True)
    configuration, _ = ArchiveConfiguration.objects.update_or_create(
        source=source, target=target, defaults={**changes, "owner_id": user.pk}
    )
    return configuration


def archives_of(user: AbstractBaseUser) -> QuerySet[ArchiveConfiguration]:
    """Return what the user may see: their own; staff all."""
    known = ArchiveConfiguration.objects.select_related("source", "target", "owner").order_by("pk")
    return known if getattr(user, "is_staff", False) else known.filter(owner_id=user.pk)


def run_archives(
    user: AbstractBaseUser, *, first: date | None = None, last: date | None = None, cause: Cause = Cause.CLI
) -> list[Run]:
    """Archive the user's calendars here and now, one after another; a failure is in its run."""
    active = ArchiveConfiguration.objects.active().filter(owner_id=user.pk).order_by("pk")
    days = {"first": first.isoformat() if first else None, "last": last.isoformat() if last else None}
    return [engine.run_here(JOB, {"configuration_id": one.pk, **days}, owner=one.owner, cause=cause) for one in active]


def schedule_archives(user: AbstractBaseUser, *, by: Asker) -> list[PeriodicTask]:
    """Make the schedules that the user's active archives lack, at their own hour and zone; returns the new ones.

    Raises: BadScheduleError, RefusedError as the engine does.
    """
    active = ArchiveConfiguration.objects.active().filter(owner_id=user.pk).order_by("pk")
    return [_schedule(one, by=by) for one in active if schedule_of(one) is None]


def schedule_all_archives(*, by: Asker) -> tuple[list[PeriodicTask], dict[str, str]]:
    """Make the schedules that the active archives of all active users lack.

    Returns the new ones, and by the name of its schedule why an archive got none: it keeps no other from its own.
    """
    made, refused = [], {}
    for one in without_schedule():
        try:
            made.append(_schedule(one, by=by))
        except (BadScheduleError, RefusedError) as error:
            refused[_name(one)] = str(error)
    return made, refused


def without_schedule() -> list[ArchiveConfiguration]:
    """Return the active archives that no schedule runs, not even one that is paused."""
    active = ArchiveConfiguration.objects.active().select_related("owner", "source", "target").order_by("pk")
    scheduled = set(PeriodicTask.objects.filter(name__startswith=f"{JOB} ").values_list("name", flat=True))
    return [one for one in active if _name(one) not in scheduled]


def unschedule_archives(user: AbstractBaseUser, *, by: Asker) -> int:
    """Remove all archive schedules of the user; what has been copied stays. Returns how many.

    Raises: RefusedError when it isn't theirs to do.
    """
    return remove_schedules_of_user(user, by=by, job=JOB)


def statuses(user: AbstractBaseUser) -> list[ArchiveStatus]:
    """Return the archives the user may see."""
    return [
        ArchiveStatus(
            configuration=one,
            archived=one.archived.count(),
            schedule=schedule_of(one),
            last_run=Run.objects.filter(job=JOB, owner_id=one.owner_id).order_by("-pk").first(),
        )
        for one in archives_of(user)
    ]


def archive_values(one: ArchiveStatus) -> dict[str, Any]:
    """Return what every face tells of an archive."""
    configuration = one.configuration
    return {
        "archive": configuration.pk,
        "from": str(configuration.source),
        "to": str(configuration.target),
        "active": configuration.is_active,
        "archived": one.archived,
        "last_archived_at": configuration.last_archived_at,
        "schedule": one.schedule.name if one.schedule else "none",
        "enabled": one.schedule.enabled if one.schedule else None,
        "last_error": configuration.last_error,
    }


def schedule_of(configuration: ArchiveConfiguration) -> PeriodicTask | None:
    """Return the configuration's schedule."""
    return queries.schedules_of(configuration.owner, job=JOB).filter(name=_name(configuration)).first()


def _schedule(configuration: ArchiveConfiguration, *, by: Asker) -> PeriodicTask:
    is_weekly = configuration.frequency == ArchiveConfiguration.Frequency.WEEKLY
    return schedule_for_user(
        configuration.owner,
        job=JOB,
        hour=configuration.hour,
        minute=configuration.minute,
        weekday=WEEKDAYS[configuration.weekday] if is_weekly else "",
        zone=configuration.zone,
        kwargs={"configuration_id": configuration.pk},
        name=_name(configuration),
        by=by,
    )


def _name(configuration: ArchiveConfiguration) -> str:
    return f"{JOB} {configuration.pk}"
