"""`manage.py jobs cancel | retry | run-now | discard | tell-me | failures`: what a person wants of single runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Annotated

from django.utils import timezone
from typer import Argument, Option

from jobs import operations, queries
from jobs.cli.exits import bad_usage, exit_codes
from jobs.cli.printing import print_json, print_rich, runs_table, stdout
from jobs.cli.reading import asker, read_arguments, read_user
from jobs.management.commands.jobs import Arguments, AsJson, Command
from jobs.models import Run
from jobs.representation import run_values

RunIds = Annotated[list[str], Argument(metavar="RUN_ID...", help="Ids of the runs.")]


@Command.command()
def cancel(run_ids: RunIds, *, as_json: AsJson = False) -> None:
    """Cancel runs: waiting ones at once, running ones by asking; a process that doesn't listen is killed later.

    All or none: exits 3 and changes nothing when one of them has ended.
    """
    _wish(run_ids, lambda runs: operations.cancel(runs, by=asker()), as_json=as_json)


@Command.command()
def retry(run_ids: RunIds, *, arg: Arguments = None, as_json: AsJson = False) -> None:
    """Enqueue failed or cancelled runs again, with all their attempts; `-a` changes arguments.

    All or none: exits 2 when an argument doesn't fit the job, 3 when a run neither failed nor was cancelled.
    """
    _wish(run_ids, lambda runs: operations.retry(runs, edits=read_arguments(arg or [])), as_json=as_json)


@Command.command(name="run-now")
def run_now(run_ids: RunIds, *, as_json: AsJson = False) -> None:
    """Let runs that wait for their time, or for their next attempt, start now.

    All or none: exits 3 and changes nothing when one of them doesn't wait for its time.
    """
    _wish(run_ids, operations.start_now, as_json=as_json)


@Command.command()
def discard(run_ids: RunIds, *, as_json: AsJson = False) -> None:
    """Close dead letters without running them again; `dead discard` closes many.

    All or none: exits 3 and changes nothing when one of them is no open dead letter.
    """
    _wish(run_ids, operations.discard, as_json=as_json)


@Command.command(name="tell-me")
def tell_me(
    run_ids: RunIds, *, user: Annotated[str, Option(help="Name of the user to be told.")], as_json: AsJson = False
) -> None:
    """Let a user be told, once, when each of the runs ends; of one that has ended at once."""
    told = read_user(user)
    if told is None:
        raise bad_usage("--user names nobody")
    _wish(run_ids, lambda runs: operations.tell_when_ended(runs, user=told), as_json=as_json)


@Command.command()
def failures(
    *,
    hours: Annotated[int, Option(min=1, max=168, help="How far back.")] = 24,
    limit: Annotated[int, Option(min=1, max=50, help="How many, the latest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the runs that failed in the last hours and were not replayed since."""
    _show(queries.failures(since=timezone.now() - timedelta(hours=hours), limit=limit), as_json=as_json)


def _wish(run_ids: list[str], act: Callable[[Iterable[Run]], list[Run]], *, as_json: bool) -> None:
    with exit_codes():
        runs = [queries.find_run(run_id) for run_id in dict.fromkeys(run_ids)]
        changed = act(runs)
    _show(changed, as_json=as_json)


def _show(runs: list[Run], *, as_json: bool) -> None:
    if as_json:
        print_json(stdout(), [run_values(run) for run in runs])
    else:
        print_rich(stdout(), runs_table(runs))
