"""Celery's worker and beat by themselves: `celery` loads every other command and plug-in into each process."""

from __future__ import annotations

from copy import copy
from itertools import chain
from typing import Any

import click
from celery import Celery
from celery.app.utils import find_app
from celery.bin.base import CLIContext
from celery.bin.beat import beat
from celery.bin.worker import worker


@click.group
@click.option("-A", "--app", default="project.celery", show_default=True, help="Where Celery's app is.")
@click.option("-C", "--no-color", is_flag=True, envvar="NO_COLOR", help="Write without colours.")
@click.option("-q", "--quiet", is_flag=True, help="Write no banner.")
@click.pass_context
def daybook(context: click.Context, *, app: str, no_color: bool, quiet: bool) -> None:
    """Start a worker or a beat with Celery's options and variables, as `celery -A project` does, in less memory.

    What is no option of theirs is a setting. All other commands are Celery's: `celery -A project --help`.
    """
    found = _found(app, context)
    context.obj = CLIContext(app=found, no_color=no_color, workdir=None, quiet=quiet)
    for name, command in daybook.commands.items():
        command.params.extend(chain(found.user_options["preload"], found.user_options[name]))


def _found(app: str, context: click.Context) -> Celery:
    try:
        return find_app(app)
    except ModuleNotFoundError as error:
        # What the app's module misses itself is no mistake in its name.
        if not f"{app}.".replace(":", ".").startswith(f"{error.name}.".replace(":", ".")):
            raise
        context.fail(f"no Celery app is at {app}: {error}")
    except AttributeError as error:
        context.fail(f"no Celery app is at {app}: {error}")


def _ours(command: Any, text: str) -> click.Command:
    """Return Celery's command with help of our own; told to detach, it refuses."""
    ours = copy(command)
    ours.help = text
    ours.params = [_refused(each) if each.name == "detach" else each for each in command.params]
    return ours  # type: ignore[no-any-return]


def _refused(option: click.Option) -> click.Option:
    refused = copy(option)
    refused.hidden, refused.callback = True, _stay
    return refused


def _stay(context: click.Context, _: click.Parameter, wanted: bool) -> bool:
    # Celery's worker would detach `python -m celery` with the words given here, which name no app.
    if wanted:
        context.fail("it stays in the foreground: leave it to a supervisor, or detach it as one of `celery -A project`")
    return wanted


daybook.add_command(
    _ours(
        worker,
        """Start a worker, which runs the jobs of its queues.

        \b
        python -m project worker --queues=email,ai --concurrency=4
        python -m project worker --hostname=mail@%h --loglevel=INFO
        """,
    )
)
daybook.add_command(
    _ours(
        beat,
        """Start a beat, which dispatches what is due; any number may run.

        \b
        python -m project beat --loglevel=INFO --pidfile=
        """,
    )
)
