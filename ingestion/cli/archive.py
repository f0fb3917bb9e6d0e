"""`manage.py jobs archive`: copies past events to an archive calendar, now or on schedule."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.management import CommandError
from typer import Option

from ingestion import archive_health
from ingestion import archive_operations as operations
from ingestion.calendar_operations import CalendarError, register_calendar
from ingestion.models import Calendar
from jobs import queries
from jobs.cli.confirming import confirm
from jobs.cli.exits import FAILED, bad_usage, exit_codes
from jobs.cli.printing import print_json, stdout
from jobs.cli.reading import read_user
from jobs.management.commands.jobs import AsJson, Command
from jobs.models.run import Cause
from jobs.operations.schedule_checks import BadScheduleError
from jobs.operations.schedule_record import Asker
from jobs.states import State

Whose = Annotated[str, Option("--user", metavar="NAME", help="Whose calendars.")]
Day = Annotated[datetime | None, Option(formats=["%Y-%m-%d"], help="A day, such as 2026-05-01; inclusive.")]
SHELL = Asker(cause=Cause.CLI)


@Command.group()  # type: ignore[arg-type]
def archive() -> None:
    """Copy past events to an archive calendar; what is copied is never taken back.

    Exit codes: 0 done, 1 it failed, 2 bad usage, 3 refused.
    """
    # The name is `jobs archive`; its verbs follow.


@archive.command(name="run")
def archive_now(*, user: Whose, first: Day = None, last: Day = None, as_json: AsJson = False) -> None:
    """Archive the user's calendars here and now, for a range of days or as the configuration says."""
    with exit_codes():
        runs = operations.run_archives(_owner(user), first=_day(first), last=_day(last))
    if not runs:
        raise bad_usage(f"{user} has no active archive; make one with: jobs archive schedule --user {user} ...")
    totals: Counter[str] = Counter()
    for run in runs:
        totals.update((queries.details(run).result if run.state == State.SUCCESS else None) or {})
    if as_json:
        print_json(stdout(), {"runs": [{"run": str(run.pk), "state": run.state} for run in runs], "totals": totals})
    else:
        stdout().write(", ".join(f"{number} {name}" for name, number in totals.items()))
    if failed := [run for run in runs if run.state != State.SUCCESS]:
        raise CommandError(f"{failed[0].error_message or failed[0].reason}", returncode=FAILED)


@archive.command(name="schedule")
def schedule_archives_of(  # noqa: PLR0913 - one option each
    *,
    user: Annotated[str | None, Option("--user", metavar="NAME", help="Whose calendars.")] = None,
    everyone: Annotated[bool, Option("--all", help="Make the schedules that the archives of all users lack.")] = False,
    source: Annotated[int | None, Option(help="Number of the calendar to copy from.")] = None,
    target: Annotated[Path | None, Option(metavar="PATH", help="An .ics file to copy to; made if it is new.")] = None,
    target_calendar: Annotated[int | None, Option(help="Number of a connected calendar to copy to.")] = None,
    target_url: Annotated[str | None, Option(metavar="URL", help="A CalDAV collection to copy to.")] = None,
    at: Annotated[str, Option(metavar="HH:MM", help="Time of day.")] = "02:00",
    weekday: Annotated[str, Option(help="mon, tue, ...: weekly on that day; else daily.")] = "",
    zone: Annotated[str, Option("--zone", metavar="NAME", help="IANA zone of the time.")] = "UTC",
    days_back: Annotated[int, Option(min=1, max=3650, help="How far each archiving reaches back.")] = 30,
) -> None:
    """Archive a calendar daily or weekly; without --source make the schedules that are missing."""
    if everyone:
        _schedule_all(with_user=user is not None or source is not None)
        return
    owner = _owner(user)
    if source is not None:
        hour, minute = _clock(at)
        frequency = {"frequency": "weekly", "weekday": _weekday(weekday)} if weekday else {"frequency": "daily"}
        _configure(
            owner,
            source,
            {"number": target_calendar} if target_calendar else {"ics": target, "caldav_url": target_url},
            {"hour": hour, "minute": minute, "zone": zone, "days_back": days_back, **frequency},
        )
    with exit_codes():
        try:
            made = operations.schedule_archives(owner, by=SHELL)
        except BadScheduleError as error:
            raise bad_usage(str(error)) from None
    stdout().write("\n".join(f"scheduled: {schedule.name}" for schedule in made) or "every archive has its schedule")


@archive.command(name="health")
def show_troubles(*, as_json: AsJson = False) -> None:
    """Show the active archives that no schedule runs, and those that keep failing; exit code 1 if there are any."""
    found = archive_health.troubles()
    if as_json:
        print_json(stdout(), [{"archive": each.configuration.pk, "problem": each.problem} for each in found])
    elif not found:
        stdout().write("each archive has its schedule, none keeps failing")
    if found:
        raise CommandError("\n".join(map(str, found)), returncode=FAILED)


@archive.command(name="status")
def show_archives_of(*, user: Whose, as_json: AsJson = False) -> None:
    """Show the user's archives, how much they hold, and their schedules."""
    told = [operations.archive_values(one) for one in operations.statuses(_owner(user))]
    if as_json:
        print_json(stdout(), told)
        return
    for one in told:
        stdout().write(", ".join(f"{name} {value}" for name, value in one.items() if value not in ("", None)))


@archive.command(name="remove")
def remove_archives_of(*, user: Whose, yes: Annotated[bool, Option("--yes", help="Don't ask.")] = False) -> None:
    """Remove all of the user's archive schedules; what has been copied stays."""
    owner = _owner(user)
    confirm(f"Remove all archive schedules of {user}?", yes=yes, otherwise="nothing was removed")
    with exit_codes():
        stdout().write(f"{operations.unschedule_archives(owner, by=SHELL)} removed")


def _schedule_all(*, with_user: bool) -> None:
    if with_user:
        raise bad_usage("--all is for every user: it goes without --user and --source")
    made, refused = operations.schedule_all_archives(by=SHELL)
    stdout().write("\n".join(f"scheduled: {schedule.name}" for schedule in made) or "every archive has its schedule")
    if refused:
        raise CommandError("\n".join(f"{name}: {reason}" for name, reason in refused.items()), returncode=FAILED)


def _configure(owner: AbstractBaseUser, source: int, place: dict[str, Any], changes: dict[str, Any]) -> None:
    calendar = _calendar(owner, source)
    try:
        if number := place.get("number"):
            target = _calendar(owner, number)
        else:
            target, _ = register_calendar(owner, **place, is_archive=True, zone=changes["zone"])
        operations.configure_archive(owner, source=calendar, target=target, **changes)
    except (CalendarError, operations.ArchiveError) as error:
        raise bad_usage(str(error)) from None


def _calendar(owner: AbstractBaseUser, number: int) -> Calendar:
    found: Calendar | None = owner.calendars.filter(pk=number).first()  # type: ignore[attr-defined]
    if found is None:
        raise bad_usage(f"there is no calendar {number} of {owner.get_username()}")
    return found


def _owner(name: str | None) -> AbstractBaseUser:
    owner = read_user(name)
    if owner is None:
        raise bad_usage("--user names no one")
    return owner


def _clock(text: str) -> tuple[int, int]:
    hour, _, minute = text.partition(":")
    if not (hour.isdigit() and minute.isdigit()):
        raise bad_usage(f"--at is HH:MM, not {text!r}")
    return int(hour), int(minute)


def _weekday(name: str) -> int:
    if name.lower() not in operations.WEEKDAYS:
        raise bad_usage(f"--weekday is one of {', '.join(operations.WEEKDAYS)}, not {name!r}")
    return operations.WEEKDAYS.index(name.lower())


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
