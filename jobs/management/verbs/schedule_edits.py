"""`manage.py jobs schedule add`, `add-for`, `set`, `remove`: schedules are made, edited and deleted, on the record."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from django_celery_beat.models import PeriodicTask
from typer import Argument, Option

from jobs import operations, queries
from jobs.cli.confirming import confirm
from jobs.cli.exits import bad_usage, exit_codes
from jobs.cli.printing import print_json, print_rich, stdout
from jobs.cli.reading import read_arguments, read_clock, read_settings, read_user, shell
from jobs.cli.schedule_tables import schedule_page
from jobs.management.commands.jobs import Arguments, AsJson
from jobs.management.verbs.schedule import ScheduleName, schedule

Job = Annotated[str, Option("--job", metavar="NAME", help="The job to run, as `jobs list` shows it.")]
Settings = Annotated[
    list[str] | None,
    Argument(
        metavar="[SETTING=VALUE]...",
        help="Further settings: zone=Europe/Zurich queue=email priority=5 start_at=ISO end_at=ISO one_off=true "
        "owner=anna description=TEXT expires_at=ISO expire_seconds=60 grace_seconds=300 misfire=coalesce|each|skip "
        "overlap=allow|skip|queue_one|cancel_running jitter_seconds=30 failures_to_pause=5 enabled=false. "
        "Nothing after the = means the default.",
    ),
]
Rule = Annotated[
    str,
    Option(
        metavar="TEXT",
        help='When: "0 8 * * 1-5", "every 5 minutes", "daily 07:30", "weekly mon 07:30" or "at 2030-05-01 09:00".',
    ),
]


@schedule.command()
def add(
    name: ScheduleName,
    settings: Settings = None,
    *,
    job: Job,
    rule: Rule,
    arg: Arguments = None,
    as_json: AsJson = False,
) -> None:
    """Add a schedule; job, arguments, rule, zone and queue are checked first."""
    given = {**read_settings(settings or []), "name": name, "job": job, "rule": rule}
    with exit_codes():
        made = operations.add_schedule({**given, **_arguments(arg)}, by=shell())
    _show(made, as_json)


@schedule.command(name="add-for")
def add_for(  # noqa: PLR0913 - one option each
    user: Annotated[str, Argument(metavar="USER", help="Whose schedule it is, and on whose behalf it runs.")],
    *,
    job: Job,
    at: Annotated[str, Option(metavar="HH:MM", help="The time of day.")],
    weekday: Annotated[str, Option(metavar="DAY", help="mon, tue, ...; default: every day.")] = "",
    zone: Annotated[str, Option("--zone", metavar="NAME", help="IANA zone; default: the user's own.")] = "",
    name: Annotated[str, Option(metavar="TEXT", help="Default: made of job, user and time.")] = "",
    arg: Arguments = None,
    as_json: AsJson = False,
) -> None:
    """Add a user's schedule: daily, or weekly on a day, at a time of the user's clock.

    Exits 3 when the user has as many schedules as allowed.
    """
    hour, minute = read_clock(at)
    owner = read_user(user)
    if owner is None:
        raise bad_usage("name a user")
    with exit_codes():
        made = operations.schedule_for_user(
            owner,
            job=job,
            hour=hour,
            minute=minute,
            weekday=weekday,
            zone=zone,
            name=name,
            kwargs=read_arguments(arg or []),
            by=shell(),
        )
    _show(made, as_json)


@schedule.command(name="set")
def set_settings(
    name: ScheduleName,
    settings: Settings = None,
    *,
    rule: Rule = "",
    arg: Arguments = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a schedule; what isn't named stays. Arguments (-a) are added to those it has.

    `kwargs={...}` and `args=[...]` replace them, `name=NEW` renames it.
    """
    changes = read_settings(settings or [])
    with exit_codes():
        found = queries.find_schedule(name)
        if rule:
            changes["rule"] = rule
        if arg:
            changes["kwargs"] = {**queries.settings_of(found).kwargs, **read_arguments(arg)}
        if not changes:
            raise bad_usage("nothing to change: add SETTING=VALUE, --rule or -a")
        changed = operations.edit_schedule(found, changes, by=shell())
        after = queries.describe_schedule(queries.schedule_with_id(found.pk))
    if as_json:
        print_json(stdout(), {**asdict(after), "changed": changed})
    else:
        stdout().write(f"changed: {', '.join(changed)}" if changed else "it is so already")


@schedule.command()
def duplicate(name: ScheduleName, *, as_json: AsJson = False) -> None:
    """Add a paused copy of the schedule under a name of its own."""
    with exit_codes():
        made = operations.duplicate_schedule(queries.find_schedule(name), by=shell())
    _show(made, as_json)


@schedule.command()
def remove(
    names: Annotated[list[str] | None, Argument(metavar="[NAME]...", help="Names of schedules.")] = None,
    *,
    of: Annotated[str, Option(metavar="USER", help="All schedules of this user.")] = "",
    yes: Annotated[bool, Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete schedules, all or none. Their runs and their history stay; `schedule revert` brings one back.

    Asks first; where nobody can answer, it needs --yes.
    """
    owner = read_user(of)
    if bool(names) == bool(owner):
        raise bad_usage("name schedules, or a user with --of")
    with exit_codes():
        doomed = list(queries.schedules_of(owner)) if owner else [queries.find_schedule(name) for name in names or []]
        confirm(f"Delete {len(doomed)} schedule(s)?", yes=yes, otherwise="nothing was deleted")
        count = operations.remove_schedules(doomed, by=shell())
    if as_json:
        print_json(stdout(), {"removed": count})
    else:
        stdout().write(f"{count} removed")


def _arguments(arg: list[str] | None) -> dict[str, Any]:
    return {"kwargs": read_arguments(arg)} if arg else {}


def _show(made: PeriodicTask, as_json: bool) -> None:
    known = queries.describe_schedule(made)
    if as_json:
        print_json(stdout(), asdict(known))
    else:
        print_rich(stdout(), schedule_page(known))
