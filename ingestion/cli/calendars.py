"""`manage.py jobs sync calendars`: fetches calendars here and now, recorded and guarded like any run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

from django.core.management import CommandError
from typer import Option

from ingestion.calendar_operations import CalendarError, register_calendar, sync_calendars
from jobs import queries
from jobs.cli.exits import FAILED, bad_usage
from jobs.cli.printing import print_json, stdout
from jobs.cli.reading import read_user
from jobs.management.commands.jobs import AsJson
from jobs.models import Run
from jobs.states import State


def sync_one_users_calendars(
    *,
    user: Annotated[str, Option(metavar="NAME", help="Whose calendars.")],
    ics: Annotated[Path | None, Option(metavar="PATH", help="An .ics file; registered if it is new.")] = None,
    caldav_url: Annotated[
        str | None, Option(metavar="URL", help="https://user:password@host/path/; the password is kept encrypted.")
    ] = None,
    zone: Annotated[str, Option("--zone", metavar="NAME", help="IANA zone of times that name none.")] = "UTC",
    full: Annotated[bool, Option("--full", help="Look at everything again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sync one user's calendars."""
    owner = read_user(user)
    if owner is None:
        raise bad_usage("--user names no one")
    if ics or caldav_url:
        try:
            register_calendar(owner, ics=ics, caldav_url=caldav_url, zone=zone)
        except CalendarError as error:
            raise bad_usage(str(error)) from None
    _report(sync_calendars(owner, full=full), as_json)


def _report(runs: list[Run], as_json: bool) -> None:
    totals: Counter[str] = Counter()
    for run in runs:
        totals.update(_counts(run))
    if as_json:
        told = [{"run": str(run.pk), "state": run.state, "counts": _counts(run)} for run in runs]
        print_json(stdout(), {"calendars": told, "totals": totals})
    else:
        words = ", ".join(f"{number} {name}" for name, number in totals.items() if number)
        stdout().write(f"{len(runs)} calendar(s): {words or 'nothing changed'}")
    if failed := [run for run in runs if run.state != State.SUCCESS]:
        raise CommandError(f"{len(failed)} of {len(runs)} syncs failed: {failed[0].error_message}", returncode=FAILED)


def _counts(run: Run) -> dict[str, int]:
    return (queries.details(run).result if run.state == State.SUCCESS else None) or {}
