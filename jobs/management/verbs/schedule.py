"""`manage.py jobs schedule`: what fires when; paused, resumed, run now, previewed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from typer import Argument, Option

from jobs import operations, queries
from jobs.cli.exits import exit_codes
from jobs.cli.printing import print_json, print_rich, runs_table, stdout
from jobs.cli.reading import read_user, shell
from jobs.cli.schedule_tables import fire_line, schedule_page, schedules_table
from jobs.management.commands.jobs import AsJson, Command, Owner
from jobs.representation import run_values

ScheduleName = Annotated[str, Argument(metavar="NAME", help="Name of the schedule, as `schedule list` shows it.")]


@Command.group()  # type: ignore[arg-type]
def schedule() -> None:
    """Schedules: what fires which job, and when."""
    # Its verbs follow.


@schedule.command(name="list")
def list_schedules(
    *,
    owner: Annotated[str | None, Option(metavar="USER", help="Only this user's.")] = None,
    job: Annotated[str, Option(metavar="NAME", help="Only this job's.")] = "",
    as_json: AsJson = False,
) -> None:
    """List schedules: rule, next fire, last run and how late it was."""
    user = read_user(owner)
    rows = queries.schedules_of(user) if user else queries.schedules_with_rules().order_by("name")
    schedules = queries.describe_schedules(rows.filter(task=job) if job else rows)
    if as_json:
        print_json(stdout(), [asdict(each) for each in schedules])
    else:
        print_rich(stdout(), schedules_table(schedules))


@schedule.command()
def show(name: ScheduleName, *, as_json: AsJson = False) -> None:
    """Show one schedule: rule, arguments, fire times and policies."""
    with exit_codes():
        known = queries.describe_schedule(queries.find_schedule(name))
    if as_json:
        print_json(stdout(), asdict(known))
    else:
        print_rich(stdout(), schedule_page(known))


@schedule.command()
def preview(
    name: ScheduleName,
    *,
    count: Annotated[int, Option(min=1, max=1000, help="How many fire times.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Print the next fire times; a paused schedule's as if it were resumed now.

    In UTC, and in the schedule's zone, with a note on days on which its clocks change.
    """
    with exit_codes():
        fires = queries.shown_fires(queries.find_schedule(name), count=count)
    if as_json:
        print_json(stdout(), [fire.at for fire in fires])
    else:
        for fire in fires:
            stdout().write(fire_line(fire))


@schedule.command()
def pause(name: ScheduleName) -> None:
    """Make the schedule fire no more until it is resumed."""
    with exit_codes():
        changed = operations.pause_schedule(queries.find_schedule(name), by=shell())
    stdout().write(f"{name} is paused" if changed else f"{name} was paused already")


@schedule.command()
def resume(name: ScheduleName) -> None:
    """Make a paused schedule fire again, from now on."""
    with exit_codes():
        changed = operations.resume_schedule(queries.find_schedule(name), by=shell())
    stdout().write(f"{name} fires again" if changed else f"{name} was not paused")


@schedule.command(name="run-now")
def run_now(name: ScheduleName, *, owner: Owner = None, as_json: AsJson = False) -> None:
    """Enqueue one run as the schedule would, for its owner, else for --owner; its fire times stay as they are."""
    with exit_codes():
        run = operations.run_schedule_now(queries.find_schedule(name), by=shell(), owner=read_user(owner))
    if as_json:
        print_json(stdout(), run_values(run))
    else:
        print_rich(stdout(), runs_table([run]))


@schedule.command()
def sync(*, as_json: AsJson = False) -> None:
    """Create the schedules that jobs declare and that don't exist yet; what operators edited stays as it is."""
    created = operations.sync_declared()
    if as_json:
        print_json(stdout(), {"created": created})
    else:
        stdout().write(f"created: {', '.join(created)}" if created else "nothing to create")
