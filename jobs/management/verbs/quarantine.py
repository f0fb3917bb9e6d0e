"""`manage.py jobs quarantine`: messages that could not become runs; shown, sent again, closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from typer import Argument, Option

from jobs import operations, queries
from jobs.cli.exits import exit_codes
from jobs.cli.printing import print_json, print_rich, stdout
from jobs.cli.tables import message_page, messages_table
from jobs.management.commands.jobs import AsJson, Command
from jobs.models import BadMessage
from jobs.representation import message_values

MessageIds = Annotated[list[str], Argument(metavar="ID...", help="Ids, as `quarantine list` shows them.")]


@Command.group()  # type: ignore[arg-type]
def quarantine() -> None:
    """Messages from the broker that could not become runs."""
    # Its verbs follow.


@quarantine.command(name="list")
def list_messages(
    *,
    limit: Annotated[int, Option(min=1, max=1000, help="How many, the latest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the messages that nobody has replayed or discarded yet."""
    messages = queries.open_messages(limit=limit)
    if as_json:
        print_json(stdout(), [message_values(message) for message in messages])
    else:
        print_rich(stdout(), messages_table(messages))


@quarantine.command()
def show(message_id: Annotated[str, Argument(metavar="ID", help="Its id.")], *, as_json: AsJson = False) -> None:
    """Show one message: what is wrong with it, its headers and its body as text."""
    with exit_codes():
        message = queries.find_message(message_id)
    if as_json:
        print_json(stdout(), message_values(message, with_body=True))
    else:
        print_rich(stdout(), message_page(message))


@quarantine.command()
def replay(message_ids: MessageIds) -> None:
    """Send messages to their queues again; what is still wrong with one brings it back here.

    Exits 3 at the first that is closed, was cut, names no known job, or that the broker doesn't take.
    """
    _each(message_ids, operations.replay_message, "replayed")


@quarantine.command()
def discard(message_ids: MessageIds) -> None:
    """Close messages without sending them again. Exits 3 at the first that is closed already."""
    _each(message_ids, operations.discard_message, "discarded")


def _each(message_ids: list[str], act: Callable[[BadMessage], None], done: str) -> None:
    with exit_codes():
        for message in [queries.find_message(message_id) for message_id in dict.fromkeys(message_ids)]:
            act(message)
            stdout().write(f"{message.pk} {done}")
