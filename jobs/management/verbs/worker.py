"""`manage.py jobs worker`: who reports in."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from jobs import queries
from jobs.cli.printing import print_json, print_rich, stdout
from jobs.cli.tables import workers_table
from jobs.management.commands.jobs import AsJson, Command
from jobs.representation import worker_values


@Command.group()  # type: ignore[arg-type]
def worker() -> None:
    """Workers and beats that report in."""
    # Its verb follows.


@worker.command(name="list")
def list_workers(
    *,
    ended: Annotated[bool, Option("--all", help="Those that stopped or were lost, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List workers, beats and running commands with the age of their heartbeats."""
    workers = queries.all_workers(ended=ended)
    if as_json:
        print_json(stdout(), [worker_values(each) for each in workers])
    else:
        print_rich(stdout(), workers_table(workers))
