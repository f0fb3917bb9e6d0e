"""`manage.py jobs stats | clear`: how jobs did, and beginning to count anew."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from typer import Argument, Option

from jobs import operations, queries
from jobs.cli.exits import bad_usage
from jobs.cli.printing import print_json, print_rich, stdout
from jobs.cli.tables import statistics_table
from jobs.management.commands.jobs import AsJson, Command

NoName = Annotated[str, Argument(metavar="[NAME]", help="Only this job.")]


@Command.command()
def stats(
    name: NoName = "",
    *,
    hours: Annotated[int | None, Option(min=1, max=168, help="Only the last hours; default: since cleared.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show per job how many runs ended how, how long they took and how long they waited.

    Counted by beat, within a minute. Percentiles are within 9 %.
    """
    found = queries.statistics(job=name, hours=hours)
    if as_json:
        print_json(stdout(), [asdict(each) for each in found])
    else:
        print_rich(stdout(), statistics_table(found))


@Command.command()
def clear(
    name: NoName = "",
    *,
    everything: Annotated[bool, Option("--all", help="The statistics of all jobs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget the statistics of a job, or of all, and count from now on; runs stay as they are."""
    if everything == bool(name):
        raise bad_usage("name a job, or else --all")
    count = operations.clear_statistics(name)
    if as_json:
        print_json(stdout(), {"hours": count})
    else:
        stdout().write(f"forgot {count} hours of {name or 'all jobs'}")
