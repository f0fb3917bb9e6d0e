"""`manage.py jobs schedule history`, `revert`, `backfill`: what was changed, taken back, or not run, after all."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from django.utils import timezone
from typer import Argument, Option

from jobs import operations, queries
from jobs.cli.confirming import confirm
from jobs.cli.exits import bad_usage, exit_codes
from jobs.cli.printing import print_json, print_rich, stdout
from jobs.cli.reading import read_time, shell
from jobs.cli.schedule_tables import changes_table
from jobs.management.commands.jobs import AsJson
from jobs.management.verbs.schedule import ScheduleName, schedule


@schedule.command()
def history(
    name: Annotated[str, Argument(metavar="[NAME]", help="Only this schedule's, under any name it had.")] = "",
    *,
    limit: Annotated[int, Option(min=1, max=1000, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List who changed what about schedules, and how it was before.

    Changes by SQL or by code that saves rows itself are not in it.
    """
    changes = queries.changes(name=name, limit=limit)
    if as_json:
        print_json(stdout(), [asdict(change) for change in changes])
    else:
        print_rich(stdout(), changes_table(changes))


@schedule.command()
def revert(
    change: Annotated[int, Argument(metavar="CHANGE", help="Number of the change, as `schedule history` shows it.")],
) -> None:
    """Take one change back: what it changed goes to how it was, all else stays. A removed schedule returns."""
    with exit_codes():
        schedule_now = operations.revert_change(queries.find_change(change), by=shell())
    stdout().write(f"{schedule_now.name}: change {change} is taken back")


@schedule.command()
def backfill(
    name: ScheduleName,
    *,
    first: Annotated[str, Option("--from", metavar="ISO", help="First fire time; without zone it is UTC.")],
    until: Annotated[str, Option("--to", metavar="ISO", help="Last fire time; default: now.")] = "",
    yes: Annotated[bool, Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Enqueue a run for each past fire time that has none; each once, however often this is asked.

    Says how many and asks first; where nobody can answer, it needs --yes. Exits 3 when they are too many.
    """
    start, end = read_time(first), read_time(until) or timezone.now()
    if start is None:
        raise bad_usage("--from needs a time")
    with exit_codes():
        found = queries.find_schedule(name)
        wanted = queries.backfill_of(found, first=start, until=end)
        question = f"Enqueue {len(wanted.fires)} run(s) of {found.task}? {wanted.done} fire time(s) have one already."
        if wanted.fires:
            confirm(question, yes=yes, otherwise="nothing was enqueued")
        count = operations.backfill(found, first=start, until=end, confirmed=len(wanted.fires), by=shell())
    if as_json:
        print_json(stdout(), {"enqueued": count, "done_before": wanted.done})
    else:
        stdout().write(f"{count} enqueued, {wanted.done} had a run already")
