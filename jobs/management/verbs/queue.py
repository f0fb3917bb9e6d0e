"""`manage.py jobs queue`: what waits in each, and the switches."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from typer import Argument, Option

from jobs import operations, queries
from jobs.cli.confirming import confirm
from jobs.cli.exits import exit_codes
from jobs.cli.printing import print_json, print_rich, stdout
from jobs.cli.reading import asker, read_user
from jobs.cli.tables import queues_table
from jobs.management.commands.jobs import AsJson, Command

QueueName = Annotated[str, Argument(metavar="NAME", help="Name of the queue.")]


@Command.group()  # type: ignore[arg-type]
def queue() -> None:
    """Queues: what waits, and whether it may start."""
    # Its verbs follow.


@queue.command(name="list")
def list_queues(*, as_json: AsJson = False) -> None:
    """List the queues: waiting, running, longest wait, workers, and who paused which."""
    queues = queries.all_queues()
    if as_json:
        print_json(stdout(), [asdict(each) for each in queues])
    else:
        print_rich(stdout(), queues_table(queues))


@queue.command()
def pause(
    name: QueueName,
    *,
    by: Annotated[str | None, Option(metavar="USER", help="The user to note as the one who paused it.")] = None,
) -> None:
    """Start nothing more from the queue until it is resumed; what runs goes on."""
    with exit_codes():
        queries.find_queue(name)
        changed = operations.pause_queue(name, by=read_user(by))
    stdout().write(f"{name} is paused" if changed else f"{name} was paused already")


@queue.command()
def resume(name: QueueName) -> None:
    """Let the queue's runs start again."""
    with exit_codes():
        queries.find_queue(name)
        changed = operations.resume_queue(name)
    stdout().write(f"{name} runs again" if changed else f"{name} was not paused")


@queue.command()
def purge(
    name: QueueName,
    *,
    yes: Annotated[bool, Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Cancel every run of the queue that has not started, those waiting for a time or a retry too.

    Asks first; where nobody can answer, it needs --yes.
    """
    with exit_codes():
        queries.find_queue(name)
    confirm(f"Cancel every waiting run of {name}?", yes=yes, otherwise="nothing was cancelled")
    count = operations.purge_queue(name, by=asker())
    if as_json:
        print_json(stdout(), {"cancelled": count})
    else:
        stdout().write(f"{count} cancelled")
